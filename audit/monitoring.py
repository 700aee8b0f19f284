"""`python -m audit monitor`: look at an exported log once, or again and again, and remember what was seen in a file."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.cosignature import WitnessVerifier
from audit.errors import CallUnusable, NoteInvalid, SourceUnavailable, VerificationFailed
from audit.monitor import Monitor, Seen, Terms
from audit.sources import Folder, Web

EVERY_SECONDS: Final = 60
_FORMAT: Final = "pactgate-monitor/1"


class MonitorUnusable(CallUnusable):
    """The file with what was seen, or a witness's key, cannot be used."""


def add_monitor(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401 - argparse keeps its type private
    """Add the command to the parser of `python -m audit`."""
    monitor = commands.add_parser("monitor", parents=[common], help="follow an exported log, and tell what goes wrong")
    monitor.set_defaults(run=run_monitor)
    monitor.add_argument("export", help="folder or address with `checkpoint` and `tile/`")
    monitor.add_argument("--state", type=Path, required=True, metavar="FILE", help="where to remember what was seen")
    monitor.add_argument("--once", action="store_true", help="look once and leave: for cron")
    monitor.add_argument("--every", type=int, default=EVERY_SECONDS, metavar="SECONDS", help="between two looks")
    monitor.add_argument("--oldest", type=int, metavar="SECONDS", help="the newest checkpoint may be this old")
    monitor.add_argument("--witness", action="append", default=[], metavar="VKEY", help="must cosign; repeatable")
    monitor.add_argument("--must-cosign", type=int, metavar="N", help="how many of them; all, if not given")
    monitor.add_argument("--hashes-only", action="store_true", help="for an export without its entries")


def run_monitor(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    """
    Look until something is wrong, or once; return what was seen.

    Raises a `VerificationFailed` for what is wrong, `SourceUnavailable` with `--once` if nothing was found out,
    `MonitorUnusable`.
    """
    terms = _terms(arguments)
    source = Web(arguments.export) if "://" in arguments.export else Folder(Path(arguments.export))
    monitor = Monitor(source, verifier, lambda: int(time.time()), terms=terms)
    while True:
        try:
            found = look_once(monitor, arguments.state, verifier.origin)
        except SourceUnavailable as error:
            # Nothing is known about the log; while we stay, it may be there the next time.
            if arguments.once:
                raise
            sys.stderr.write(f"{error}\n")
        else:
            if arguments.once:
                return found
            sys.stdout.write(json.dumps(found, sort_keys=True) + "\n")
            sys.stdout.flush()
        time.sleep(arguments.every)


def _terms(arguments: argparse.Namespace) -> Terms:
    try:
        witnesses = tuple(WitnessVerifier.parse(each) for each in arguments.witness)
    except NoteInvalid as error:
        raise MonitorUnusable(str(error)) from error
    must = len(witnesses) if arguments.must_cosign is None else arguments.must_cosign
    if witnesses and not 1 <= must <= len(witnesses):
        raise MonitorUnusable(f"of {len(witnesses)} witnesses, {must} cannot be asked to cosign")
    return Terms(witnesses, must, arguments.oldest, entries=not arguments.hashes_only)


def look_once(monitor: Monitor, state: Path, origin: str) -> dict[str, object]:
    """
    Look, and remember what was seen; a checkpoint that contradicts it is kept beside it. Raises as `run_monitor`.

    What holds is remembered even if the checkpoint is too old or not cosigned: the next look begins there.
    """
    seen = read_state(state, origin)
    checkpoint = monitor.checkpoint()
    try:
        found = monitor.look(checkpoint, seen)
    except VerificationFailed:
        _keep_evidence(state, checkpoint)
        raise
    write_state(state, origin, found)
    age = monitor.require_terms(checkpoint, found)
    return {
        "origin": origin,
        "size": found.size,
        "tree_head": found.tree_head.hex(),
        "before": 0 if seen is None else seen.size,
        "age": age,
    }


def read_state(file: Path, origin: str) -> Seen | None:
    """Return what was seen of this log, None before the first look. Raises `MonitorUnusable`."""
    try:
        content = json.loads(file.read_text("utf-8"))
        levels = tuple(tuple(bytes.fromhex(each) for each in level) for level in content["levels"])
        seen = Seen(int(content["size"]), bytes.fromhex(content["tree_head"]), levels, int(content["since"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MonitorUnusable(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise MonitorUnusable(
            f"{file} is damaged; put back a copy, or follow the log anew from what you trust"
        ) from None
    if content.get("format") != _FORMAT or content.get("origin") != origin:
        raise MonitorUnusable(f"{file} is about another log")
    return seen


def write_state(file: Path, origin: str, seen: Seen) -> None:
    """Remember what was seen; on disk, whole or not at all, when this returns. Raises `MonitorUnusable`."""
    content: Mapping[str, object] = {
        "format": _FORMAT,
        "origin": origin,
        "size": seen.size,
        "tree_head": seen.tree_head.hex(),
        "levels": [[each.hex() for each in level] for level in seen.levels],
        "since": seen.since,
    }
    try:
        _replace(file, json.dumps(content).encode())
    except OSError as error:
        raise MonitorUnusable(f"{file} cannot be written: {error.strerror}") from None


def _keep_evidence(state: Path, checkpoint: Checkpoint) -> None:
    """Keep the signed checkpoint that does not fit what was seen: the log's owner cannot deny it."""
    with suppress(OSError):
        _replace(state.with_name(f"{state.name}.contradiction"), checkpoint.note.encode())


def _replace(file: Path, content: bytes, *, sync: Callable[[int], None] = os.fsync) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    with fresh.open("wb") as writing:
        writing.write(content)
        writing.flush()
        sync(writing.fileno())
    fresh.replace(file)
