"""
What `python -m audit` checks: a whole log, a receipt, a copy of rows; and the sample that anybody can draw from a log.

Imports nothing that needs a database.
"""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from audit.checkpoint import CheckpointVerifier
from audit.copy import verify_copy
from audit.drawing import draw_in
from audit.errors import CallUnusable, NoteInvalid
from audit.progress import bar
from audit.proof import Receipt
from audit.sources import Folder, Web
from audit.verify import read_checkpoint, verify_export


def add_verify(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401 - argparse keeps its type private
    """Add `verify` to the parser of `python -m audit`."""
    verify = commands.add_parser("verify", parents=[common], help="check a whole exported log")
    verify.set_defaults(run=_verify)
    verify.add_argument("export", help="folder with `checkpoint` and `tile/`, or its address (http:// or https://)")
    verify.add_argument("--hashes-only", action="store_true", help="for an export that was published without entries")
    verify.add_argument(
        "--previous-checkpoint",
        type=Path,
        metavar="FILE",
        help="a checkpoint seen earlier: finds a rollback or a fork",
    )


def add_sample(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401 - as above
    """Add `sample`."""
    sample = commands.add_parser("sample", parents=[common], help="draw disclosures for a partner to justify")
    sample.set_defaults(run=_sample)
    sample.add_argument("export", help="folder with `checkpoint` and `tile/`, or its address")
    sample.add_argument("agreement", metavar="DIGEST", help="digest of the agreement, sha256:…")
    sample.add_argument("--size", type=int, default=20, help="how many are drawn, 20 if left out")
    sample.add_argument("--checkpoint", type=Path, metavar="FILE", help="draw from this earlier checkpoint of the log")


def add_receipt(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401 - as above
    """Add `receipt`."""
    receipt = commands.add_parser("receipt", parents=[common], help="check that a receipt proves one entry")
    receipt.set_defaults(run=_receipt)
    receipt.add_argument("file", type=Path, help="the `.tlog-proof` file")
    receipt.add_argument("--leaf", type=Path, required=True, metavar="FILE", help="the entry, byte for byte")


def add_copy(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401 - as above
    """Add `copy`."""
    copy = commands.add_parser("copy", parents=[common], help="check a copy of the rows disclosed about one person")
    copy.set_defaults(run=_copy)
    copy.add_argument("file", type=Path, help="what `pactgate accounting copy` wrote")


def sentence_of(result: dict[str, object]) -> str:
    """Say what a check found, for a person."""
    if isinstance(drawn := result.get("drawn"), list):
        return f"Of {result['among']} disclosures these were drawn: {', '.join(map(str, drawn)) or 'none'}."
    if "index" in result:
        return f"The receipt holds: {result['origin']} recorded this as entry {result['index']} of {result['size']}."
    if "rows" in result:
        rows = "1 row" if result["rows"] == 1 else f"{result['rows']} rows"
        entries = "1 entry" if result["entries"] == 1 else f"{result['entries']} entries"
        return f"The copy holds: {rows}, exactly as disclosed by {entries} of {result['origin']}."
    sentence = f"The log holds: {result['origin']}, {result['size']} entries, tree head {result['tree_head']}."
    if "before" in result:
        return f"{sentence} It continues the {result['before']} entries that were seen before."
    if not result["entries"]:
        sentence += " Only hashes were checked, not the entries."
    if result["continues"] is None:
        return sentence
    return f"{sentence} It continues the earlier checkpoint of {result['continues']} entries."


def _verify(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    previous = None
    if arguments.previous_checkpoint is not None:
        if not arguments.previous_checkpoint.is_file():
            raise CallUnusable(f"{arguments.previous_checkpoint} is not a file")
        previous = read_checkpoint(arguments.previous_checkpoint, verifier)
    with closing(_source(arguments.export)) as source, bar(sys.stderr) as progress:
        found = verify_export(source, verifier, previous, entries=not arguments.hashes_only, progress=progress)
    return {
        "origin": found.origin,
        "size": found.size,
        "tree_head": found.tree_head.hex(),
        "continues": found.continues,
        "entries": found.entries,
    }


def _sample(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    if arguments.size < 1:
        raise CallUnusable("a sample has at least one entry")
    earlier = None
    if arguments.checkpoint is not None:
        if not arguments.checkpoint.is_file():
            raise CallUnusable(f"{arguments.checkpoint} is not a file")
        earlier = read_checkpoint(arguments.checkpoint, verifier)
    with closing(_source(arguments.export)) as source:
        found = draw_in(source, verifier, arguments.agreement, arguments.size, earlier)
    return {
        "origin": verifier.origin,
        "about": found.about,
        "tree_head": found.tree_head.hex(),
        "size": found.log_size,
        "among": found.among,
        "drawn": list(found.entries),
    }


def _receipt(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    try:
        receipt = Receipt.parse(arguments.file.read_text(encoding="utf-8"))
        leaf = arguments.leaf.read_bytes()
    except OSError as error:
        raise CallUnusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NoteInvalid("the receipt is not text") from error
    checkpoint = receipt.verify(leaf, verifier)
    return {
        "origin": checkpoint.origin,
        "index": receipt.index,
        "size": checkpoint.size,
        "tree_head": checkpoint.tree_head.hex(),
    }


def _copy(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    try:
        found = verify_copy(arguments.file.read_text(encoding="utf-8"), verifier)
    except OSError as error:
        raise CallUnusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NoteInvalid("the copy is not text") from error
    return {"origin": found.origin, "size": found.size, "rows": found.rows, "entries": len(found.entries)}


def _source(export: str) -> Folder | Web:
    if "://" in export:
        return Web(export)
    if not Path(export).is_dir():
        raise CallUnusable(f"{export} is not a folder; give the folder that `pactgate audit export` wrote, or its URL")
    return Folder(Path(export))
