"""A witness's folder: its key, its verifier key for others, its state, and the list of logs it knows."""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.cosignature import WitnessSigner
from audit.errors import NoteInvalid, WitnessUnusable
from audit.note import NoteVerifier
from audit.witness.state import WitnessState, create_state

KEY_FILE: Final = "witness.key"
VKEY_FILE: Final = "witness.vkey"
STATE_FILE: Final = "state.sqlite3"
LOGS_FILE: Final = "logs.txt"
_LOGS: Final = """# The logs this witness knows: one verifier key a line (origin+id+base64).
# Several lines may name one origin. Restart the witness after a change.
"""


def create_home(folder: Path, name: str, *, post_quantum: bool = False) -> WitnessSigner:
    """
    Make the folder of a new witness, once; return its signer. `name` is what everybody knows it by.

    With `post_quantum` the key is ML-DSA-44, else Ed25519. Raises `WitnessUnusable`, `NoteInvalid` for a bad name.
    """
    key = MLDSA44PrivateKey.generate() if post_quantum else Ed25519PrivateKey.generate()
    signer = WitnessSigner(name, key)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise WitnessUnusable(f"{folder} is not empty: a key and a state are made once, together")
        create_state(folder / STATE_FILE, signer.verifier.vkey)
        _write(folder / LOGS_FILE, _LOGS.encode(), 0o644)
        _write(folder / VKEY_FILE, f"{signer.verifier.vkey}\n".encode(), 0o644)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(folder / KEY_FILE, pem, 0o600)  # last: a folder with a key is complete
    except OSError as error:
        raise WitnessUnusable(f"{folder} cannot be written: {error.strerror}") from error
    return signer


def open_home(folder: Path) -> tuple[WitnessSigner, tuple[NoteVerifier, ...], WitnessState]:
    """Return the signer, the keys of the logs it knows, and the state. Raises `WitnessUnusable`."""
    try:
        if (folder / KEY_FILE).stat().st_mode & 0o077:
            raise WitnessUnusable(f"{folder / KEY_FILE} can be read by other accounts: close it with chmod 600")
        key = load_pem_private_key((folder / KEY_FILE).read_bytes(), password=None)
        name = (folder / VKEY_FILE).read_text("utf-8").partition("+")[0]
        listed = (folder / LOGS_FILE).read_text("utf-8")
    except OSError as error:
        raise WitnessUnusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise WitnessUnusable(f"a file in {folder} is damaged") from error
    if not isinstance(key, Ed25519PrivateKey | MLDSA44PrivateKey):
        raise WitnessUnusable(f"{folder / KEY_FILE} is neither an Ed25519 nor an ML-DSA-44 key")
    try:
        signer = WitnessSigner(name, key)
    except NoteInvalid as error:
        raise WitnessUnusable(f"{folder / VKEY_FILE}: {error}") from error
    return signer, _logs(listed), WitnessState(folder / STATE_FILE, signer.verifier.vkey)


def _logs(listed: str) -> tuple[NoteVerifier, ...]:
    found = []
    for number, line in enumerate(listed.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(NoteVerifier.parse(line))
            except NoteInvalid as error:
                raise WitnessUnusable(f"line {number} of {LOGS_FILE}: {error}") from error
    if not found:
        raise WitnessUnusable(f"{LOGS_FILE} names no log: ask the district for the verifier key of its log")
    return tuple(found)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
