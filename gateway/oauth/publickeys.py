"""
Public keys from JSON Web Keys (RFC 7517): P-256, Ed25519 and RSA from 2048 bits, in one spelling each.

One spelling matters because the thumbprint (RFC 7638) is taken over the text: two spellings of one key would be two
identities.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from gateway.oauth.errors import Malformed

ALGORITHMS = ("ES256", "PS256", "EdDSA", "Ed25519")
"""Everything we verify with, for assertions and proofs alike (FAPI 2.0 section 5.4; never RS256, HS256, none)."""

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_COORDINATE_BYTES = 32
_RSA_BITS = range(2048, 4096 + 1)
"""FAPI 2.0 section 5.4 asks for 2048; more than 4096 only costs us time, at a stranger's wish."""
_RSA_EXPONENT_BYTES = 4


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key that signatures may be checked with, and only with `algorithms`."""

    material: Key
    thumbprint: str
    """RFC 7638, SHA-256, base64url."""
    algorithms: frozenset[str]


def verifying_key(jwk: object) -> VerifyingKey:
    """
    Return the key in `jwk`, a parsed JSON Web Key.

    Raises `Malformed` if it is private, symmetric, too weak, too large, not on its curve, or spelled unusually.
    """
    if not isinstance(jwk, Mapping):
        raise Malformed("jwk_not_an_object")
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise Malformed("jwk_private")
    if jwk.get("use", "sig") != "sig":
        raise Malformed("jwk_use")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise Malformed("jwk_key_ops")
    try:
        material, algorithms = _material(jwk)
    except Malformed:
        raise
    except Exception as error:  # whatever the library makes of hostile numbers, it is no key
        raise Malformed("jwk") from error
    # Each type of key has one algorithm here, so a name of one can only agree or not.
    if "alg" in jwk and jwk["alg"] not in tuple(algorithms):
        raise Malformed("jwk_alg")
    return VerifyingKey(material, material.thumbprint(), algorithms)


def _material(jwk: Mapping[str, object]) -> tuple[Key, frozenset[str]]:
    # Only the members that make the key are handed on: nothing else in a stranger's key can steer the library.
    match jwk.get("kty"), jwk.get("crv"):
        case "EC", "P-256":
            x, y = _octets(jwk, "x", _COORDINATE_BYTES), _octets(jwk, "y", _COORDINATE_BYTES)
            return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y}), frozenset({"ES256"})
        case "OKP", "Ed25519":
            x = _octets(jwk, "x", _COORDINATE_BYTES)
            return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}), frozenset({"EdDSA", "Ed25519"})
        case "RSA", _:
            modulus, bits = _number(jwk, "n")
            exponent, exponent_bits = _number(jwk, "e")
            if bits not in _RSA_BITS or exponent_bits > 8 * _RSA_EXPONENT_BYTES:
                raise Malformed("jwk_rsa_size")
            return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent}), frozenset({"PS256"})
        case _:
            raise Malformed("jwk_type")


def _octets(jwk: Mapping[str, object], name: str, size: int) -> str:
    """Return the text of a fixed-size member (RFC 7518 section 6.2.1.2, RFC 8037 section 2)."""
    text = jwk.get(name)
    if not isinstance(text, str) or len(urlsafe_b64decode(text.encode("ascii"))) != size:
        raise Malformed("jwk_member")
    return text


def _number(jwk: Mapping[str, object], name: str) -> tuple[str, int]:
    """Return the text and the bits of an unsigned integer in its shortest form (RFC 7518 section 2)."""
    text = jwk.get(name)
    if not isinstance(text, str):
        raise Malformed("jwk_member")
    octets = urlsafe_b64decode(text.encode("ascii"))
    number = int.from_bytes(octets, "big")
    shortest = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if urlsafe_b64encode(shortest).decode() != text:
        raise Malformed("jwk_member")
    return text, number.bit_length()
