"""
An authenticator and the browser in front of it, in software: what makes passkeys and assertions in the tests.

    device = Authenticator("a name")                  # a P-256 key, the same for the same name
    device.public                                     # -> PublicKey, with where it signs
    device.sign(Kind.HOLD, payload)                   # -> Envelope with one assertion, good unless told otherwise
    device.sign(Kind.HOLD, payload, Said(origin="https://evil.example"))

Whatever an authenticator or a browser says can be said differently by `Said`, and is then signed just as well.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256

from agreements.canonical import digest_of
from agreements.keys import PublicKey, read_public_key
from agreements.passkeys import Assertion, Passkey, challenge_of
from agreements.signature import Envelope, Kind

RP_ID: Final = "data.district.example"
ORIGIN: Final = f"https://{RP_ID}"
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


@dataclass(frozen=True)
class Said:
    """What a browser and an authenticator say; None is what they say of themselves."""

    type: str | None = None
    challenge: bytes | None = None
    origin: str | None = None
    rp_id: str | None = None
    flags: int = PRESENT | VERIFIED
    counter: int = 7
    members: dict[str, Any] = field(default_factory=lambda: {"crossOrigin": False})
    client_data: bytes | None = None
    behind: bytes = b""


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One passkey of somebody's."""

    def __init__(self, name: str, rp_id: str = RP_ID, origin: str = ORIGIN) -> None:
        secret = hashlib.sha256(f"pactgate tests|passkey {name}".encode()).digest()
        self.key: EllipticCurvePrivateKey = derive_private_key(int.from_bytes(secret, "big") >> 1, SECP256R1())
        self.credential = hashlib.sha256(secret).digest()[:16]
        self.rp_id, self.origin = rp_id, origin
        numbers = self.key.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        plain = read_public_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
        self.public: PublicKey = replace(plain, passkey=Passkey(rp_id, (origin,), encoded(self.credential)))

    @property
    def cose(self) -> ES256:
        """The public key as fido2 knows it."""
        made: ES256 = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]  # theirs
        return made

    def sign(self, kind: Kind, payload: bytes, said: Said | None = None) -> Envelope:
        """Return the document with this passkey's signature on it."""
        return Envelope(kind, payload, (self.assertion(kind, payload, said),))

    def assertion(self, kind: Kind, payload: bytes, said: Said | None = None) -> Assertion:
        """Return the signature as it stands in an envelope."""
        data, client, signature = self.asserted(challenge_of(kind.value, digest_of(payload)), said)
        return Assertion(self.public.thumbprint, encoded(data), encoded(client), encoded(signature))

    def asserted(self, challenge: bytes, said: Said | None = None) -> tuple[bytes, bytes, bytes]:
        """Return authenticator data, client data and signature, as a browser hands them over."""
        said = said or Said()
        client = said.client_data or self._client_data("webauthn.get", challenge, said)
        data = self._data(said)
        return (
            data,
            client,
            self.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256(), deterministic_signing=True)),
        )

    def made(self, challenge: bytes, said: Said | None = None) -> tuple[bytes, bytes]:
        """Return what a browser hands over of a new passkey: attestation object and client data."""
        said = said or Said(flags=PRESENT | VERIFIED | ATTESTED)
        cose = cbor.encode(dict(self.cose))
        behind = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cose + said.behind
        data = self._data(replace(said, behind=behind if said.flags & ATTESTED else b""))
        return cbor.encode({"fmt": "none", "attStmt": {}, "authData": data}), self._client_data(
            "webauthn.create", challenge, said
        )

    def _client_data(self, kind: str, challenge: bytes, said: Said) -> bytes:
        members = {
            "type": said.type or kind,
            "challenge": encoded(challenge if said.challenge is None else said.challenge),
            "origin": self.origin if said.origin is None else said.origin,
            **said.members,
        }
        return json.dumps(members, separators=(",", ":")).encode()

    def _data(self, said: Said) -> bytes:
        rp_id = hashlib.sha256((said.rp_id or self.rp_id).encode()).digest()
        return rp_id + bytes([said.flags]) + said.counter.to_bytes(4, "big") + said.behind
