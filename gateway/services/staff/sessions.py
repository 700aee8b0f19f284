"""
Sessions of the people who signed in: kept here and not in the browser, so that they end when they must.

INVARIANT: a session is of one realm and is found by no other; who somebody is and which roles they have is asked anew
at every request (claim 7).
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.roles import Role
from audit.change import append_change
from audit.entry import leaf, stamp
from audit.events import Event
from audit.log import Log
from gateway.services.grants import Grants
from gateway.services.staff.errors import SessionOver, SignInReplayed, StaffSuspended
from gateway.services.staff.invitations import redeem
from gateway.services.staff.session import (
    SECRET_BYTES,
    Authentication,
    Session,
    SessionLine,
    csrf_of,
    hashed,
    secret_of,
)
from gateway.services.standing.identity import Identity, Person, Realm
from gateway.services.standing.registry import Moment, read_moment
from gateway.store.tables import staff_session

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
"""A working day. NIST SP 800-63B section 4.2.3 asks for both limits at its second level."""
_NUMBER_BYTES: Final = 16
_FOUND: Final = (
    staff_session.c.number,
    staff_session.c.issuer,
    staff_session.c.subject,
    staff_session.c.began_at,
    staff_session.c.ends_at,
    staff_session.c.acr,
    staff_session.c.amr,
    staff_session.c.auth_time,
    staff_session.c.most_roles,
)
_PURGE: Final = text("DELETE FROM gateway.staff_session WHERE ends_at <= :now OR seen_at <= :idle")


class Sessions:
    """
    Opens, finds and ends sessions, each act with its entry in one transaction.

    INVARIANT: nothing begins while the log is halted; what ends a session ends it nevertheless.
    """

    def __init__(
        self, engine: AsyncEngine, grants: Grants, log: Log, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self.engine = engine
        self._grants = grants
        self._log = log
        self._random = random

    async def open(self, proved: Authentication) -> str:
        """
        Open a session for whoever signed in; return the secret for the cookie, which is kept nowhere.

        Raises `StaffSuspended` (on record), `SignInReplayed`, `LogUnavailable`, and the database's errors: then
        there is no session.
        """
        person, _, moment = await self._standing(proved.identity)
        if person is not None and await self._is_stopped(person):
            await self._append(moment, Event.STAFF_SIGN_IN_REFUSED, person=person.id, reason=StaffSuspended.code)
            raise StaffSuspended("Whoever signed in is suspended.")
        secret = self.new_secret()
        number = self._random(_NUMBER_BYTES).hex()
        try:
            async with self.engine.begin() as connection:
                now = (await read_moment(connection)).now
                await connection.execute(_PURGE, {"now": now, "idle": now - IDLE})
                await connection.execute(insert(staff_session).values(_row(proved, number, secret, now)))
                if person is not None:
                    await _signed_in(connection, now, person, number, proved)
                self.require_log()
        except IntegrityError:
            raise SignInReplayed("This sign-in opened a session already.") from None
        return secret

    async def find(self, realm: Realm, secret: str) -> Session:
        """
        Return the session of this secret, in this realm, and note that it was used.

        Raises `SessionOver` for an unknown, foreign, idle or over-long one alike; one of somebody suspended ends here.
        """
        async with self.engine.begin() as connection:
            now = (await read_moment(connection)).now
            row = (
                await connection.execute(
                    update(staff_session)
                    .where(
                        staff_session.c.id == hashed(secret),
                        staff_session.c.realm == realm.value,
                        staff_session.c.ends_at > now,
                        staff_session.c.seen_at > now - IDLE,
                    )
                    .values(seen_at=now)
                    .returning(*_FOUND)
                )
            ).one_or_none()
        if row is None:
            raise SessionOver("There is no such session.")
        identity = Identity(realm, row.issuer, row.subject)
        person, roles, _ = await self._standing(identity)
        if person is not None and await self._is_stopped(person):
            await self.revoke(row.number, person, by=None, reason=StaffSuspended.code)
            raise SessionOver("Whoever was signed in is suspended.")
        if row.most_roles is not None:
            roles &= {Role(each) for each in row.most_roles}
        return Session(
            number=row.number,
            realm=realm,
            identity=identity,
            person=person,
            roles=roles,
            began_at=row.began_at,
            ends_at=row.ends_at,
            acr=row.acr,
            amr=tuple(row.amr),
            auth_time=row.auth_time,
            csrf=csrf_of(secret),
        )

    async def take_up(self, session: Session, code: str) -> str:
        """
        Take up an invitation with the identity of this session; return the session's new secret.

        Raises `InvitationRefused`, `IdentityTaken`, `LogUnavailable`.
        """
        secret = self.new_secret()
        async with self.engine.begin() as connection:
            person = await redeem(connection, code, session.identity)
            await renew(connection, session.number, secret)
            now = (await read_moment(connection)).now
            await _signed_in(connection, now, person, session.number, session)
            self.require_log()
        return secret

    async def sign_out(self, session: Session) -> None:
        """End a session by whoever it belongs to. It is gone before the entry is tried: a stop waits for nothing."""
        await self._end(session.number, session.person, Event.STAFF_SIGNED_OUT)

    async def listed(self, session: Session) -> tuple[SessionLine, ...]:
        """Return the sessions of the identity that is signed in, the newest first."""
        async with self.engine.connect() as connection:
            now = (await read_moment(connection)).now
            found = await connection.execute(
                select(
                    staff_session.c.number, staff_session.c.began_at, staff_session.c.seen_at, staff_session.c.ends_at
                )
                .where(*_of(session.identity), staff_session.c.ends_at > now, staff_session.c.seen_at > now - IDLE)
                .order_by(staff_session.c.began_at.desc())
            )
            return tuple(SessionLine(*row) for row in found)

    async def revoke_own(self, session: Session, number: str) -> None:
        """End another session of one's own. Raises `SessionOver` if it is not there, or somebody else's: alike."""
        if number not in {line.number for line in await self.listed(session)}:
            raise SessionOver("There is no such session of this person.")
        await self.revoke(number, session.person, by=session.person, reason="own")

    async def revoke(self, number: str, person: Person | None, *, by: Person | None, reason: str) -> None:
        """End a session; the entry follows, so that a log that is away never keeps a session open."""
        ended_by = None if by is None else by.id
        await self._end(number, person, Event.STAFF_SESSION_REVOKED, reason=reason, by=ended_by)

    def require_log(self) -> None:
        """Check, last in a transaction, that the log takes the entry in it. Raises `LogUnavailable`."""
        self._log.require_taking()

    def new_secret(self) -> str:
        """Return a new secret for a cookie: 256 bits."""
        return secret_of(self._random(SECRET_BYTES))

    async def _end(self, number: str, person: Person | None, event: Event, **body: object) -> None:
        async with self.engine.begin() as connection:
            ended = await connection.execute(delete(staff_session).where(staff_session.c.number == number))
        if ended.rowcount and person is not None:
            _, moment = await self._grants.registry()
            await self._append(moment, event, person=person.id, session=number, **body)

    async def _append(self, moment: Moment, event: Event, **body: object) -> None:
        async with self.engine.begin() as connection:
            await append_change(connection, leaf(event, moment.now, **body), moves_epoch=False)
            self.require_log()

    async def _standing(self, identity: Identity) -> tuple[Person | None, frozenset[Role], Moment]:
        registry, moment = await self._grants.registry()
        staff = registry.staff
        return staff.person_of(identity), staff.roles_of(identity, moment.received), moment

    async def _is_stopped(self, person: Person) -> bool:
        registry, _ = await self._grants.registry()
        return person.id in registry.staff.stopped


async def renew(connection: AsyncConnection, number: str, secret: str) -> None:
    """Give a session a new secret in the caller's transaction; the old one is worth nothing. Raises `SessionOver`."""
    done = await connection.execute(
        update(staff_session).where(staff_session.c.number == bindparam("wanted")).values(id=bindparam("secret")),
        {"wanted": number, "secret": hashed(secret)},
    )
    if not done.rowcount:
        raise SessionOver("The session ended meanwhile.")


async def _signed_in(
    connection: AsyncConnection, now: datetime, person: Person, number: str, proved: Authentication | Session
) -> None:
    written = leaf(
        Event.STAFF_SIGNED_IN,
        now,
        person=person.id,
        session=number,
        acr=proved.acr,
        amr=list(proved.amr),
        auth_time=stamp(proved.auth_time),
    )
    await append_change(connection, written, moves_epoch=False)


def _of(identity: Identity) -> tuple[Any, ...]:
    return (
        staff_session.c.realm == identity.realm.value,
        staff_session.c.issuer == identity.issuer,
        staff_session.c.subject == identity.subject,
    )


def _row(proved: Authentication, number: str, secret: str, now: datetime) -> dict[str, object]:
    return {
        "number": number,
        "id": hashed(secret),
        "login": proved.login,
        "realm": proved.identity.realm.value,
        "issuer": proved.identity.issuer,
        "subject": proved.identity.subject,
        "began_at": now,
        "seen_at": now,
        "ends_at": now + LONGEST,
        "acr": proved.acr,
        "amr": list(proved.amr),
        "auth_time": proved.auth_time,
        "most_roles": None if proved.most_roles is None else sorted(each.value for each in proved.most_roles),
    }
