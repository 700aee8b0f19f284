"""
What is on file about one student that an agreement's population can rest on, as it was known at one entry of the log.

Read in one snapshot, on the district's side. INVARIANT: nothing in here is printed; it is personal data.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Table, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.events import Event
from gateway.records import facts, outcomes, standing
from gateway.records.errors import UnknownStudent
from gateway.records.release import began, counted_at, population, subject


@dataclass(frozen=True, slots=True, repr=False)
class Stay:
    """An enrollment; both dates are days at the school. `entry` brought it."""

    school: str
    school_year: str
    grade: str | None
    first: dt.date
    last: dt.date | None
    entry: int


@dataclass(frozen=True, slots=True, repr=False)
class Span:
    """Days on a roster, in a placement, in a program (`what`), or under an opt-out of some scope (`what`)."""

    first: dt.date
    last: dt.date | None
    entry: int
    what: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Consent:
    """A consent as it was given; `ended_by` is the entry that ended it, `withdrawn_on` the day of a withdrawal."""

    covers: tuple[str, ...]
    signed_by: str
    signed_on: dt.date
    first: dt.date
    last: dt.date | None
    entry: int
    ended_by: int | None
    withdrawn_on: dt.date | None


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """What the kept population says of a day: the mask of what is covered (None: everything), since entry `entry`."""

    mask: int | None
    entry: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything on file about one student under one line, as of entry `as_of`."""

    as_of: int
    born: dt.date | None = field(default=None, repr=False)
    stays: tuple[Stay, ...] = field(default=(), repr=False)
    programs: tuple[Span, ...] = field(default=(), repr=False)
    roster: tuple[Span, ...] = field(default=(), repr=False)
    placements: tuple[Span, ...] = field(default=(), repr=False)
    consents: tuple[Consent, ...] = field(default=(), repr=False)
    opt_outs: tuple[Span, ...] = field(default=(), repr=False)
    withheld: tuple[Span, ...] = field(default=(), repr=False)


async def student_numbered(connection: AsyncConnection, number: str) -> tuple[UUID, bytes | None]:
    """Return the internal id of a student, and its sealed subject number if not erased. Raises `UnknownStudent`."""
    found = select(facts.identity.c.student_id, subject.c.sealed).join_from(
        facts.identity, subject, subject.c.student_id == facts.identity.c.student_id, isouter=True
    )
    row = (await connection.execute(found.where(facts.identity.c.student_identifier == number))).one_or_none()
    if row is None:
        raise UnknownStudent("no student has this number")
    return row.student_id, row.sealed


async def read_evidence(connection: AsyncConnection, student: UUID, line: str, as_of: int) -> Evidence:
    """Return what was on file at entry `as_of`. The caller's transaction is one snapshot."""
    reading = _Reading(connection, student, as_of)
    person = await reading.loaded(facts.person)
    return Evidence(
        as_of=as_of,
        born=person[0].birthdate if person else None,
        stays=tuple(
            Stay(each.school_identifier, each.school_year, each.grade_level, each.entry_date, each.exit_date, each.idx)
            for each in await reading.loaded(facts.enrollment)
        ),
        programs=tuple(
            Span(each.program_start_date, each.program_exit_date, each.idx, each.program_type)
            for each in await reading.loaded(outcomes.program)
        ),
        roster=tuple(_span(each) for each in await reading.dated(standing.roster, line)),
        placements=tuple(_span(each) for each in await reading.dated(standing.placement, line)),
        consents=tuple(
            Consent(
                covers=tuple(each.covers),
                signed_by=each.signed_by,
                signed_on=each.signed_on,
                first=each.from_date,
                last=each.to_date,
                entry=each.from_idx,
                ended_by=None if each.to_idx is None or each.to_idx > as_of else each.to_idx,
                withdrawn_on=each.withdrawn_on,
            )
            for each in await reading.dated(standing.consent, line, ended=True)
        ),
        opt_outs=tuple(
            Span(each.from_date, None, each.from_idx, each.scope)
            for each in await reading.dated(standing.opt_out, line, or_everyone=True)
        ),
        withheld=tuple(
            Span(dt.date.min, None, each.idx, each.target) for each in await reading.loaded(outcomes.withheld)
        ),
    )


async def read_kept(
    connection: AsyncConnection, student: UUID, agreement: str, day: dt.date, as_of: int
) -> Kept | None:
    """Return what the kept population said of `day` at entry `as_of`, None if the student was not in it."""
    own = population.c
    query = select(own.covers, began().label("entry")).where(
        own.agreement == agreement,
        own.student_id == student,
        own.valid.op("@>")(day),
        counted_at(literal(as_of, BigInteger)),
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Kept(row.covers, row.entry)


class _Reading:
    """One student's rows in one snapshot."""

    def __init__(self, connection: AsyncConnection, student: UUID, as_of: int) -> None:
        self._connection = connection
        self._student = student
        self._as_of = as_of

    async def loaded(self, table: Table) -> Sequence[Any]:
        """Return the rows that the newest load of that time showed, with the entry that brought each."""
        load = facts.batch
        newest = (
            select(func.max(load.c.id))
            .where(load.c.kind == Event.RECORDS_LOADED.value, load.c.idx <= self._as_of)
            .scalar_subquery()
        )
        shown = and_(
            table.c.student_id == self._student,
            table.c.from_batch <= newest,
            or_(table.c.to_batch.is_(None), table.c.to_batch > newest),
        )
        query = select(table, load.c.idx).join_from(table, load, load.c.id == table.c.from_batch)
        return (await self._connection.execute(query.where(shown).order_by(table.c.row_id))).all()

    async def dated(self, table: Table, line: str, *, ended: bool = False, or_everyone: bool = False) -> Sequence[Any]:
        """Return the rows in force at that time; with `ended`, those that were over by then too."""
        concerns: ColumnElement[bool] = table.c.line == line
        if or_everyone:
            concerns = or_(concerns, table.c.line.is_(None))
        known = and_(table.c.student_id == self._student, table.c.from_idx <= self._as_of, concerns)
        if not ended:
            known = and_(known, or_(table.c.to_idx.is_(None), table.c.to_idx > self._as_of))
        return (await self._connection.execute(select(table).where(known).order_by(table.c.row_id))).all()


def _span(row: Any) -> Span:  # noqa: ANN401 - a row of two tables
    return Span(row.from_date, row.to_date, row.from_idx)
