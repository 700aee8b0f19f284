"""People who sign in, as the tests know them: made-up identities, and roles that officers give them."""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from agreements.documents.staff_role import StaffRole, staff_role_bytes
from agreements.keys import SigningKey
from agreements.roles import Role
from agreements.signature import Envelope, Kind
from gateway.services.staff.office import StaffOffice
from gateway.services.staff.session import Authentication
from gateway.services.standing.identity import Identity, Person, Realm
from tests.factories.agreements import Keyring
from tests.factories.gateway import NOON, Gateway

DISTRICT: Final = "district:emerald-city"
DISTRICT_IDP, PARTNER_IDP = "https://id.district.example", "https://id.partners.example"
SUBJECT: Final = "subject-of-somebody-7f3a"
"""What must stand nowhere but in its one row."""
_PERSON: Final = "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d10"


def given_role(role: Role = Role.STEWARD, **changes: Any) -> StaffRole:
    """Return a role of the district's staff, on the days of the example agreements."""
    made = StaffRole(
        person=_PERSON,
        identity=f"sha256:{'ab' * 32}",
        role=role,
        party="partner:bright-path" if role.is_partners else DISTRICT,
        first_day=dt.date(2026, 8, 15),
        last_day=dt.date(2027, 7, 31),
        reason="The work of this school year.",
    )
    return replace(made, **changes)


def signed_role(given: StaffRole, keys: Sequence[SigningKey]) -> Envelope:
    """Return the document, signed by these keys."""
    return Keyring.sign(Kind.STAFF_ROLE, staff_role_bytes(given), *keys)


def identity(name: str = SUBJECT, realm: Realm = Realm.DISTRICT) -> Identity:
    """Return who an identity provider says somebody is."""
    return Identity(realm, DISTRICT_IDP if realm is Realm.DISTRICT else PARTNER_IDP, name)


def proved(who: Identity) -> Authentication:
    """Return a fresh sign-in of somebody, as the gateway's checks leave it."""
    return Authentication(who, secrets.token_bytes(32), "two", ("pwd", "otp"), NOON)


@dataclass
class StaffRoom:
    """The people who sign in at one gateway, and the office that gives them roles."""

    gateway: Gateway

    @property
    def officers(self) -> list[SigningKey]:
        return [person.key for person in self.gateway.deployment.ring.officers[:2]]

    async def office(self) -> StaffOffice:
        return StaffOffice((await self.gateway.office()).desk)

    async def come_in(self, who: Identity, party: str = DISTRICT, person: str | None = None) -> Person:
        """Have somebody invited, and take up the invitation as the gateway does it."""
        made = await (await self.office()).invite(party, 72, person)
        return await self.gateway.services.staff.redeem(made.code, who)

    def role_for(self, person: Person, role: Role, **changes: Any) -> StaffRole:
        usual = {
            "person": person.id,
            "identity": person.commitment,
            "party": person.party,
            "first_day": NOON.date(),
            "last_day": NOON.date() + dt.timedelta(days=200),
        }
        return given_role(role, **{**usual, **changes})

    async def give(
        self, person: Person, role: Role, *, keys: Sequence[SigningKey] | None = None, **changes: Any
    ) -> str:
        """Give a role and return the digest of its document."""
        document = signed_role(self.role_for(person, role, **changes), keys or self.officers)
        await (await self.office()).give(document)
        return document.digest

    async def roles(self, who: Identity) -> set[Role]:
        """Return the roles that somebody has at this moment, as a request finds them; none for a stranger."""
        registry, moment = await self.gateway.services.grants.registry()
        return set(registry.staff.roles_of(who, moment.received))

    async def person(self, who: Identity) -> Person | None:
        """Return whose identity it is at this moment; None for a stranger."""
        registry, _ = await self.gateway.services.grants.registry()
        return registry.staff.person_of(who)
