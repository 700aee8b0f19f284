"""
Passkeys: keys that live in an authenticator, and the second form of a signature, which they make.

A passkey does not sign bytes that it is given. It signs what its browser says it was asked for: a challenge, and where
(Web Authentication Level 2, sections 5.8.1 and 6.1). Here the challenge is the document: its kind and its digest. Of
what the specification lets through only the narrowest is taken; all of it was said by whoever holds the signature.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from agreements.canonical import Json, read_json
from agreements.errors import BadKey, BadSignature, MalformedDocument
from agreements.shapes import Shape, group, listing, text

ALGORITHM: Final = "ES256"
"""COSE -7: every authenticator has it, and no other is asked for."""
MAX_ORIGINS: Final = 5
_HOST: Final = ("[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "a host name such as data.district.example")
_ORIGIN: Final = ("https?://[a-z0-9.:-]+", "an origin such as https://data.district.example")
_CREDENTIAL: Final = ("[A-Za-z0-9_-]{1,1364}", "the credential's id in base64url")
"""At most 1023 bytes (Web Authentication Level 2 section 4, "credential ID")."""
_DOMAIN: Final = "pactgate passkey signature 1"
_PRESENT, _VERIFIED, _ELIGIBLE, _BACKED_UP = 0x01, 0x04, 0x08, 0x10
_FLAGS_AT: Final = 32
_AUTHENTICATOR_DATA: Final = 37
"""Hash of the relying party, flags, counter: with no key and no extension behind them (section 6.1)."""
MAX_CLIENT_DATA: Final = 4096
_LOCAL: Final = "localhost"

PASSKEY: Final[Shape] = group(
    "The passkey",
    {
        "rp_id": text("rule", "Whose passkey it is (relying party)", _HOST, 253),
        "origins": listing(
            "The origins it signs at", text("rule", "An origin", _ORIGIN, 300), least=1, most=MAX_ORIGINS
        ),
        "credential": text("rule", "The credential's id", _CREDENTIAL, 1364),
    },
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """
    Where a key signs that lives in an authenticator: for the relying party `rp_id`, on pages of these `origins`.

    `credential` is the id by which a browser finds it, base64url; it is no secret.
    """

    rp_id: str
    origins: tuple[str, ...]
    credential: str

    @property
    def members(self) -> dict[str, Json]:
        """What a document says of it."""
        return {"rp_id": self.rp_id, "origins": list(self.origins), "credential": self.credential}


@dataclass(frozen=True, slots=True)
class Assertion:
    """A passkey's signature as it stands in an envelope: the key's thumbprint, and what the authenticator gave."""

    kid: str
    authenticator_data: str
    client_data: str
    signature: str

    @property
    def members(self) -> dict[str, Json]:
        """The signature as it stands in the envelope."""
        return {
            "authenticator_data": self.authenticator_data,
            "client_data": self.client_data,
            "kid": self.kid,
            "signature": self.signature,
        }


@dataclass(frozen=True, slots=True)
class Asserted:
    """An assertion's three byte strings."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes


def read_passkey(content: dict[str, Any], algorithm: str) -> Passkey:
    """Read what a document of this shape says of a passkey. Raises `BadKey` if no browser would sign so."""
    rp_id, origins = content["rp_id"], tuple(content["origins"])
    if algorithm != ALGORITHM:
        raise BadKey("A passkey is a P-256 key.")
    for origin in origins:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        is_its_own = host == rp_id or host.endswith(f".{rp_id}")
        # A browser has no passkeys on a page that others could have altered on the way; a machine's own is none.
        is_safe = parts.scheme == "https" or host == _LOCAL
        if not is_its_own or not is_safe or _written(parts.scheme, parts.netloc) != origin:
            raise BadKey(f"A passkey of {rp_id} signs on https pages of that host, or of one below it.")
    return Passkey(rp_id, origins, content["credential"])


def challenge_of(kind: str, digest: str) -> bytes:
    """
    Return what a passkey is asked to sign: 32 bytes that say this kind of document and this digest, and nothing else.

    The kind is in it as it is in the header of the other form, so that one kind never passes for another.
    """
    return hashlib.sha256(f"{_DOMAIN}\n{kind}\n{digest}\n".encode()).digest()


def require_asserted(asserted: Asserted, challenge: bytes, members: dict[str, str], passkey: Passkey) -> None:
    """
    Check an assertion (Web Authentication Level 2 section 7.2) by the P-256 key with these JWK `members`.

    Raises `BadSignature` naming the first thing that is wrong.
    """
    # (1): the browser says that it asked for exactly this, on a page of ours, and not inside somebody else's.
    _require_client_data(_client_data(asserted.client_data), challenge, passkey)
    # (2): the authenticator says that it signs for us, that somebody was there, and that it knew who.
    _require_authenticator_data(asserted.authenticator_data, passkey)
    # (3): the signature is over exactly both. OpenSSL takes DER in its one canonical form and nothing behind it.
    x, y = (int.from_bytes(_number(members[name]), "big") for name in ("x", "y"))
    key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    signed = asserted.authenticator_data + hashlib.sha256(asserted.client_data).digest()
    try:
        key.verify(asserted.signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        raise BadSignature("A passkey's signature does not verify.") from None


def _client_data(raw: bytes) -> dict[str, Json]:
    try:
        content = read_json(raw) if len(raw) <= MAX_CLIENT_DATA else None
    except MalformedDocument:
        content = None
    if not isinstance(content, dict):
        raise BadSignature("What a browser said of a passkey's signature cannot be read.")
    return content


def _require_client_data(said: dict[str, Json], challenge: bytes, passkey: Passkey) -> None:
    if said.get("type") != "webauthn.get":
        raise BadSignature("A passkey's signature was made for something else than signing.")
    if said.get("challenge") != base64.urlsafe_b64encode(challenge).rstrip(b"=").decode():
        raise BadSignature("A passkey signed another document, or another kind of document.")
    if said.get("origin") not in passkey.origins:
        raise BadSignature("A passkey signed on a page of another origin.")
    # Level 1 browsers do not say it, and do not let a page inside another one ask.
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise BadSignature("A passkey signed on a page inside another site's.")


def _require_authenticator_data(data: bytes, passkey: Passkey) -> None:
    if len(data) != _AUTHENTICATOR_DATA:
        raise BadSignature("What an authenticator said of a signature is longer or shorter than it is.")
    if data[:_FLAGS_AT] != hashlib.sha256(passkey.rp_id.encode()).digest():
        raise BadSignature("A passkey signed for another relying party.")
    flags = data[_FLAGS_AT]
    if not flags & _PRESENT or not flags & _VERIFIED:
        raise BadSignature("A passkey signed without making sure who was there.")
    if flags & ~(_PRESENT | _VERIFIED | _ELIGIBLE | _BACKED_UP) or (flags & _BACKED_UP and not flags & _ELIGIBLE):
        raise BadSignature("An authenticator said something of a signature that none says.")
    # The counter behind the flags is not looked at: synchronized passkeys have none, and what it would find, a copy of
    # the key, is found by no verifier that judges the same bytes again at every load.


def _number(text_: str) -> bytes:
    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))


def _written(scheme: str, netloc: str) -> str:
    return f"{scheme}://{netloc}"
