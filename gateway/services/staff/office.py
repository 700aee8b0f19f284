"""
Giving and ending roles, suspending and erasing those who sign in, as the loader role.

To give takes two officers. To end, to suspend and to erase takes one person and no signature, and nothing that could
fail is asked before it is written: a stop acts on the next request (claim 7).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.in_force import verify_reinstatement
from agreements.roles import Role
from agreements.signature import Envelope, Kind
from agreements.staffing import VerifiedStaffRole, require_given_by_others, verify_staff_role
from agreements.store import document as registered
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.errors import Sentence
from gateway.services.errors import NothingToUndo
from gateway.services.filing import Desk
from gateway.services.staff.errors import NoSuchRole, StaffRoleRefused, UnknownPerson
from gateway.services.staff.invitations import Invitation, invite
from gateway.services.standing.identity import by as said_by
from gateway.services.standing.registry import Registry, read_moment
from gateway.services.standing.staff import Link, StaffRoles
from gateway.store.papers import passkey
from gateway.store.tables import staff_identity, staff_invitation, staff_stop

ENDED_BY_OFFICE: Final = "office"
_END_SESSIONS = text(
    "DELETE FROM gateway.staff_session AS s USING gateway.staff_identity AS i WHERE i.person = :person"
    " AND (s.realm, s.issuer, s.subject) = (split_part(i.party, ':', 1), i.issuer, i.subject) RETURNING s.number"
)
"""A party's kind is the realm of its staff."""
_KNOWN = text("SELECT EXISTS (SELECT FROM gateway.staff_identity WHERE person = :person)")


@dataclass(frozen=True, slots=True)
class RoleLine:
    """One role as it is listed: `counts` says whether it does now, suspension aside."""

    document: str
    role: Role
    first_day: date
    last_day: date
    entry: int
    counts: bool


@dataclass(frozen=True, slots=True)
class StaffLine:
    """
    One person as listed: no name and no identity. `identity` is what officers sign when they give a role.

    `invited_by` is who signed in to invite them, None where a command did.
    """

    person: str
    party: str
    identity: str
    check_number: str
    linked: int
    suspended: int | None
    invited_by: str | None
    roles: tuple[RoleLine, ...]


class StaffOffice:
    """What the office does about the people who sign in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def invite(self, party: str, hours: int, person: str | None = None, *, by: str | None = None) -> Invitation:
        """
        Invite somebody new to the staff of `party`, or somebody known to sign in by another identity.

        `by` is who signed in to invite. Raises `UnknownPerson` if the person is not known as one of that party.
        """
        async with self._desk.filing() as filing:
            if person is not None and party not in {
                link.person.party for link in filing.registry.staff.links.values() if link.person.id == person
            }:
                raise UnknownPerson(f"{person} is not known as one of the staff of {party}.")
            return await invite(filing.connection, party, hours, person, by)

    async def give(self, document: Envelope) -> int:
        """Bring a role into force; return the entry. Raises an `AgreementError`, `StaffRoleRefused`."""
        async with self._desk.filing() as filing:
            role = verify_staff_role(filing.filed(document), authority=filing.authority)
            given, staff = role.given, filing.registry.staff
            # (1): it is for exactly the identity that the person signs in by, and its staff.
            link = _link_of(staff, given.person)
            if link is None or (given.identity, given.party) != (link.person.commitment, link.person.party):
                raise StaffRoleRefused("The role is for another identity or party than the person signs in with now.")
            # (2): nobody gives a role to themselves, by no key known now, and none that this document makes known.
            if given.officer_key is None:
                require_given_by_others(role.officers, staff.own_keys.get(given.person, frozenset()), filing.authority)
            else:
                _require_gave_nothing(staff, role, filing.registry)
            return await filing.file(
                Event.ROLE_GIVEN,
                document,
                concerns=None,
                person=given.person,
                role=given.role.value,
                party=given.party,
                identity=given.identity,
                first_day=given.first_day.isoformat(),
                last_day=given.last_day.isoformat(),
                officers=sorted(officer.key.thumbprint for officer in role.officers),
            )

    async def end(self, document: str, reason: str, *, by: str | None = None) -> int:
        """End a role, by the digest of its document; it never comes back. Raises `NoSuchRole`."""
        async with self._desk.engine.begin() as connection:
            found = select(registered.c.envelope).where(
                registered.c.digest == bytes.fromhex(document.removeprefix("sha256:")),
                registered.c.kind == Kind.STAFF_ROLE.value,
            )
            if await connection.scalar(found) is None or await _is_stopped(connection, document):
                raise NoSuchRole(f"No role was given by {document}, or it ended already.")
            return await _stop(connection, Event.ROLE_ENDED, document, reason, given=document, **said_by(by))

    async def suspend(self, person: str, reason: str, *, by: str | None = None) -> int:
        """Stop somebody in every role, until an officer reinstates them. Raises `UnknownPerson`."""
        async with self._desk.engine.begin() as connection:
            await _require_known(connection, person)
            return await _stop(connection, Event.STAFF_SUSPENDED, person, reason, person=person, **_acting(by))

    async def reinstate(self, document: Envelope) -> int:
        """
        Undo the suspension of a person by a document that another person signed as officer; return the entry.

        Raises an `AgreementError`, `NothingToUndo`.
        """
        async with self._desk.filing() as filing:
            verified = verify_reinstatement(filing.filed(document), authority=filing.authority)
            lifted, staff = verified.reinstatement, filing.registry.staff
            if staff.stopped.get(lifted.subject) != lifted.undoes or not lifted.subject.startswith("user:"):
                raise NothingToUndo(
                    f"Entry {lifted.undoes} is not the suspension in force of {lifted.subject}.",
                    remedy=Sentence("`pactgate staff list` shows the entry of the suspension."),
                )
            own = staff.own_keys.get(lifted.subject, frozenset())
            require_given_by_others(verified.officers, own, filing.authority)
            return await filing.file(
                Event.STAFF_ACTIVATED, document, concerns=None, person=lifted.subject, undoes=lifted.undoes
            )

    async def erase(self, person: str, *, by: str | None = None) -> int:
        """
        Erase who a person is: identities, sessions, open invitations, passkeys made here; every role ends.

        Raises `UnknownPerson`. What is in the log stays, and leads nowhere any more.
        """
        async with self._desk.engine.begin() as connection:
            await _require_known(connection, person)
            moment = await read_moment(connection)
            # A session holds the identity in the clear, so it goes along; what was proved for its acts goes with it.
            await connection.execute(_END_SESSIONS, {"person": person})
            await connection.execute(delete(staff_invitation).where(staff_invitation.c.person == person))
            await connection.execute(delete(passkey).where(passkey.c.person == person))
            await connection.execute(delete(staff_identity).where(staff_identity.c.person == person))
            return await append_change(connection, leaf(Event.STAFF_ERASED, moment.now, person=person, **_acting(by)))

    async def end_sessions(self, person: str, *, by: str | None = None) -> int:
        """
        End every session of a person, by whichever identity it was opened; return how many. Raises `UnknownPerson`.

        They are over before the entries are tried: a log that is away keeps no session open.
        """
        async with self._desk.engine.begin() as connection:
            await _require_known(connection, person)
            ended = (await connection.execute(_END_SESSIONS, {"person": person})).scalars().all()
        async with self._desk.engine.begin() as connection:
            now = (await read_moment(connection)).now
            for number in sorted(ended):
                said = leaf(
                    Event.STAFF_SESSION_REVOKED, now, person=person, session=number, reason=ENDED_BY_OFFICE, by=by
                )
                await append_change(connection, said, moves_epoch=False)
        return len(ended)

    async def people(self) -> tuple[StaffLine, ...]:
        """List everybody who may sign in, by the entry that linked them, with the roles that were not ended."""
        moment, registry = await self._desk.registry()
        staff = registry.staff
        return tuple(
            StaffLine(
                person=link.person.id,
                party=link.person.party,
                identity=link.person.commitment,
                check_number=link.person.check_number,
                linked=link.index,
                suspended=staff.stopped.get(link.person.id),
                invited_by=link.invited_by,
                roles=tuple(
                    RoleLine(
                        document=role.digest,
                        role=role.given.role,
                        first_day=role.given.first_day,
                        last_day=role.given.last_day,
                        entry=role.received.index,
                        counts=staff.counts(role, link, moment.received),
                    )
                    for role in staff.given
                    if role.given.person == link.person.id
                ),
            )
            for link in sorted(staff.links.values(), key=lambda each: each.index)
        )


def _acting(person: str | None) -> dict[str, str]:
    """Return what an entry about somebody says of who did it; nothing where a command acts."""
    return {} if person is None else {"by": person}


def _link_of(staff: StaffRoles, person: str) -> Link | None:
    return next((link for link in staff.links.values() if link.person.id == person), None)


def _require_gave_nothing(staff: StaffRoles, officer: VerifiedStaffRole, registry: Registry) -> None:
    """Check that the officer, as whom somebody is made known, gave that person none of the roles they have."""
    own = [each.officers for each in staff.given if each.given.person == officer.given.person]
    for officers in own:
        require_given_by_others(officers, {officer.given.officer_key or ""}, registry.authority)


async def _stop(connection: AsyncConnection, event: Event, subject: str, reason: str, **body: str) -> int:
    moment = await read_moment(connection)
    index = await append_change(connection, leaf(event, moment.now, **body))
    await connection.execute(insert(staff_stop).values({"subject": subject, "idx": index, "reason": reason}))
    return index


async def _is_stopped(connection: AsyncConnection, subject: str) -> bool:
    return await connection.scalar(select(staff_stop.c.idx).where(staff_stop.c.subject == subject).limit(1)) is not None


async def _require_known(connection: AsyncConnection, person: str) -> None:
    """Check that somebody is known: a misspelt id must not look like a stop."""
    if not await connection.scalar(_KNOWN, {"person": person}):
        raise UnknownPerson(f"Nobody signs in as {person}.")
