"""
Signed notes with Ed25519 (C2SP signed-note, signature type 0x01): text, then signature lines.

Signatures of unknown keys are ignored; one by a known key that does not hold spoils the whole note.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.errors import NoteInvalid

ED25519: Final = b"\x01"
"""Signature type identifier (signed-note, "Signature types")."""
MAX_NOTE = 65_536
"""Bytes; room for many more than the 16 signatures that must be accepted, post-quantum ones included."""
KEY_ID_SIZE = 4
"""Bytes in front of each signature."""
_PUBLIC_KEY_SIZE = 32
_DASH = "\u2014 "


def b64(raw: bytes) -> str:
    """Encode in standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(raw).decode()


def unb64(text: str) -> bytes:
    """Decode strict standard base64; raises `ValueError` for anything that `b64` would not write."""
    raw = base64.b64decode(text.encode(), validate=True)
    if b64(raw) != text:
        raise ValueError("not canonical base64")
    return raw


def require_name(name: str) -> None:
    """Check that this can be a key name. Raises `NoteInvalid`."""
    if not name or "+" in name or any(c.isspace() for c in name):
        raise NoteInvalid("a key name has no space, no plus sign and at least one character")


def key_id_of(name: str, kind: bytes, public: bytes) -> bytes:
    """Return the first four bytes of SHA-256(name || newline || signature type || public key)."""
    return sha256(name.encode() + b"\n" + kind + public).digest()[:KEY_ID_SIZE]


def signature_line(name: str, raw: bytes) -> str:
    """Write a signature line from a key's name and key id || signature, newline included."""
    return f"{_DASH}{name} {b64(raw)}\n"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key under a name, as a verifier knows it."""

    name: str
    public: bytes
    """32 bytes of Ed25519."""

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.public) != _PUBLIC_KEY_SIZE:
            raise NoteInvalid(f"an Ed25519 public key has {_PUBLIC_KEY_SIZE} bytes")

    @classmethod
    def parse(cls, vkey: str) -> "NoteVerifier":
        """Read `name+id+key`, the text form that verifiers exchange. Raises `NoteInvalid`."""
        try:
            name, key_id, key = vkey.strip().split("+", 2)
            raw = unb64(key)
        except ValueError as error:
            raise NoteInvalid("a verifier key reads name+id+base64") from error
        if raw[:1] != ED25519:
            raise NoteInvalid("only Ed25519 verifier keys (type 0x01) are supported")
        verifier = cls(name, raw[1:])
        if verifier.key_id.hex() != key_id:
            raise NoteInvalid("the id inside the verifier key does not belong to its name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name || newline || type || public key)."""
        return key_id_of(self.name, ED25519, self.public)

    @property
    def vkey(self) -> str:
        """The text form, `name+id+key`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(ED25519 + self.public)}"

    def open(self, note: str) -> str:
        """Return the text of a note that this key signed. Raises `NoteInvalid`."""
        text, signed = open_note(note, [self])
        if not signed:
            raise NoteInvalid(f"no signature of {self.name} with this key")
        return text


def open_note(note: str, keys: Iterable[NoteVerifier]) -> tuple[str, list[NoteVerifier]]:
    """
    Return the text of a note, and which of these keys signed it: perhaps none.

    Raises `NoteInvalid` for a malformed note, or if a signature of one of these keys does not hold.
    """
    text, lines = split(note)
    signed = []
    for key in keys:
        found = [raw[KEY_ID_SIZE:] for name, raw in lines if (name, raw[:KEY_ID_SIZE]) == (key.name, key.key_id)]
        for signature in found:
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
            except InvalidSignature:
                raise NoteInvalid(f"the signature of {key.name} does not hold") from None
        if found:
            signed.append(key)
    return text, signed


class NoteSigner:
    """A private key under a name."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = NoteVerifier(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def line(self, text: str) -> str:
        """Sign the text of a note and return the signature line, newline included. Ed25519 is deterministic."""
        signature = self._key.sign(text.encode())
        return signature_line(self.verifier.name, self.verifier.key_id + signature)


def assemble(text: str, lines: str) -> str:
    """Put a note together from its text and its signature lines."""
    return f"{text}\n{lines}"


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """
    Take a note apart into its text and its signatures as (key name, key id || signature).

    Nothing is verified here. Raises `NoteInvalid` for a malformed note.
    """
    if len(note) > MAX_NOTE or any(c < " " and c != "\n" for c in note):
        raise NoteInvalid("a note is short text without control characters")
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not text or not rest.endswith("\n"):
        raise NoteInvalid("a note is text, an empty line and signature lines")
    signatures = []
    for line in rest[:-1].split("\n"):
        name, space, signature = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise NoteInvalid("a signature line reads: dash, key name, signature")
        require_name(name)
        try:
            raw = unb64(signature)
        except (ValueError, binascii.Error) as error:
            raise NoteInvalid("a signature is base64") from error
        if len(raw) <= KEY_ID_SIZE:
            raise NoteInvalid("a signature is longer than its key id")
        signatures.append((name, raw))
    return text + "\n", signatures
