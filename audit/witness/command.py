"""`python -m audit witness`: make a witness and run it, where nothing of the gateway is."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.errors import NoteInvalid, WitnessUnusable
from audit.witness.home import create_home
from audit.witness.running import serve

DONE, UNUSABLE = 0, 2
"""Exit codes: done, or told to stop; the folder or the call cannot be used."""


def main(argv: Sequence[str]) -> int:
    """Run `keygen` or `serve` and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (NoteInvalid, WitnessUnusable) as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    return DONE


def _keygen(arguments: argparse.Namespace) -> None:
    signer = create_home(arguments.folder, arguments.name, post_quantum=arguments.ml_dsa)
    sys.stdout.write(json.dumps({"folder": str(arguments.folder), "vkey": signer.verifier.vkey}) + "\n")


def _serve(arguments: argparse.Namespace) -> None:
    serve(arguments.folder, arguments.host, arguments.port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit witness", description="Cosign the checkpoints of logs.")
    commands = parser.add_subparsers(dest="command", required=True)
    keygen = commands.add_parser("keygen", help="make the folder of a new witness: its key and its memory")
    keygen.set_defaults(run=_keygen)
    keygen.add_argument("folder", type=Path)
    keygen.add_argument("--name", required=True, help="what others know it by, such as witness.example/w1")
    keygen.add_argument("--ml-dsa", action="store_true", help="an ML-DSA-44 key (type 0x06) instead of Ed25519")
    serving = commands.add_parser("serve", help="answer add-checkpoint for the logs in logs.txt")
    serving.set_defaults(run=_serve)
    serving.add_argument("folder", type=Path)
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on; a proxy in front speaks TLS")
    serving.add_argument("--port", type=int, default=8020, help="port to listen on; 0 takes any free one")
    return parser
