"""
Check a log, a receipt or a copy: `python -m audit verify FOLDER-OR-URL`, `python -m audit receipt FILE`, `… copy FILE`.

Imports nothing that needs a database, so it runs wherever Python and `cryptography` do.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from audit.checkpoint import CheckpointVerifier
from audit.copy import verify_copy
from audit.drawing import draw_in
from audit.errors import NoteInvalid, SourceUnavailable, VerificationFailed
from audit.keyfiles import KeyUnusable, verifier_of
from audit.progress import bar
from audit.proof import Receipt
from audit.sources import Folder, Web
from audit.verify import read_checkpoint, verify_export

HOLDS, WRONG, UNUSABLE = 0, 1, 2
"""
Exit codes: everything holds; something is wrong with the log or receipt; nothing was found out, because the call cannot
be used, the export cannot be read, or somebody stopped it.
"""


class _CallUnusable(Exception):
    """An argument that cannot be used; the message is for the person who typed it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        verifier = verifier_of(arguments.key, arguments.retired, arguments.origin)
        result = arguments.run(arguments, verifier)
    except KeyUnusable as error:
        return _unusable(str(error))
    except _CallUnusable as error:
        return _unusable(str(error))
    except SourceUnavailable as error:
        return _unusable(f"{error}. {error.public_detail}")
    except KeyboardInterrupt:
        return _unusable("Stopped before the end: nothing was found out.")
    except VerificationFailed as error:
        _say(arguments, {"holds": False, "code": error.code, "found": str(error)}, f"WRONG ({error.code}): {error}")
        return WRONG
    _say(arguments, {"holds": True, **result}, _sentence(result))
    return HOLDS


def _unusable(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return UNUSABLE


def _verify(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    previous = None
    if arguments.previous_checkpoint is not None:
        if not arguments.previous_checkpoint.is_file():
            raise _CallUnusable(f"{arguments.previous_checkpoint} is not a file")
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


def _source(export: str) -> Folder | Web:
    if "://" in export:
        return Web(export)
    if not Path(export).is_dir():
        raise _CallUnusable(f"{export} is not a folder; give the folder that `pactgate audit export` wrote, or its URL")
    return Folder(Path(export))


def _receipt(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    try:
        receipt = Receipt.parse(arguments.file.read_text(encoding="utf-8"))
        leaf = arguments.leaf.read_bytes()
    except OSError as error:
        raise _CallUnusable(f"{error.filename} cannot be read: {error.strerror}") from error
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
        raise _CallUnusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NoteInvalid("the copy is not text") from error
    return {"origin": found.origin, "size": found.size, "rows": found.rows, "entries": len(found.entries)}


def _sample(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    if arguments.size < 1:
        raise _CallUnusable("a sample has at least one entry")
    earlier = None
    if arguments.checkpoint is not None:
        if not arguments.checkpoint.is_file():
            raise _CallUnusable(f"{arguments.checkpoint} is not a file")
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


def _sentence(result: dict[str, object]) -> str:
    if isinstance(drawn := result.get("drawn"), list):
        return f"Of {result['among']} disclosures these were drawn: {', '.join(map(str, drawn)) or 'none'}."
    if "index" in result:
        return f"The receipt holds: {result['origin']} recorded this as entry {result['index']} of {result['size']}."
    if "rows" in result:
        return (
            f"The copy holds: {result['rows']} rows, exactly as {result['entries']} entries of {result['origin']}"
            " say they were disclosed."
        )
    sentence = f"The log holds: {result['origin']}, {result['size']} entries, tree head {result['tree_head']}."
    if not result["entries"]:
        sentence += " Only hashes were checked, not the entries."
    if result["continues"] is None:
        return sentence
    return f"{sentence} It continues the earlier checkpoint of {result['continues']} entries."


def _say(arguments: argparse.Namespace, result: dict[str, object], sentence: str) -> None:
    sys.stdout.write((json.dumps(result, sort_keys=True) if arguments.json else sentence) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description="Check a Pactgate log or receipt, without the gateway. Exit 0: holds; 1: wrong; 2: not found out.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--key",
        required=True,
        action="append",
        help="the log's verifier key (origin+id+base64), or a file with it or a PEM key; again for each key it has",
    )
    common.add_argument(
        "--retired",
        nargs=2,
        action="append",
        default=[],
        metavar=("SIZE", "KEY"),
        help="a key that was retired: its signature counts for checkpoints of at most SIZE entries",
    )
    common.add_argument("--origin", help="the log's origin; needed with a PEM key, compared otherwise")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    commands = parser.add_subparsers(dest="command", required=True)
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
    sample = commands.add_parser("sample", parents=[common], help="draw disclosures for a partner to justify")
    sample.set_defaults(run=_sample)
    sample.add_argument("export", help="folder with `checkpoint` and `tile/`, or its address")
    sample.add_argument("agreement", metavar="DIGEST", help="digest of the agreement, sha256:…")
    sample.add_argument("--size", type=int, default=20, help="how many are drawn, 20 if left out")
    sample.add_argument("--checkpoint", type=Path, metavar="FILE", help="draw from this earlier checkpoint of the log")
    receipt = commands.add_parser("receipt", parents=[common], help="check that a receipt proves one entry")
    receipt.set_defaults(run=_receipt)
    receipt.add_argument("file", type=Path, help="the `.tlog-proof` file")
    receipt.add_argument("--leaf", type=Path, required=True, metavar="FILE", help="the entry, byte for byte")
    copy = commands.add_parser("copy", parents=[common], help="check a copy of the rows disclosed about one person")
    copy.set_defaults(run=_copy)
    copy.add_argument("file", type=Path, help="what `pactgate accounting copy` wrote")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
