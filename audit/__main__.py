"""
Check a log, a receipt or a copy: `python -m audit verify FOLDER-OR-URL`, `python -m audit receipt FILE`, and others.

Imports nothing that needs a database, so it runs wherever Python and `cryptography` do.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from audit.checks import add_copy, add_receipt, add_sample, add_verify, sentence_of
from audit.errors import CallUnusable, SourceUnavailable, VerificationFailed
from audit.keyfiles import verifier_of
from audit.monitoring import add_monitor
from audit.witness.command import main as witness

HOLDS, WRONG, UNUSABLE = 0, 1, 2
"""
Exit codes: everything holds; something is wrong with the log or receipt; nothing was found out, because the call cannot
be used, the export cannot be read, or somebody stopped it.
"""
_OTHERS: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {"witness": witness}
"""Commands that need no log's key to begin with, each with a parser of its own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given and given[0] in _OTHERS:
        return _OTHERS[given[0]](given[1:])
    arguments = _parser().parse_args(given)
    try:
        verifier = verifier_of(arguments.key, arguments.retired, arguments.origin)
        result = arguments.run(arguments, verifier)
    except CallUnusable as error:
        return _unusable(str(error))
    except SourceUnavailable as error:
        return _unusable(f"{error}. {error.public_detail}")
    except KeyboardInterrupt:
        return _unusable("Stopped before the end: nothing was found out.")
    except VerificationFailed as error:
        _say(arguments, {"holds": False, "code": error.code, "found": str(error)}, f"WRONG ({error.code}): {error}")
        return WRONG
    _say(arguments, {"holds": True, **result}, sentence_of(result))
    return HOLDS


def _unusable(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return UNUSABLE


def _say(arguments: argparse.Namespace, result: dict[str, object], sentence: str) -> None:
    sys.stdout.write((json.dumps(result, sort_keys=True) if arguments.json else sentence) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description="Check a Pactgate log or receipt, without the gateway. Exit 0: holds; 1: wrong; 2: not found out.",
        epilog="`witness --help` tells how to run a witness of logs.",
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
    for add in (add_verify, add_monitor, add_sample, add_receipt, add_copy):
        add(commands, common)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
