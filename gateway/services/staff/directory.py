"""
What the pages ask about the people who sign in, and the invitation that makes somebody known.

INVARIANT: asked on every request, from what stands at this moment: a role that ended, or a person who was suspended, is
out with the next request, whatever session is open (claim 7).
"""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.roles import Role
from audit.log import Log
from gateway.services.grants import Grants
from gateway.services.staff.invitations import redeem
from gateway.services.staff.students import Opening, openings
from gateway.services.standing.identity import Identity, Person, Realm


@dataclass(frozen=True, slots=True)
class Member:
    """One identity at one identity provider: the roles it has now, none while the person is suspended."""

    subject: str = field(repr=False)
    roles: frozenset[Role]
    is_suspended: bool


class StaffDirectory:
    """The people who sign in, as the gateway knows them."""

    def __init__(self, grants: Grants, engine: AsyncEngine, log: Log) -> None:
        self._grants = grants
        self._engine = engine
        self._log = log

    async def members(self, realm: Realm, issuer: str) -> tuple[Member, ...]:
        """Return whom a provider's identities are, by subject: for the development sign-in alone, which shows them."""
        registry, moment = await self._grants.registry()
        staff = registry.staff
        return tuple(
            Member(identity.subject, staff.roles_of(identity, moment.received), link.person.id in staff.stopped)
            for identity, link in sorted(staff.links.items(), key=lambda each: each[0].subject)
            if (identity.realm, identity.issuer) == (realm, issuer)
        )

    async def students(self, identity: Identity) -> tuple[Opening, ...]:
        """Return the agreements of this person's partner, each with whether the person may open its students now."""
        registry, moment = await self._grants.registry()
        return openings(registry, identity, moment)

    async def redeem(self, code: str, identity: Identity) -> Person:
        """Take up an invitation. Raises `InvitationRefused`, `IdentityTaken`, `LogUnavailable`, the database's own."""
        async with self._engine.begin() as connection:
            person = await redeem(connection, code, identity)
            self._log.require_taking()
        return person
