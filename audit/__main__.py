"""
Check a log, a receipt or a copy: `python -m audit verify FOLDER`, `python -m audit receipt FILE`, `… copy FILE`.

Imports nothing that needs a database, so it runs wherever Python and `cryptography` do.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from audit.checkpoint import CheckpointVerifier
from audit.copy import verify_copy
from audit.drawing import draw_in
from audit.errors import NoteInvalid, VerificationFailed
from audit.proof import Receipt
from audit.verify import read_checkpoint, verify_folder

HOLDS, WRONG, UNUSABLE = 0, 1, 2
"""Exit codes: everything holds; something is wrong with the log or receipt; the call itself cannot be used."""


class _CallUnusable(Exception):
    """An argument that cannot be used; the message is for the person who typed it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        verifier = _verifier(arguments.key, arguments.origin)
        result = arguments.run(arguments, verifier)
    except _CallUnusable as error:
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


def _copy(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    try:
        found = verify_copy(arguments.file.read_text(encoding="utf-8"), verifier)
    except OSError as error:
        raise _CallUnusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NoteInvalid("the copy is not text") from error
    return {"origin": found.origin, "size": found.size, "rows": found.rows, "entries": len(found.entries)}


def _sample(arguments: argparse.Namespace, verifier: CheckpointVerifier) -> dict[str, object]:
    if not arguments.folder.is_dir():
        raise _CallUnusable(f"{arguments.folder} is not a folder; give the folder that `pactgate audit export` wrote")
    if arguments.size < 1:
        raise _CallUnusable("a sample has at least one entry")
    earlier = None
    if arguments.checkpoint is not None:
        if not arguments.checkpoint.is_file():
            raise _CallUnusable(f"{arguments.checkpoint} is not a file")
        earlier = read_checkpoint(arguments.checkpoint, verifier)
    found = draw_in(arguments.folder, verifier, arguments.agreement, arguments.size, earlier)
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
    sample = commands.add_parser("sample", parents=[common], help="draw disclosures for a partner to justify")
    sample.set_defaults(run=_sample)
    sample.add_argument("folder", type=Path, help="folder with `checkpoint` and `tile/`")
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
