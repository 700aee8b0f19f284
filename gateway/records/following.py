"""
Pages of changes: how far a partner has come, and what it has to be told to come to the present.

A partner that goes through many changes is told some of them by one state of the world and the next ones by a later
one. So what it knows is kept in stretches: up to which row it was told by which moment. The first page that reaches the
end makes one stretch of them. INVARIANT: what a partner holds that applied every page is, row for row, what the
stretches say was released; what differs from the present is told again, from the first row on, before what is further
down.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from gateway.records.difference import END, LEAD, Difference, build_difference
from gateway.records.errors import ChangesLost, ChangesOutrun, NotPermitted
from gateway.records.held import LOST, OPENING, SINCE
from gateway.records.parts import Session
from gateway.records.past import world_at
from gateway.records.reader import CLOCK_STARTS, MAX_LIMIT, STATEMENTS, Page, filters_given, key_of
from gateway.records.retention import require_readable
from gateway.records.statement import Statement
from policies.decision import Permit
from policies.memo import Memo

MOST_STRETCHES: Final = 12
"""Stretches a cursor holds. Each page that reaches past the first one makes them fewer."""
_PLANS: Final = (
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off; SET LOCAL enable_seqscan = on;"
    " SET LOCAL enable_bitmapscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"
)
"""
A page is planned by its own days and positions, which costs less than compiling it would; and in any way there is, for
many students may have to be compared (unlike a page of records, `gateway.store.database.READING`).
"""
_DAYS: Final = """
    SELECT (('epoch'::timestamptz + m.clock * interval '1 microsecond') AT TIME ZONE $2)::date AS day
    FROM unnest($1::bigint[]) WITH ORDINALITY AS m (clock, place) ORDER BY m.place
"""
_CODE, _ROW, _CHANGE, _TODAY, _LOOKED_AT, _LAST = (
    LEAD.index(name) for name in ("code", "row", "change", "today", "looked_at", "last")
)
_COMPARED: Final = 2_000
"""Students that one statement compares at most: most of those that can have moved have not, as a partner sees them."""
_ROWS_A_STUDENT: Final = 8
"""Rows that a student mostly has in a dataset of many; where there are fewer, another statement follows."""
DELETED: Final = "deleted"


@dataclass(frozen=True, slots=True)
class Told:
    """The moment by which something was told: an epoch, and the clock in microseconds since 1970."""

    epoch: int
    clock: int

    @property
    def at(self) -> dt.datetime:
        """The clock as a time."""
        return CLOCK_STARTS + dt.timedelta(microseconds=self.clock)


@dataclass(frozen=True, slots=True)
class Place:
    """A row, in the order in which changes are told. Leaves encrypted, or not at all."""

    code: str = field(repr=False)
    row: str = field(repr=False)
    """Hexadecimal."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows up to and including `until` (None: to the end), and the moment by which they were told (None: not yet)."""

    until: Place | None
    told: Told | None


BEGINNING: Final = (Stretch(None, None),)
"""Of whom nothing was told yet."""


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes: all of one epoch and one day."""

    page: Page
    """The rows that are told, created or changed, as a page has them."""
    lines: Sequence[asyncpg.Record] = field(repr=False)
    """Every change in order, those that went as well."""
    stretches: tuple[Stretch, ...] = field(repr=False)
    """How far whoever is told this page has come."""
    more: bool
    """Whether there is more to tell already."""


class Follower:
    """Reads pages of changes. Holds a pool of the app role's connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._statements: Memo[tuple[object, ...], Statement] = Memo(STATEMENTS)

    async def read_changes(self, permit: Permit, stretches: Sequence[Stretch], *, limit: int) -> Changes:
        """
        Return at most `limit` changes, for whoever was told as `stretches` say.

        Raises `ChangesLost` if nobody can tell any more what changed, `ChangesOutrun`, `NotPermitted`, `NotServed`,
        `BadFilter`.
        """
        # (1): only a decision opens this door.
        if type(permit) is not Permit or permit.epoch < 0:
            raise NotPermitted("changes are read by permits only")
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"a page has 1 to {MAX_LIMIT} rows")
        try:
            return await self._read(permit, stretches, limit)
        except _DayBegan:
            return await self._read(permit, stretches, limit)

    async def _read(self, permit: Permit, stretches: Sequence[Stretch], limit: int) -> Changes:
        connection = await self._pool.acquire()
        try:
            # One snapshot. INVARIANT: what is set here dies with the transaction, however it ends.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                await connection.execute(_PLANS)
                return await _Reading(connection, permit, limit, self._statements).read(stretches)
        finally:
            if connection.is_in_transaction():
                connection.terminate()
            await self._pool.release(connection)


async def read_past_changes(
    session: asyncpg.Connection, permit: Permit, at: dt.datetime, stretches: Sequence[Stretch], limit: int
) -> Changes:
    """
    Return the page of changes that was told by the clock `at`, as the loader role, which may read the tables.

    Raises `NotPermitted` for anything but a permit that held at `at`, `PastGone`, and what `read_changes` raises.
    """
    if type(permit) is not Permit or permit.epoch < 0 or not permit.valid_from <= at < permit.valid_until:
        raise NotPermitted("the past is read by a permit that held then")
    # Nothing is read of a state of which rows are gone; after the rows too, for they may go meanwhile.
    oldest = min([permit.epoch, *(each.told.epoch for each in stretches if each.told is not None)])
    await require_readable(session, oldest)
    changes = await _PastReading(session, permit, limit, at).read(stretches)
    await require_readable(session, oldest)
    return changes


class _Reading:
    """One page, in one snapshot of the present."""

    def __init__(
        self, session: Session, permit: Permit, limit: int, statements: Memo[tuple[object, ...], Statement]
    ) -> None:
        self._session = session
        self._permit = permit
        self._limit = limit
        self._statements = statements

    async def read(self, stretches: Sequence[Stretch]) -> Changes:
        present, days = await self._moment(stretches)
        lines: list[asyncpg.Record] = []
        reached: Place | None = None
        for each, day in zip(stretches, days, strict=True):
            # What was told by this epoch on this day is what is released now.
            if each.told is None or (each.told.epoch, day) != (present.told.epoch, present.today):
                room = self._limit - len(lines)
                found = await self._differing(each, day, reached, present, room)
                lines += found[:room]
                if len(found) > room:
                    reached = _place(found[room - 1]) if room else reached
                    return self._page(lines, present, stretches, reached)
            reached = each.until
        return self._page(lines, present, (), None)

    async def _moment(self, stretches: Sequence[Stretch]) -> tuple["_Present", list[dt.date]]:
        """Return the moment of this page, and the day of each stretch."""
        zone = self._permit.rows.time_zone
        row = await self._session.fetchrow(OPENING, self._permit.agreement, zone)
        assert row is not None  # the head has one row
        told = Told(row["epoch"], _clock(row["now"]))
        return _Present(told, row["today"]), await _days(self._session, stretches, zone)

    async def _differing(
        self, stretch: Stretch, day: dt.date, after: Place | None, present: "_Present", limit: int
    ) -> list[asyncpg.Record]:
        told = stretch.told
        if told is not None:
            await self._look_back(told, day)
        found: list[asyncpg.Record] = []
        while True:
            shape = Difference(
                from_nothing=told is None,
                other_day=day != present.today,
                after=after is not None,
                until=stretch.until is not None,
            )
            statement = self._statement(shape, told)
            students = _students(statement, limit, from_nothing=told is None)
            given = {
                **filters_given(self._permit, statement),
                **_bounds(after, stretch.until),
                "since": told and told.at,
                "first_day": min(day, present.today),
                "last_day": max(day, present.today),  # the clock of a demo may be set back
                "students": students,
                "lines": limit + 1 - len(found),  # one more says that there is more
            }
            lines = await self._session.fetch(statement.sql, *statement.arguments(given))
            if lines[0][_TODAY] != present.today:
                raise _DayBegan
            found += [] if lines[0][_CODE] is None else lines
            if len(found) > limit or lines[0][_LOOKED_AT] < students:
                return found
            after = Place(lines[0][_LAST], END.hex())

    async def _look_back(self, told: Told, day: dt.date) -> None:
        """Name the moment for the views of the past. Raises `ChangesLost`."""
        await self._session.execute(SINCE, told.epoch, day)
        if await self._session.fetchval(LOST):
            raise ChangesLost("rows that were shown are gone for good")

    def _statement(self, shape: Difference, _told: Told | None) -> Statement:
        permit = self._permit
        return self._statements.get_or_make((*key_of(permit), shape), lambda: build_difference(permit, shape))

    def _page(
        self, lines: list[asyncpg.Record], present: "_Present", rest: Sequence[Stretch], reached: Place | None
    ) -> Changes:
        told = present.told
        rows = [line for line in lines if line[_CHANGE] != DELETED]
        page = Page(told.epoch, told.at, rows, len(LEAD), None)
        if reached is None:
            return Changes(page, lines, (Stretch(None, told),), more=False)
        further = [each for each in rest if each.until is None or _is_after(each.until, reached)]
        if len(further) >= MOST_STRETCHES:
            raise ChangesOutrun("more changes than this partner is told")
        return Changes(page, lines, (Stretch(reached, told), *further), more=True)


class _PastReading(_Reading):
    """One page as it was read then, from the tables."""

    def __init__(self, session: asyncpg.Connection, permit: Permit, limit: int, at: dt.datetime) -> None:
        super().__init__(session, permit, limit, Memo(1))
        self._at = at

    async def _moment(self, stretches: Sequence[Stretch]) -> tuple["_Present", list[dt.date]]:
        now = Told(self._permit.epoch, _clock(self._at))
        today, *days = await _days(self._session, [Stretch(None, now), *stretches], self._permit.rows.time_zone)
        return _Present(now, today), days

    async def _look_back(self, told: Told, day: dt.date) -> None:
        pass

    def _statement(self, shape: Difference, told: Told | None) -> Statement:
        after = world_at(self._permit, self._at)
        before = after if told is None else world_at(self._permit, told.at, told.epoch, "earlier_past")
        return build_difference(self._permit, shape, (before, after))


@dataclass(frozen=True, slots=True)
class _Present:
    told: Told
    today: dt.date


class _DayBegan(Exception):
    """Midnight came between two statements of a page."""


async def _days(session: Session, stretches: Sequence[Stretch], zone: str) -> list[dt.date]:
    """Return the day on which each stretch was told, where the agreement is at home; of what was not, the first."""
    clocks = [0 if each.told is None else each.told.clock for each in stretches]
    return [row["day"] for row in await session.fetch(_DAYS, clocks, zone)]


def _students(statement: Statement, limit: int, *, from_nothing: bool) -> int:
    """Return how many students one statement looks at."""
    if not from_nothing:
        return _COMPARED
    return (limit // _ROWS_A_STUDENT if statement.is_several else limit) + 1


def _clock(at: dt.datetime) -> int:
    return round((at - CLOCK_STARTS) / dt.timedelta(microseconds=1))


def _place(line: asyncpg.Record) -> Place:
    return Place(line[_CODE], line[_ROW].hex())


def _is_after(one: Place, other: Place) -> bool:
    return (one.code, one.row) > (other.code, other.row)


def _bounds(after: Place | None, until: Place | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, place in (("after", after), ("until", until)):
        if place is not None:
            given |= {f"{name}_code": place.code, f"{name}_row": bytes.fromhex(place.row)}
    return given
