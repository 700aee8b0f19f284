"""
The keys people sign with: Ed25519 or P-256, one spelling each, private ones in a type that does not print.

INVARIANT: two `PublicKey`s are the same key exactly if their thumbprints are equal: a key that is not written in its
canonical form (leading zeros, stray bits) is refused, because a second spelling would be a second thumbprint.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from agreements.canonical import Json, read_json
from agreements.errors import BadKey, MalformedDocument
from agreements.passkeys import Passkey, read_passkey
from agreements.private_keys import PRIVATE_MEMBERS

SIGNING_ALGORITHMS: Final = ("ES256", "Ed25519")
"""What documents are signed with."""
CLIENT_ALGORITHMS: Final = ("ES256", "Ed25519", "PS256")
"""What a partner's client may authenticate with (FAPI 2.0 section 5.4)."""
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 4096
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ES256": ("kty", "crv", "x", "y"),
    "Ed25519": ("kty", "crv", "x"),
    "PS256": ("kty", "n", "e"),
}
_OPTIONAL: Final = ("kid", "alg", "use")
_RSA_EXPONENT: Final = "AQAB"
_ED25519_PRIME: Final = 2**255 - 19
_SMALL_ORDER: Final = frozenset(
    {
        0,
        1,
        _ED25519_PRIME - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)
"""The heights of the eight points whose order divides 8; the tests compute them again."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key. `thumbprint` (RFC 7638, SHA-256, base64url) is its id; `members` its canonical JWK members."""

    thumbprint: str
    algorithm: str
    members: tuple[tuple[str, str], ...]
    passkey: Passkey | None = field(default=None, compare=False)
    """Where the key signs if it lives in an authenticator; then it signs in no other way (decision 0062)."""

    @property
    def jwk(self) -> dict[str, Json]:
        """The key as a JWK with its required members only."""
        return dict(self.members)

    def verifier(self) -> ECKey | OKPKey:
        """Return the key for joserfc. Raises `BadKey` for a key that documents are not signed with."""
        if self.algorithm == "ES256":
            return ECKey.import_key(dict(self.members))
        if self.algorithm == "Ed25519":
            return OKPKey.import_key(dict(self.members))
        raise BadKey(f"Documents are not signed with {self.algorithm}.")


class SigningKey:
    """A private key. It does not print, compare or pickle; only its public half leaves it."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ECKey | OKPKey) -> None:
        if not key.is_private:
            raise BadKey("This is a public key; the private key is needed to sign.")
        self._key = key
        self.public = read_public_key(dict(_public_members(key)))

    @classmethod
    def generate(cls, algorithm: Literal["ES256", "Ed25519"]) -> Self:
        """Make a new key from the operating system's randomness."""
        if algorithm == "ES256":
            return cls(ECKey.generate_key("P-256", private=True))
        return cls(OKPKey.generate_key("Ed25519", private=True))

    @classmethod
    def read(cls, raw: bytes, password: str | None = None) -> Self:
        """
        Read a private key: PEM (PKCS #8, with `password` if encrypted) or JWK.

        Raises `BadKey`; the message never quotes the input.
        """
        for kind in (OKPKey, ECKey):
            try:
                if raw.lstrip().startswith(b"{"):
                    members: Any = read_json(raw)
                    return cls(kind.import_key(members))
                return cls(kind.import_key(raw, password=password))
            except (JoseError, ValueError, TypeError, KeyError, MalformedDocument):
                continue
        raise BadKey("This is not a readable Ed25519 or P-256 private key.")

    @property
    def thumbprint(self) -> str:
        """The id of the key."""
        return self.public.thumbprint

    def signer(self) -> ECKey | OKPKey:
        """Return the key for joserfc. Only `agreements.signature` calls this."""
        return self._key

    def export_pem(self, password: str | None = None) -> bytes:
        """Return the private key as PKCS #8 PEM, to be written to a file that only its owner reads."""
        return self._key.as_pem(private=True, password=password)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.algorithm} {self.thumbprint})"

    def __reduce__(self) -> str:
        raise TypeError("A private key is not pickled.")


def read_public_key(jwk: Json, allowed: tuple[str, ...] = SIGNING_ALGORITHMS) -> PublicKey:
    """
    Read a public JWK strictly: known members only, canonical spelling, on its curve, `kid` (if any) its thumbprint.

    `allowed` narrows the algorithms. Raises `BadKey`.
    """
    if not isinstance(jwk, dict) or not all(isinstance(value, str) for value in jwk.values()):
        raise BadKey("A key must be a JSON Web Key object of texts.")
    if PRIVATE_MEMBERS & set(jwk):
        raise BadKey("This key contains private members. Treat it as disclosed: make a new one.")
    algorithm = _algorithm(jwk)
    if algorithm not in allowed:
        raise BadKey(f"The key type must be one of: {', '.join(allowed)}.")
    members = {name: jwk[name] for name in _MEMBERS[algorithm] if name in jwk}
    if unknown := set(jwk) - set(members) - set(_OPTIONAL):
        raise BadKey(f"The key has unknown members: {', '.join(sorted(unknown))[:80]}.")
    key = _import(algorithm, members)
    thumbprint = key.thumbprint()
    expected = {"kid": thumbprint, "alg": algorithm, "use": "sig"}
    for name in _OPTIONAL:
        if name in jwk and jwk[name] != expected[name]:
            raise BadKey(f"The member '{name}' of the key must be '{expected[name]}'.")
    return PublicKey(thumbprint, algorithm, tuple(sorted((name, str(value)) for name, value in members.items())))


def read_introduced_key(jwk: Json, passkey: dict[str, Any] | None) -> PublicKey:
    """Read the key that a document introduces, with what it says of a passkey, if it is one. Raises `BadKey`."""
    key = read_public_key(jwk)
    return key if passkey is None else replace(key, passkey=read_passkey(passkey, key.algorithm))


def read_public_file(raw: bytes) -> PublicKey:
    """Read a public key file: PEM (SubjectPublicKeyInfo) or JWK. Raises `BadKey`, also for a private key."""
    if raw.lstrip().startswith(b"{"):
        try:
            return read_public_key(read_json(raw))
        except MalformedDocument as error:
            raise BadKey(f"The key file is not plain JSON: {error}") from None
    for kind in (OKPKey, ECKey):
        try:
            key = kind.import_key(raw)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if key.is_private:
            raise BadKey("This file holds a private key; supply the public key.")
        return read_public_key(dict(_public_members(key)))
    raise BadKey("This is not a readable Ed25519 or P-256 public key.")


def _algorithm(jwk: Mapping[str, Json]) -> str | None:
    match jwk.get("kty"), jwk.get("crv"):
        case "EC", "P-256":
            return "ES256"
        case "OKP", "Ed25519":
            return "Ed25519"
        case "RSA", None:
            return "PS256"
        case _:
            return None


def _import(algorithm: str, members: dict[str, Any]) -> ECKey | OKPKey | RSAKey:
    key: ECKey | OKPKey | RSAKey
    try:
        if algorithm == "ES256":
            key = ECKey.import_key(members)
        elif algorithm == "Ed25519":
            key = OKPKey.import_key(members)
        elif MIN_RSA_BITS <= _bits(members["n"]) <= MAX_RSA_BITS and members["e"] == _RSA_EXPONENT:
            key = RSAKey.import_key(members)
        else:
            raise BadKey(f"An RSA key needs {MIN_RSA_BITS} to {MAX_RSA_BITS} bits and the exponent 65537.")
        respelled = _public_members(key)
    except (JoseError, ValueError, TypeError, KeyError, IndexError):
        raise BadKey("The key cannot be read: a member is missing, malformed, or not on its curve.") from None
    if respelled != members:
        raise BadKey("The key is not written in its canonical form.")
    if isinstance(key, OKPKey) and _is_weak(key):
        raise BadKey("This Ed25519 key would accept signatures that nobody made.")
    return key


def _bits(number: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(number + "=="), "big").bit_length()


def _is_weak(key: OKPKey) -> bool:
    """Return whether the point is of small order, or its coordinate is not reduced (RFC 8032 section 5.1.3)."""
    height = int.from_bytes(base64.urlsafe_b64decode(str(key["x"]) + "="), "little") % 2**255
    return height in _SMALL_ORDER or height >= _ED25519_PRIME


def _public_members(key: ECKey | OKPKey | RSAKey) -> dict[str, Any]:
    """Return the members spelled from the numbers of the key, not from the text it was read from."""
    fresh = type(key).import_key(key.as_pem(private=False))
    members: dict[str, Any] = json.loads(json.dumps(fresh.as_dict(private=False)))
    return members
