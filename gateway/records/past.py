"""
The rows that a partner was answered with, read again as they stood at the epoch of the disclosure.

Everything is dated by entries of the log ("One order"), so the state of the world after entry N can be named exactly.
The statement is the one that read the page (`gateway.records.statement.build`); only what it reads from is another
`World`: the same tables with the dates of that epoch in the place of "now". INVARIANT: what is read is what a permit of
that very epoch gives, by the clock of the entry, and no permit of another one opens it.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Subquery,
    Table,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from gateway.records import facts, outcomes, release, standing
from gateway.records.errors import NotPermitted
from gateway.records.reader import Page, filters_given, page_of
from gateway.records.retention import require_readable
from gateway.records.statement import Shape, build
from gateway.records.views import CLOCK_TYPE, OWN, World
from policies.decision import Permit

MOST_ROWS: Final = 100_000
"""Rows of the students of one page; a page has at most some hundred students, and a student some hundred events."""


async def read_past(
    session: asyncpg.Connection, permit: Permit, at: dt.datetime, codes: Sequence[str], *, by_day: bool = False
) -> Page:
    """
    Return every row that `permit` gave of the students with these codes at its epoch, by the clock `at`, in order.

    `by_day` is the order in which releases before this one gave attendance events.

    As the loader role, which may read the tables. Raises `NotPermitted` for anything but a permit that held at `at`,
    `NotServed`, `BadFilter`, `PastGone`.
    """
    # (1): only a decision opens this door, and only for the epoch and the time it was made for.
    if type(permit) is not Permit or permit.epoch < 0 or not permit.valid_from <= at < permit.valid_until:
        raise NotPermitted("the past is read by a permit that held then")
    # (2): nothing is read of a state of which rows are gone; after the rows too, for they may go meanwhile.
    await require_readable(session, permit.epoch)
    statement = build(permit, Shape(MOST_ROWS, "codes_by_day" if by_day else "codes"), world_at(permit, at))
    arguments = statement.arguments({**filters_given(permit, statement), "codes": list(codes)})
    rows = await session.fetch(statement.sql, *arguments)
    await require_readable(session, permit.epoch)
    return page_of(rows, statement, MOST_ROWS)


def world_at(permit: Permit, at: dt.datetime, epoch_then: int | None = None, name: str = "past") -> World:
    """
    Return the world that the permit's agreement was answered from at its epoch, when the clock showed `at`.

    `epoch_then` is another epoch; `name` tells two worlds of one statement apart.
    """
    epoch = literal(permit.epoch if epoch_then is None else epoch_then, type_=facts.batch.c.idx.type)
    clock = literal(at, type_=CLOCK_TYPE)
    today = cast(func.timezone(permit.rows.time_zone, clock), Date)
    # The newest load that was visible: batches are prepared one at a time, so their order is that of their entries.
    newest = (
        select(func.coalesce(func.max(facts.batch.c.id), literal(0)).label("batch"))
        .where(facts.batch.c.idx <= epoch)
        .cte(f"{name}_frontier")
    )
    granted = _granted(permit, epoch, today, name)
    line = _line(permit)

    def of_load(base: Table, *more: ColumnElement[Any]) -> Subquery:
        return _own(base, granted, _dated(base, newest), *more)

    def of_line(base: Table) -> Subquery:
        return _own(base, granted, and_(base.c.line == line, _in_force(base, epoch)))

    person, contested = facts.person, standing.contested
    students = (
        select(*_columns(person), granted.c.code, granted.c.covers, release.subject.c.sealed)
        .join_from(granted, person, person.c.student_id == granted.c.student_id)
        .join(release.subject, release.subject.c.student_id == granted.c.student_id)
        .where(_dated(person, newest))
    )
    return World(
        students=students.subquery("past_students"),
        enrollments=of_load(facts.enrollment),
        academic_summaries=of_load(facts.academic_summary),
        attendance_events=of_load(facts.attendance, facts.attendance.c.row_id.label("event_id")),
        course_grades=of_load(outcomes.course_grade),
        assessments=of_load(outcomes.assessment),
        discipline=of_load(outcomes.discipline),
        programs=of_load(outcomes.program),
        schools=_of_nobody(facts.school, newest),
        sessions=_of_nobody(facts.session, newest),
        rosters=of_line(standing.roster),
        placements=of_line(standing.placement),
        statements=_own(contested, granted, _in_force(contested, epoch)),
        any_contested=select(exists().where(_in_force(contested, epoch)).label("found")).subquery("past_any_contested"),
        head=select(epoch.label("epoch")).subquery("past_head"),
        clock=clock,
    )


def _granted(permit: Permit, epoch: ColumnElement[int], today: ColumnElement[Any], name: str) -> CTE:
    """Return whom the agreement covered: the twin of the view `records.granted`."""
    of = release.population
    covered = and_(of.c.agreement == literal(permit.agreement, type_=Text), release.counted_at(epoch))
    found = select(of.c.student_id, of.c.code, of.c.covers).where(covered, of.c.valid.op("@>")(today))
    return found.cte(f"{name}_granted")


def _line(permit: Permit) -> ColumnElement[Any]:
    """Return the line of the agreement: what its codes are kept under, which stays when its population is closed."""
    known, of = release.code, release.population
    own = select(known.c.line).join_from(
        known, of, and_(known.c.code == of.c.code, known.c.student_id == of.c.student_id)
    )
    return own.where(of.c.agreement == literal(permit.agreement, type_=Text)).limit(1).scalar_subquery()


def _own(base: Table, granted: CTE, when: ColumnElement[bool], *more: ColumnElement[Any]) -> Subquery:
    own = select(*_columns(base), *more).join_from(granted, base, base.c.student_id == granted.c.student_id)
    return own.where(when).subquery(f"past_{base.name}")


def _of_nobody(base: Table, newest: CTE) -> Subquery:
    return select(*_columns(base)).where(_dated(base, newest)).subquery(f"past_{base.name}")


def _columns(base: Table) -> list[ColumnElement[Any]]:
    return [each for each in base.c if each.name not in OWN]


def _dated(base: Table, newest: CTE) -> ColumnElement[bool]:
    batch = select(newest.c.batch).scalar_subquery()
    return and_(base.c.from_batch <= batch, or_(base.c.to_batch.is_(None), base.c.to_batch > batch))


def _in_force(base: FromClause, epoch: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(base.c.from_idx <= epoch, or_(base.c.to_idx.is_(None), base.c.to_idx > epoch))
