"""
The key set that a partner publishes for its client (RFC 7517 section 5): read strictly, kept in one form.

INVARIANT: a set is taken whole or not at all. A set with something in it that we would not register is not one that was
made for this purpose, and to pick from it would be to guess.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from agreements.canonical import Json, canonical_bytes, read_json
from agreements.errors import BadKey
from agreements.keys import CLIENT_ALGORITHMS, PublicKey, read_public_key
from agreements.private_keys import PRIVATE_MEMBERS

MOST_KEYS: Final = 20
MOST_BYTES: Final = 65_536
COUNTS_FOR: Final = timedelta(hours=24)
"""How long a set counts after it was fetched: what the partner took out of it is over then, whatever happens."""
_KID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "n", "e", "alg", "use"})
_NAMES: Final = {"EdDSA": "Ed25519"}
"""RFC 9864 renamed it; partners' software says either."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key, and the `kid` under which the partner's assertions name it."""

    kid: str
    key: PublicKey


def own_kid(key: PublicKey) -> PublishedKey:
    """Return a key of a signed annex: there its thumbprint names it."""
    return PublishedKey(key.thumbprint, key)


def read_published(raw: bytes) -> tuple[PublishedKey, ...]:
    """
    Read what was fetched.

    Raises `MalformedDocument` if it is not JSON, `BadKey` for anything in it that we would not register.
    """
    if len(raw) > MOST_BYTES:
        raise BadKey("The key set is too large.")
    content = read_json(raw)
    listed = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_KEYS:
        raise BadKey(f"The key set must list 1 to {MOST_KEYS} keys.")
    keys = tuple(sorted((_key(each) for each in listed), key=lambda each: each.kid))
    for names in ([each.kid for each in keys], [each.key.thumbprint for each in keys]):
        if len(set(names)) != len(names):
            raise BadKey("The key set lists a key, or a kid, twice.")
    return keys


def published_bytes(keys: Sequence[PublishedKey]) -> bytes:
    """Return the one form in which a set is kept, and whose digest the log has."""
    listed: list[Json] = [{**each.key.jwk, "kid": each.kid} for each in keys]
    return canonical_bytes({"keys": listed})


def _key(jwk: Json) -> PublishedKey:
    if not isinstance(jwk, dict):
        raise BadKey("A key must be a JSON Web Key object.")
    if PRIVATE_MEMBERS & set(jwk):
        raise BadKey("The key set publishes private members. Treat the key as disclosed: make a new one.")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or operations != ["verify"]:
        raise BadKey("A key of the set is not for verifying signatures.")
    # Certificates and the like are members that RFC 7517 section 4 has us ignore; nothing is ever fetched from them.
    members = {name: value for name, value in jwk.items() if name in _MEMBERS}
    name = members.get("alg")
    if isinstance(name, str):
        members["alg"] = _NAMES.get(name, name)
    key = read_public_key(members, CLIENT_ALGORITHMS)
    kid = jwk.get("kid", key.thumbprint)
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise BadKey("A kid must be 1 to 128 letters, digits, dots, hyphens and underscores.")
    return PublishedKey(kid, key)
