"""
The analyses of one installation: each reads what it needs in one snapshot, and `policies.analyse` computes the answer.

All but the question about one student read what was signed and what was logged, never records.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.document import Agreement
from gateway.services.analysis.past import Law, Past, read_past
from gateway.services.analysis.replaying import Replayed, replay
from gateway.services.analysis.requests import first_since, logged_requests, time_at
from gateway.services.analysis.students import covering, put_on_record
from gateway.services.analysis.supposed import Supposed
from gateway.services.errors import UnknownPartner
from gateway.services.filing import Desk
from gateway.services.standing.registry import Alarm
from gateway.wrapping_keys import WrappingKeys
from policies.analyse.changes import Change, changes
from policies.analyse.dead import Dead, dead
from policies.analyse.linking import Joinable, joinable, load_linking
from policies.analyse.obtained import Obtained, obtained
from policies.analyse.together import AddsUp, Holding, adding_up, together
from policies.analyse.unused import Asked, Unused, unused
from policies.analyse.who import who


@dataclass(frozen=True, slots=True)
class Who:
    """Who can obtain an element, at `at` or ever; `entry` is that of the look at a student."""

    element: str
    at: datetime | None
    found: tuple[Obtained, ...]
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """What one partner holds, what of it adds up, and by what its records and those of others could be joined."""

    partner: str
    holdings: tuple[Holding, ...]
    adding_up: tuple[AddsUp, ...]
    joinable: tuple[Joinable, ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """What nobody asked for, from `since` up to now, by the entries from `first` to `last`."""

    since: datetime
    first: int
    last: int
    unused: tuple[Unused, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What changes from `since` on."""

    since: datetime
    changes: tuple[Change, ...]


class Analyses:
    """Analyses one installation, by the law of this release."""

    def __init__(self, desk: Desk, law: Law, alarm: Alarm) -> None:
        self._desk = desk
        self._law = law
        self._alarm = alarm

    async def who(self, element: str, *, at: datetime | None, ever: bool) -> Who:
        """Return who can obtain an element now, at an instant, or ever. Raises `UnknownElement`."""
        async with self._past() as (past, _):
            moment = None if ever else at or past.moment.now
            return Who(element, moment, who(self._law.state(past.now), element, moment))

    async def who_of_student(self, element: str, number: str, subject_key: WrappingKeys, *, at: datetime | None) -> Who:
        """
        Return who can obtain an element of one student, on record before it is looked up.

        Raises `UnknownElement`, `UnknownStudent`; nobody was looked at then.
        """
        self._law.catalogue.element(element)
        async with self._desk.engine.begin() as connection:
            student, entry = await put_on_record(connection, number, element, subject_key)
        async with self._past() as (past, connection):
            moment, state = at or past.moment.now, self._law.state(past.now)
            found = await covering(connection, state, who(state, element, moment), student, moment)
        return Who(element, moment, found, entry)

    async def together(self, partner: str | None) -> tuple[Together, ...]:
        """Return what one partner, or each of them, holds. Raises `UnknownPartner`."""
        async with self._past() as (past, _):
            found = tuple(obtained(self._law.state(past.now)))
            partners = {each.document.partner.id for each in past.now.granted.values()}
        if partner is not None and partner not in partners:
            raise UnknownPartner(f"No agreement with {partner} is in force.")
        joined = joinable(found, load_linking())
        return tuple(_together(found, each, joined) for each in sorted(partners) if partner in {None, each})

    async def unused(self, period: timedelta) -> Idle:
        """Return what was granted and not asked for in the last `period`; refusals count as asked."""
        async with self._past() as (past, connection):
            registry, asked, since = past.now, Asked(), past.moment.now - period
            start, stop = await first_since(connection, past.moment.size, since), past.moment.size
            async for each in logged_requests(connection, start, stop, self._law.catalogue):
                known = registry.history.get(each.agreement)
                line = each.agreement if known is None else known.verified.agreement.id
                names = {e.name: e.id for e in self._law.catalogue.in_dataset(each.dataset)}
                asked.add(each.client, line, each.dataset, [names[name] for name in each.elements if name in names])
            found = obtained(self._law.state(registry))
            return Idle(since, start, stop - 1, tuple(unused(found, asked, since, past.moment.now)))

    async def dead(self) -> tuple[Dead, ...]:
        """Return what can never matter from now on."""
        async with self._past() as (past, _):
            return tuple(dead(self._law.state(past.now), past.moment.now))

    async def compare(self, *, draft: Agreement | None, law: Law | None) -> Compared:
        """Return what a draft, other guardrails or another catalogue would change if they were in force from now on."""
        async with self._past() as (past, _):
            supposed, newest = Supposed(past, draft=draft, law=law), past.moment.size
            before, after = supposed.before(newest), supposed.after(newest)
            return Compared(past.moment.now, changes(obtained(before), obtained(after), past.moment.now))

    async def compare_entries(self, before: int, after: int) -> Compared:
        """Return what changed between two entries, by the clock of the first. Raises `EntryMissing`."""
        async with self._past() as (past, connection):
            since = await time_at(connection, before)
            await time_at(connection, after)
            was, now = (obtained(self._law.state(past.after(entry))) for entry in (before, after))
            return Compared(since, changes(was, now, since))

    async def replay(self, period: timedelta, *, draft: Agreement | None, law: Law | None) -> Replayed:
        """Decide the requests of the last `period` again, as they were decided and under what is supposed."""
        async with self._past() as (past, connection):
            return await replay(connection, past, Supposed(past, draft=draft, law=law), period)

    @asynccontextmanager
    async def _past(self) -> AsyncIterator[tuple[Past, AsyncConnection]]:
        snapshot = self._desk.engine.execution_options(isolation_level="REPEATABLE READ")
        async with snapshot.connect() as connection:
            yield await read_past(connection, self._desk.trust, self._law, self._alarm), connection


def _together(found: tuple[Obtained, ...], partner: str, joined: tuple[Joinable, ...]) -> Together:
    holdings = together(found, partner)
    own = tuple(each for each in joined if partner in each.partners)
    return Together(partner, holdings, adding_up(holdings, own), own)
