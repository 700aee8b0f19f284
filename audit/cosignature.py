"""
Cosignatures: a witness's word that a checkpoint continues every earlier one it saw (C2SP tlog-cosignature).

Two kinds: Ed25519 over the text (type 0x04), what verifiers read today, and ML-DSA-44 over a structure (type 0x06),
which new witnesses are asked to use. Both carry the time at which the witness signed.
"""

import struct
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.errors import CosignatureInvalid, NoteInvalid
from audit.note import KEY_ID_SIZE, assemble, b64, key_id_of, require_name, signature_line, split, unb64

WitnessKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey

ED25519: Final = b"\x04"
ML_DSA_44: Final = b"\x06"
_PUBLIC_SIZES: Final = {ED25519: 32, ML_DSA_44: 1312}
_SIGNATURE_SIZES: Final = {ED25519: 64, ML_DSA_44: 2420}
_TIME: Final = struct.Struct(">Q")
_LATEST: Final = 2**63 - 1
_LABEL: Final = b"subtree/v1\n\0"
_LONGEST_NAME: Final = 255
"""Bytes; the signed structure has one byte for the length of a name."""


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """What a checkpoint says, and its whole text, extension lines included: what cosignatures are over."""

    origin: str
    size: int
    tree_head: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Cosignature:
    """
    One cosignature that was verified.

    INVARIANT: made by `WitnessVerifier.verify` only. `time` is in seconds since 1970 by the witness's clock; `line` is
    the signature line of the note, newline included.
    """

    witness: str
    time: int
    line: str


@dataclass(frozen=True, slots=True)
class WitnessVerifier:
    """A witness's public key under its name, as those know it who rely on it. `kind` is `ED25519` or `ML_DSA_44`."""

    name: str
    kind: bytes
    public: bytes

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.name.encode()) > _LONGEST_NAME:
            raise NoteInvalid(f"the name of a witness has at most {_LONGEST_NAME} bytes")
        if len(self.public) != _PUBLIC_SIZES.get(self.kind):
            raise NoteInvalid("a witness has an Ed25519 key of 32 bytes or an ML-DSA-44 key of 1312 bytes")

    @classmethod
    def parse(cls, vkey: str) -> "WitnessVerifier":
        """Read `name+id+key` with type 0x04 or 0x06. Raises `NoteInvalid`."""
        try:
            name, key_id, key = vkey.strip().split("+", 2)
            raw = unb64(key)
        except ValueError as error:
            raise NoteInvalid("the key of a witness reads name+id+base64") from error
        verifier = cls(name, raw[:1], raw[1:])
        if verifier.key_id.hex() != key_id:
            raise NoteInvalid("the id inside the witness's key does not belong to its name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name || newline || type || public key)."""
        return key_id_of(self.name, self.kind, self.public)

    @property
    def vkey(self) -> str:
        """The text form, `name+id+key`."""
        return f"{self.signer}+{b64(self.kind + self.public)}"

    @property
    def signer(self) -> str:
        """The name under which its cosignatures are kept: name+key id, unique a key."""
        return f"{self.name}+{self.key_id.hex()}"

    def verify(self, body: CheckpointBody, lines: str) -> Cosignature:
        """
        Find the newest cosignature of this witness over `body` among these signature lines; others are ignored.

        Raises `NoteInvalid` if they are malformed, `CosignatureInvalid` if there is none or one does not hold.
        """
        newest: Cosignature | None = None
        for name, raw in split(assemble(body.text, lines))[1]:
            if name != self.name or raw[:KEY_ID_SIZE] != self.key_id:
                continue
            # INVARIANT: one line under this key that does not hold spoils all of them (signed-note, "Signatures").
            time = self._verified_time(body, raw[KEY_ID_SIZE:])
            if newest is None or time > newest.time:
                newest = Cosignature(self.name, time, signature_line(name, raw))
        if newest is None:
            raise CosignatureInvalid(f"no cosignature of {self.name} with this key")
        return newest

    def _verified_time(self, body: CheckpointBody, raw: bytes) -> int:
        if len(raw) != _TIME.size + _SIGNATURE_SIZES[self.kind]:
            raise CosignatureInvalid(f"the cosignature of {self.name} does not have the length of its kind")
        (time,) = _TIME.unpack_from(raw)
        if not 0 < time <= _LATEST:
            raise CosignatureInvalid(f"the cosignature of {self.name} says no time")
        message, signature = _message(self, body, time), raw[_TIME.size :]
        try:
            if self.kind == ED25519:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise CosignatureInvalid(f"the cosignature of {self.name} does not hold") from None
        return int(time)


class WitnessSigner:
    """
    A witness's private key under its name.

    INVARIANT: is given checkpoints that were compared with everything cosigned before (`audit.witness.protocol`).
    """

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: WitnessKey) -> None:
        """Take the witness's name and key. Raises `NoteInvalid` if the name cannot be one."""
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._key = key
        self.verifier = WitnessVerifier(name, ED25519 if isinstance(key, Ed25519PrivateKey) else ML_DSA_44, public)

    def line(self, body: CheckpointBody, time: int) -> str:
        """Cosign a checkpoint at `time` (seconds since 1970) and return the signature line, newline included."""
        signature = self._key.sign(_message(self.verifier, body, time))
        return signature_line(self.verifier.name, self.verifier.key_id + _TIME.pack(time) + signature)


def _message(witness: WitnessVerifier, body: CheckpointBody, time: int) -> bytes:
    """Return what is signed (tlog-cosignature, "Ed25519 signed message" and "ML-DSA-44 signed message")."""
    if witness.kind == ED25519:
        return f"cosignature/v1\ntime {time}\n{body.text}".encode()
    named, origin = witness.name.encode(), body.origin.encode()
    if len(origin) > _LONGEST_NAME:
        raise NoteInvalid(f"an origin of more than {_LONGEST_NAME} bytes cannot be cosigned with ML-DSA-44")
    return b"".join(
        (
            _LABEL,
            *(bytes([len(named)]), named),
            _TIME.pack(time),
            *(bytes([len(origin)]), origin),
            _TIME.pack(0),
            _TIME.pack(body.size),
            body.tree_head,
        )
    )
