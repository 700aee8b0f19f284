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
from gateway.records.errors import PastGone, UnknownStudent
from gateway.records.numbers import QUESTIONED, Said, known_as
from gateway.records.release import began, counted_at, population, subject
from gateway.records.retention import oldest_readable


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
    purpose: str | None = None
    party: str | None = None


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
    student = await known_as(connection, number)
    if student is None:
        raise UnknownStudent("no student has this number")
    return student, await connection.scalar(select(subject.c.sealed).where(subject.c.student_id == student))


async def read_evidence(connection: AsyncConnection, student: UUID, line: str, as_of: int) -> Evidence:
    """Return what was on file at entry `as_of`. The caller's transaction is one snapshot. Raises `PastGone`."""
    if as_of < await oldest_readable(connection):
        raise PastGone("versions of records as old as this are kept no longer")
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
                purpose=each.purpose,
                party=each.party,
            )
            for each in await reading.dated(standing.consent, line, ended=True)
        ),
        opt_outs=tuple(
            [
                Span(each.from_date, None, each.from_idx, each.scope)
                for number in (reading, *await reading.merged())
                for each in await number.dated(standing.opt_out, line, or_everyone=True)
            ]
        ),
        withheld=(
            *(Span(dt.date.min, None, each.idx, each.target) for each in await reading.loaded(outcomes.withheld)),
            *(Span(dt.date.min, None, entry, QUESTIONED) for entry in await reading.gone()),
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

    async def merged(self) -> list["_Reading"]:
        """Return the same of each child that was merged into this one by then: its opt-outs count here."""
        said = standing.renumbered.c
        query = select(said.student_id).where(
            said.other_id == self._student, self._in_force(standing.renumbered), said.kind == Said.MERGED.value
        )
        return [_Reading(self._connection, each, self._as_of) for each in await self._connection.scalars(query)]

    async def gone(self) -> Sequence[int]:
        """Return the entry since which this child's number means another one, if it does."""
        said = standing.renumbered.c
        own = (said.student_id == self._student, said.kind != Said.KEPT.value, self._in_force(standing.renumbered))
        return (await self._connection.scalars(select(said.from_idx).where(*own))).all()

    def _in_force(self, table: Table) -> ColumnElement[bool]:
        ends = or_(table.c.to_idx.is_(None), table.c.to_idx > self._as_of)
        return and_(table.c.from_idx <= self._as_of, ends)

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
