"""
Client authentication by `private_key_jwt` (RFC 7523, FAPI 2.0 section 5.3.2.1), hardened where libraries are lenient.

Read first without believing it, to know whom to look up; believed only after `require_client`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.oauth.compact import KEY_ID, Compact, parse, require_signature
from gateway.oauth.dpop import replay_id
from gateway.oauth.errors import InvalidClient, Malformed
from gateway.oauth.publickeys import VerifyingKey, verifying_key
from gateway.registration import RegisteredClient

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION = 8_192
"""Characters; ours has about 500."""
MAX_LIFETIME = 300
"""Seconds: the replay table must stay bounded (SMART Backend Services asks for the same)."""
MAX_AHEAD = 10
"""Seconds an `iat` or `nbf` may lie ahead of our clock (FAPI 2.0 section 5.3.2.1 item 13)."""

CLIENT_ID = re.compile(r"client:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TYPES = frozenset({"jwt", "client-authentication+jwt"})
_FOREIGN_KEYS = ("jwk", "jku", "x5u", "x5c")
"""A key is one that an officer approved; a header that brings one along is not from a client of ours."""
_JTI_LENGTH = range(1, 256 + 1)


@dataclass(frozen=True, slots=True)
class ClaimedAssertion:
    """A well-formed assertion that claims to come from `client_id`. Nothing in it is believed."""

    client_id: str
    key_id: str
    jws: Compact


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """
    A client that proved its key. INVARIANT: made by `require_client` only; it may still be suspended.

    `key_id` is the thumbprint of the key, whatever `kid` the client calls it by.
    `replay_id` must be spent by the entry of whatever is answered.
    """

    client: RegisteredClient
    key_id: str
    replay_id: bytes
    replay_expires_at: datetime


def read_assertion(text: str) -> ClaimedAssertion:
    """Read an assertion far enough to know whom to look up. Raises `InvalidClient`."""
    try:
        jws = parse(text, limit=MAX_ASSERTION)
    except Malformed as error:
        raise InvalidClient(f"assertion_{error}") from error
    # (1): the header is that of an assertion, and brings no key of its own.
    kind = jws.header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise InvalidClient("assertion_typ")
    if any(name in jws.header for name in _FOREIGN_KEYS):
        raise InvalidClient("assertion_key_source")
    key_id = jws.header.get("kid")
    if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id):
        raise InvalidClient("assertion_kid")
    # (2): issuer and subject are one client of ours, by the look of it.
    subject = jws.claims.get("sub")
    if not isinstance(subject, str) or jws.claims.get("iss") != subject:
        raise InvalidClient("assertion_subject")
    if not CLIENT_ID.fullmatch(subject):
        raise InvalidClient("assertion_unknown_client")
    return ClaimedAssertion(subject, key_id, jws)


def require_client(
    claimed: ClaimedAssertion, client: RegisteredClient | None, *, issuer: str, now: float
) -> AuthenticatedClient:
    """Check that `claimed` was made by `client`, for us, for now. Raises `InvalidClient`."""
    # (1): the client exists and exactly one of its keys fits.
    if client is None or client.id != claimed.client_id:
        raise InvalidClient("assertion_unknown_client")
    algorithm = claimed.jws.header.get("alg")
    if not isinstance(algorithm, str):
        raise InvalidClient("assertion_algorithm")
    keys = [key for key in _keys(client, claimed.key_id) if algorithm in key.algorithms]
    if len(keys) != 1:
        raise InvalidClient("assertion_key")
    # (2): the signature.
    try:
        require_signature(claimed.jws.segments, algorithm, keys[0])
    except Malformed as error:
        raise InvalidClient(f"assertion_{error}") from error
    # (3): our issuer, as a string and alone (FAPI 2.0 section 5.3.2.1 item 8).
    claims = claimed.jws.claims
    if claims.get("aud") != issuer:
        raise InvalidClient("assertion_aud")
    # (4): now, and not for long.
    expires = claims.get("exp")
    if type(expires) is not int or not now < expires <= now + MAX_LIFETIME:
        raise InvalidClient("assertion_exp")
    for name in ("nbf", "iat"):
        moment = claims.get(name, 0)
        if type(moment) is not int or moment > now + MAX_AHEAD:
            raise InvalidClient(f"assertion_{name}")
    # (5): an identifier to spend.
    jti = claims.get("jti")
    if not isinstance(jti, str) or len(jti) not in _JTI_LENGTH:
        raise InvalidClient("assertion_jti")
    return AuthenticatedClient(
        client=client,
        key_id=keys[0].thumbprint,
        replay_id=replay_id("assertion", client.id, jti),
        replay_expires_at=datetime.fromtimestamp(expires + MAX_AHEAD, UTC),
    )


def _keys(client: RegisteredClient, key_id: str) -> Iterator[VerifyingKey]:
    for jwk in client.jwks:
        if jwk.get("kid") == key_id:
            try:
                yield verifying_key(jwk)
            except Malformed as error:
                raise InvalidClient("assertion_registered_key") from error
