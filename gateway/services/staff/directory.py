"""
What sign-in asks: who is this, in which roles now, and whom does an invitation make known.

INVARIANT: asked on every request, from what stands at this moment: a role that ended, or a person who was suspended, is
out with the next request, whatever session is open (claim 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.roles import Role
from audit.log import Log
from gateway.services.errors import UnknownPerson
from gateway.services.grants import Grants
from gateway.services.staff.invitations import redeem
from gateway.services.staff.mapping import RoleMapping
from gateway.services.staff.students import Opening, openings
from gateway.services.standing.identity import Identity, Person, Realm


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A person and the roles held now: `roles` in all, `mapped` those among them that rest on the provider's word alone.

    `suspended` is the entry of the stop; then there are no roles, mapped ones neither. `epoch` is when it was judged.
    """

    person: Person
    roles: frozenset[Role]
    mapped: frozenset[Role]
    suspended: int | None
    epoch: int


class StaffDirectory:
    """The people who sign in, as the gateway knows them."""

    def __init__(self, grants: Grants, engine: AsyncEngine, log: Log, mapping: RoleMapping | None = None) -> None:
        self._grants = grants
        self._engine = engine
        self._log = log
        self._mapping = mapping or RoleMapping()

    async def standing(self, identity: Identity, claims: Mapping[str, object] | None = None) -> Standing:
        """
        Return who this is and in which roles now; `claims` are those of the verified ID token, for mapped roles.

        Raises `UnknownPerson` for whoever took up no invitation, whatever the provider says of them.
        """
        registry, moment = await self._grants.registry()
        staff = registry.staff
        person = staff.person_of(identity)
        if person is None:
            raise UnknownPerson("Nobody here signs in by this identity.")
        suspended = staff.stopped.get(person.id)
        # Mapped roles are the district's own: a partner's provider says nothing about who the partner's people are.
        is_mapped = suspended is None and identity.realm is Realm.DISTRICT
        mapped = self._mapping.roles(claims or {}) if is_mapped else frozenset[Role]()
        given = staff.roles_of(identity, moment.received)
        return Standing(person, given | mapped, mapped - given, suspended, moment.epoch)

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
