"""
Compact JWS, read strictly (RFC 7515 section 7.1, RFC 8725): what is not exactly right is refused before any signature.

JSON with a repeated name, trailing bits in base64, NaN, deep nesting and other shapes on which readers disagree never
get further than this file.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from joserfc import jws
from joserfc.util import urlsafe_b64decode

from gateway.oauth.errors import Malformed
from gateway.oauth.publickeys import VerifyingKey

KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What a `kid` may look like; anything else would flow into look-ups and texts."""

_REGISTRY = jws.JWSRegistry(algorithms=["ES256", "PS256", "Ed25519"])
_JOSERFC_NAME = {"ES256": "ES256", "PS256": "PS256", "Ed25519": "Ed25519", "EdDSA": "Ed25519"}
"""Both names of Ed25519 are served; joserfc warns at the old one (RFC 9864), so it is asked for the new one."""

_PARTS = 3
_UNDERSTOOD_BY_NO_ONE = ("crit", "b64")
"""No critical extension is implemented (RFC 7515 section 4.1.11), nor unencoded payloads (RFC 7797)."""


@dataclass(frozen=True, slots=True)
class Compact:
    """A well-formed compact JWS whose signature has not been looked at. `text` is never printed."""

    header: dict[str, Any]
    claims: dict[str, Any]
    segments: tuple[str, str, str]

    def __repr__(self) -> str:
        """Show nothing of what was sent."""
        return "Compact(…)"


def split(text: str, *, limit: int) -> tuple[str, str, str]:
    """Return the three segments of `text`. Raises `Malformed` over `limit` characters or with other than 3 parts."""
    if len(text) > limit:
        raise Malformed("too_long")
    if not text.isascii():
        raise Malformed("not_ascii")
    segments = text.split(".")
    if len(segments) != _PARTS:
        raise Malformed("not_three_parts")
    header, payload, signature = segments
    if not header or not payload or not signature:
        raise Malformed("empty_part")
    return header, payload, signature


def parse(text: str, *, limit: int) -> Compact:
    """Read a compact JWS without believing it. Raises `Malformed`."""
    segments = split(text, limit=limit)
    header = read_header(segments[0])
    return Compact(header, json_object(segments[1]), segments)


def read_header(segment: str) -> dict[str, Any]:
    """Return the header in `segment`, free of anything that changes how the rest is read. Raises `Malformed`."""
    header = json_object(segment)
    if any(name in header for name in _UNDERSTOOD_BY_NO_ONE):
        raise Malformed("critical_header")
    return header


def json_object(segment: str) -> dict[str, Any]:
    """Return the JSON object encoded in `segment`. Raises `Malformed`."""
    try:
        return strict_object(urlsafe_b64decode(segment.encode("ascii")).decode())
    except ValueError as error:  # binascii.Error and UnicodeDecodeError are ValueErrors
        raise Malformed("not_base64url_json") from error


def strict_object(text: str) -> dict[str, Any]:
    """Return the JSON object in `text`. Raises `Malformed`."""
    value = strict_json(text)
    if not isinstance(value, dict):
        raise Malformed("not_an_object")
    return value


def strict_json(text: str) -> object:
    """Return the JSON value in `text`; no repeated names, no NaN, no nesting without end. Raises `Malformed`."""
    try:
        value: object = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("not_json") from error
    return value


def require_signature(segments: tuple[str, str, str], algorithm: object, key: VerifyingKey) -> None:
    """Check the signature over the first two segments with `key`. Raises `Malformed`."""
    if not isinstance(algorithm, str) or algorithm not in key.algorithms:
        raise Malformed("algorithm")
    header, payload, signature = segments
    # The algorithm alone: the header was read already, more strictly than `extract_compact` and its registry read it.
    try:
        good = _REGISTRY.get_alg(_JOSERFC_NAME[algorithm]).verify(
            f"{header}.{payload}".encode(), urlsafe_b64decode(signature.encode()), key.material
        )
    except Exception as error:  # a library that raises anything at all has not verified the signature
        raise Malformed("signature") from error
    if not good:
        raise Malformed("signature")


def _without_repeats(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("repeated name")
    return names


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
