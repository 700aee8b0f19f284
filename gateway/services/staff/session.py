"""
A session, and the secret that it is found by: what stands in the cookie, and what the database keeps of it.

INVARIANT: the database holds the digest of what the cookie holds and never that itself.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from agreements.roles import Role
from gateway.services.standing.identity import Identity, Person, Realm

SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Authentication:
    """
    What an identity provider proved about somebody, checked by the gateway: made by `gateway.signin` alone.

    `login` is the digest of the sign-in it came by, good for one session. `most_roles` are the roles that the
    provider's claims leave to the person, None for all of them: claims narrow and never give.
    """

    identity: Identity
    login: bytes = field(repr=False)
    acr: str | None
    amr: tuple[str, ...]
    auth_time: datetime
    most_roles: frozenset[Role] | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """
    Somebody who is signed in, as this request found them.

    `person` is None for whoever proved an identity that nobody here was invited with. `csrf` is the synchronizer token
    of the session; it is derived from the cookie's secret, so it ends with it.
    """

    number: str
    realm: Realm
    identity: Identity = field(repr=False)
    person: Person | None
    roles: frozenset[Role]
    began_at: datetime
    ends_at: datetime
    acr: str | None
    amr: tuple[str, ...]
    auth_time: datetime
    csrf: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session as it is listed for the person whose it is."""

    number: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime


def hashed(secret: str) -> bytes:
    """Return what the database keeps of a secret. It is random and long, so it needs no salt."""
    return hashlib.sha256(b"pactgate session " + secret.encode(errors="replace")).digest()


def csrf_of(secret: str) -> str:
    """Return the synchronizer token that goes with a session's secret and tells nothing about it."""
    digest = hashlib.sha256(b"pactgate form " + secret.encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def secret_of(drawn: bytes) -> str:
    """Return random bytes as the secret of a cookie."""
    return base64.urlsafe_b64encode(drawn).rstrip(b"=").decode()
