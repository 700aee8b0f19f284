"""
Check a log or a receipt: `python -m audit verify FOLDER` and `python -m audit receipt FILE`.

Imports nothing that needs a database, so it runs wherever Python and `cryptography` do.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from audit.checkpoint import CheckpointVerifier
from audit.errors import NoteInvalid, SourceUnavailable, VerificationFailed
from audit.monitoring import MonitorUnusable, add_monitor
from audit.proof import Receipt
from audit.verify import read_checkpoint, verify_folder
from audit.witness.command import main as witness

HOLDS, WRONG, UNUSABLE = 0, 1, 2
"""Exit codes: everything holds; something is wrong with the log or receipt; the call itself cannot be used."""


_OTHERS: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {"witness": witness}
"""Commands that need no log's key to begin with, each with a parser of its own."""


class _CallUnusable(Exception):
    """An argument that cannot be used; the message is for the person who typed it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given and given[0] in _OTHERS:
        return _OTHERS[given[0]](given[1:])
    arguments = _parser().parse_args(given)
    try:
        verifier = _verifier(arguments.key, arguments.origin)
        result = arguments.run(arguments, verifier)
    except _CallUnusable as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    except (MonitorUnusable, SourceUnavailable) as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    except VerificationFailed as error:
        _say(arguments, {"holds": False, "code": error.code, "found": str(error)}, f"WRONG ({error.code}): {error}")
        return WRONG
    _say(arguments, {"holds": True, **result}, _sentence(result))
    return HOLDS


def _verify(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    if not arguments.folder.is_dir():
        raise _CallUnusable(f"{arguments.folder} is not a folder; give the folder that `pactgate audit export` wrote")
    previous = None
    if arguments.previous_checkpoint is not None:
        if not arguments.previous_checkpoint.is_file():
            raise _CallUnusable(f"{arguments.previous_checkpoint} is not a file")
        previous = read_checkpoint(arguments.previous_checkpoint, verifier)
    found = verify_folder(arguments.folder, verifier, previous)
    return {
        "origin": found.origin,
        "size": found.size,
        "tree_head": found.tree_head.hex(),
        "continues": found.continues,
    }


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


def _sentence(result: dict[str, object]) -> str:
    if "index" in result:
        return f"The receipt holds: {result['origin']} recorded this as entry {result['index']} of {result['size']}."
    sentence = f"The log holds: {result['origin']}, {result['size']} entries, tree head {result['tree_head']}."
    if "before" in result:
        return f"{sentence} It continues the {result['before']} entries that were seen before."
    if result["continues"] is None:
        return sentence
    return f"{sentence} It continues the earlier checkpoint of {result['continues']} entries."


def _say(arguments: argparse.Namespace, result: dict[str, object], sentence: str) -> None:
    sys.stdout.write((json.dumps(result, sort_keys=True) if arguments.json else sentence) + "\n")


def _verifier(key: str, origin: str | None) -> CheckpointVerifier:
    given = Path(key).read_text(encoding="utf-8").strip() if _is_file(key) else key
    try:
        if given.startswith("-----BEGIN"):
            public = load_pem_public_key(given.encode())
            if not isinstance(public, Ed25519PublicKey):
                raise _CallUnusable("the log's key is an Ed25519 public key")
            if origin is None:
                raise _CallUnusable("a PEM key does not name its log: give --origin as well")
            return CheckpointVerifier(origin, public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        verifier = CheckpointVerifier.parse(given)
    except (NoteInvalid, ValueError) as error:
        raise _CallUnusable(f"the log's key cannot be used: {error}") from error
    if origin not in (None, verifier.origin):
        raise _CallUnusable(f"the key belongs to {verifier.origin}, not to {origin}")
    return verifier


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # longer than a file name can be
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description="Check a Pactgate log or a receipt, without the gateway. Exit 0: holds; 1: wrong; 2: unusable.",
        epilog="`witness --help` tells how to run a witness of logs.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--key", required=True, help="the log's verifier key (origin+id+base64), or a file with it or a PEM key"
    )
    common.add_argument("--origin", help="the log's origin; needed with a PEM key, compared otherwise")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", parents=[common], help="check a whole exported log")
    verify.set_defaults(run=_verify)
    verify.add_argument("folder", type=Path, help="folder with `checkpoint` and `tile/`")
    verify.add_argument(
        "--previous-checkpoint",
        type=Path,
        metavar="FILE",
        help="a checkpoint seen earlier: finds a rollback or a fork",
    )
    add_monitor(commands, common)
    receipt = commands.add_parser("receipt", parents=[common], help="check that a receipt proves one entry")
    receipt.set_defaults(run=_receipt)
    receipt.add_argument("file", type=Path, help="the `.tlog-proof` file")
    receipt.add_argument("--leaf", type=Path, required=True, metavar="FILE", help="the entry, byte for byte")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
