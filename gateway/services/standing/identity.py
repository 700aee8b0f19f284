"""
Who signs in: an identity at an identity provider, and the person it belongs to here.

INVARIANT: an identity is personal data. It stands in one erasable row and in memory, never in a leaf, a log line, an
error or a signed document; these hold a salted commitment to it, and the person's random id.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from agreements.canonical import canonical_bytes

SALT_BYTES: Final = 32
DEVELOPMENT: Final = "urn:pactgate:development"
"""Issuer, and strength (`acr`), of whoever picked who they are; the database refuses it outside a demo."""
_SHOWN: Final = 16


class Realm(StrEnum):
    """Whose identity provider it is: the district's own staff and partners' staff sign in apart from each other."""

    DISTRICT = "district"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who an identity provider says somebody is: `issuer` and `subject` (OpenID Connect Core section 2), never an e-mail.

    INVARIANT: `realm` is that of the registration that the sign-in came by, whatever the provider says.
    """

    realm: Realm
    issuer: str = field(repr=False)
    subject: str = field(repr=False)

    def commitment(self, salt: bytes) -> str:
        """Return the commitment `sha256:<hex>` (HMAC-SHA256, RFC 2104): without the salt it says nothing."""
        said = canonical_bytes([self.realm.value, self.issuer, self.subject])
        return f"sha256:{hmac.new(salt, said, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody who may sign in: a random id, and whose staff it is.

    `commitment` is that to the person's identity: what officers sign when they give a role.
    """

    id: str
    party: str
    commitment: str

    @property
    def realm(self) -> Realm:
        """By which registration the person signs in."""
        return realm_of(self.party)

    @property
    def check_number(self) -> str:
        """What the person reads out to the officers before they sign: the commitment's beginning, in groups of four."""
        shown = self.commitment.removeprefix("sha256:")[:_SHOWN]
        return " ".join(shown[at : at + 4] for at in range(0, _SHOWN, 4))


def realm_of(party: str) -> Realm:
    """Return by which registration the staff of this party sign in."""
    return Realm(party.partition(":")[0])


def by(person: str | None) -> dict[str, str]:
    """Return what an entry says of somebody who signed in to act; nothing where a command acts."""
    return {} if person is None else {"person": person}
