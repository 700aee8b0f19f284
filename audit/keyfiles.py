"""The log's keys as a person gives them: verifier keys on one line, files that hold one, or PEM files."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from audit.checkpoint import MAX_SIZE, CheckpointVerifier, LogKey
from audit.errors import CallUnusable, NoteInvalid
from audit.note import NoteVerifier


class KeyUnusable(CallUnusable):
    """A key that cannot be used."""


def verifier_of(
    keys: Sequence[str], retired: Sequence[tuple[str, str]] = (), origin: str | None = None
) -> CheckpointVerifier:
    """
    Return what knows the log by these keys; `retired` are pairs of the last size that a key counts for, and the key.

    `origin` is needed with a PEM key, and compared otherwise. Raises `KeyUnusable`.
    """
    found = [(_key(key, origin), MAX_SIZE) for key in keys]
    for size, key in retired:
        if not (size.isascii() and size.isdigit()) or int(size) > MAX_SIZE:
            raise KeyUnusable(
                f"{size!r} is no size: a retired key is given as the last size it counts for, and the key"
            )
        found.append((_key(key, origin), int(size)))
    names = sorted({verifier.name for verifier, _ in found})
    if len(names) > 1:
        raise KeyUnusable(f"the keys belong to different logs, {' and '.join(names)}")
    return CheckpointVerifier(names[0], *(LogKey(verifier.public, last=last) for verifier, last in found))


def _key(key: str, origin: str | None) -> NoteVerifier:
    given = _content(key)
    try:
        if given.startswith("-----BEGIN"):
            public = load_pem_public_key(given.encode())
            if not isinstance(public, Ed25519PublicKey):
                raise KeyUnusable("the log's key is an Ed25519 public key")
            if origin is None:
                raise KeyUnusable("a PEM key does not name its log: give --origin as well")
            return NoteVerifier(origin, public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        verifier = NoteVerifier.parse(given)
    except (NoteInvalid, ValueError) as error:
        raise KeyUnusable(f"the log's key cannot be used: {error}") from error
    if origin not in {None, verifier.name}:
        raise KeyUnusable(f"the key belongs to {verifier.name}, not to {origin}")
    return verifier


def _content(key: str) -> str:
    try:
        return Path(key).read_text(encoding="utf-8").strip() if Path(key).is_file() else key
    except (OSError, ValueError):  # longer than a file name can be, or a file that is no text
        return key
