"""
The rows of students named by the district itself, for a release by an emergency order: by that permit only.

Every dataset comes from the source that partners' pages come from, over records of the named students instead of
covered ones, so that a new dataset is served here as there. One statement carries the epoch and the clock with the
rows: all come from one snapshot. INVARIANT: only columns named by their CEDS element are selected, only those of the
permit, only from rows the newest visible load has, and none with a code that may not leave even in an emergency.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    Subquery,
    Table,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Transformation
from gateway.errors import Sentence
from gateway.records import facts, outcomes, release, standing
from gateway.records.columns import words
from gateway.records.encoding import contested
from gateway.records.errors import NotPermitted, NotServed, UnknownStudent
from gateway.records.numbers import Said
from gateway.records.reach import EMERGENCY
from gateway.records.sources import Each, Source, source_of
from gateway.records.statement import leaving_whole, stated_about
from gateway.records.transforms import told_sql
from gateway.records.views import CLOCK_TYPE, OWN, World, head
from policies.decision import GrantedField
from policies.emergency_release import EmergencyPermit

_LEAD: Final = 6
"""Epoch, clock, number, sealed subject number, whether there is a row and statements stand before the values."""


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """What a statement reads as of: the epoch, the clock, and the newest load that is visible."""

    epoch: ColumnElement[Any]
    clock: ColumnElement[Any]
    newest: ColumnElement[Any]


_PRESENT: Final = _Moment(
    select(head.c.epoch).scalar_subquery(),
    func.gateway.clock(type_=CLOCK_TYPE),
    select(facts.frontier.c.batch).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Rows as they leave, one JSON object each, with the epoch and the clock of the same snapshot."""

    epoch: int
    now: dt.datetime
    rows: tuple[bytes, ...] = field(repr=False)
    subjects: tuple[bytes, ...] = field(repr=False)
    """The sealed subject number of each row's student, then of those of whom there is no row."""


async def read_named(connection: AsyncConnection, permit: EmergencyPermit, numbers: Sequence[str]) -> NamedRows:
    """
    Return what the permit gives of the students with these numbers, ordered by number.

    Raises `NotPermitted` for anything but a permit, `NotServed`, and `UnknownStudent`, naming places and no number.
    """
    # (1): only a decision opens this door.
    if type(permit) is not EmergencyPermit:
        raise NotPermitted("the reader takes permits only")
    return await _read(connection, permit, numbers, _PRESENT)


async def require_named(connection: AsyncConnection, numbers: Sequence[str]) -> None:
    """Check that each of these numbers is a student's. Raises `UnknownStudent`, naming places and no number."""
    students = _world(_PRESENT).students
    known = await connection.scalars(select(students.c.student_identifier), {"numbers": list(numbers)})
    _require_known(numbers, set(known))


async def read_named_past(
    connection: AsyncConnection, permit: EmergencyPermit, at: dt.datetime, numbers: Sequence[str]
) -> NamedRows:
    """
    Return what the permit gave of these students at its epoch, by the clock `at`.

    Raises `NotPermitted` for anything but a permit that held at `at`, and otherwise as `read_named`.
    """
    if type(permit) is not EmergencyPermit or not permit.valid_from <= at < permit.valid_until:
        raise NotPermitted("the past is read by a permit that held then")
    loads = facts.batch.c
    newest = select(func.coalesce(func.max(loads.id), literal(0))).where(loads.idx <= permit.epoch).scalar_subquery()
    moment = _Moment(literal(permit.epoch, type_=loads.idx.type), literal(at, type_=CLOCK_TYPE), newest)
    return await _read(connection, permit, numbers, moment)


async def _read(
    connection: AsyncConnection, permit: EmergencyPermit, numbers: Sequence[str], moment: _Moment
) -> NamedRows:
    lines = (await connection.execute(_statement(permit, moment), {"numbers": list(numbers)})).all()
    # (2): a number that nobody has is a slip of the pen: whoever is meant would be missing without a word.
    _require_known(numbers, {line.number for line in lines})
    found, without = [line for line in lines if line.present], [line for line in lines if not line.present]
    return NamedRows(
        epoch=lines[0].epoch,
        now=lines[0].now,
        rows=tuple(_encoded(permit, line) for line in found),
        subjects=tuple(bytes(line.sealed) for line in (*found, *without)),
    )


def _require_known(numbers: Sequence[str], known: Collection[str]) -> None:
    if missing := [str(place) for place, number in enumerate(numbers, start=1) if number not in known]:
        places, number = ", ".join(missing), len(numbers)
        said = Sentence("Nobody has the number given at place %(places)s of %(number)s.", places=places, number=number)
        raise UnknownStudent(f"nobody has the number given at place {places} of {number}", public_detail=said)


def _encoded(permit: EmergencyPermit, line: Row[Any]) -> bytes:
    """Return one row as it leaves, with what the family stated about it: danger does not end 34 CFR 99.21(c)(2)."""
    known: dict[str, Any] = dict(zip((each.name for each in permit.fields), line[_LEAD:], strict=True))
    following = {} if line.statements is None else contested(line.statements, permit.fields, known)
    return msgspec.json.encode({**known, **following})


def _statement(permit: EmergencyPermit, moment: _Moment) -> Select[Any]:
    """Return the one statement; it gives a line for each of the numbers that a student has, or one if none has."""
    clock, today = moment.clock, cast(func.timezone("UTC", moment.clock), Date)
    now = select(moment.epoch.label("epoch"), clock.label("now"), today.label("today")).cte("h")
    world = _world(moment)
    wanted = frozenset(each.element for each in permit.fields)
    # The events of a student stand in the order of their days: whoever reads them is in a hurry.
    by_day = permit.dataset == "attendance_events"
    source = source_of(world, permit.dataset, EMERGENCY, now.c.today, wanted, exact=wanted, by_day=by_day)
    for each in permit.fields:
        if each.element not in source.elements or each.transformation != Transformation.EXACT:
            raise NotServed(f"Element {each.element} of {permit.dataset!r} is not served as {each.transformation}.")
    named = world.students.alias("w")
    values = [_leaving(each, source).label(f"v{at}") for at, each in enumerate(permit.fields)]
    rows, keys = (source.rows, ()) if source.each is None else _each(source.rows, source.each)
    order = [column.label(f"within{at}") for at, column in enumerate(keys)]
    page = (
        select(source.student.c.student_id, _statements(permit, world, source.student), *values, *order)
        .select_from(rows)
        .where(source.student.c.student_id == named.c.student_id, *leaving_whole(permit.row_codes, source))
        .lateral("p")
    )
    present = page.c.student_id.is_not(None).label("present")
    following = [page.c[each.name] for each in (*values, *order)]
    told, within = following[: len(values)], following[len(values) :]
    number = named.c.student_identifier
    return (
        select(now.c.epoch, now.c.now, number.label("number"), named.c.sealed, present, page.c.statements, *told)
        .select_from(now.join(named, true(), isouter=True).join(page, true(), isouter=True))
        .order_by(number, *within)
    )


def _each(rows: FromClause, each: Each) -> tuple[FromClause, tuple[ColumnElement[Any], ...]]:
    """Return the rows with all of each student's, and what orders these: nobody hides an order from the district."""
    return rows.join(each.row, each.own), each.key


def _leaving(asked: GrantedField, source: Source) -> ColumnElement[Any]:
    """Return the value as it leaves: exact, and unknown where it is a code that may not leave even in an emergency."""
    stored = source.elements[asked.element]
    return stored if asked.codes is None else told_sql(stored, asked.codes)


def _statements(permit: EmergencyPermit, world: World, student: FromClause) -> ColumnElement[Any]:
    of_one = stated_about(permit.fields, world.statements.alias("s"), student.c.student_id)
    return of_one.correlate(student).scalar_subquery().label("statements")


def _world(moment: _Moment) -> World:
    """
    Return the records of the students with the numbers `:numbers`, as everybody sees them who may see everything.

    They have no record code, which is a partner's; the district's number stands in its place to order their rows.
    """

    def of_load(base: Table, *more: ColumnElement[Any]) -> Subquery:
        own = [each for each in base.c if each.name not in OWN]
        ends = or_(base.c.to_batch.is_(None), base.c.to_batch > moment.newest)
        return select(*own, *more).where(base.c.from_batch <= moment.newest, ends).subquery(f"named_{base.name}")

    def stands(said: Table) -> ColumnElement[bool]:
        return and_(said.c.from_idx <= moment.epoch, or_(said.c.to_idx.is_(None), said.c.to_idx > moment.epoch))

    person, subject, said = of_load(facts.person), release.subject, standing.contested
    # INVARIANT: a number that is another child's by then means nobody of old, though the next load is still to come.
    other = standing.renumbered
    given_up = (other.c.student_id == person.c.student_id, other.c.kind == Said.REUSED.value, stands(other))
    students = (
        select(person, person.c.student_identifier.label("code"), subject.c.sealed)
        .join_from(person, subject, subject.c.student_id == person.c.student_id)
        .where(person.c.student_identifier == func.any(bindparam("numbers", type_=ARRAY(words()))))
        .where(~exists(select(other.c.row_id).where(*given_up)))
    )
    in_force = stands(said)
    return World(
        students=students.subquery("named_students"),
        enrollments=of_load(facts.enrollment),
        academic_summaries=of_load(facts.academic_summary),
        attendance_events=of_load(facts.attendance, facts.attendance.c.row_id.label("event_id")),
        course_grades=of_load(outcomes.course_grade),
        assessments=of_load(outcomes.assessment),
        discipline=of_load(outcomes.discipline),
        programs=of_load(outcomes.program),
        schools=of_load(facts.school),
        sessions=of_load(facts.session),
        # Nobody's roster, placement or consent matters in an emergency (34 CFR 99.36).
        rosters=_nothing(standing.roster),
        placements=_nothing(standing.placement),
        statements=select(said).where(in_force).subquery("named_statements"),
        any_contested=select(exists(select(said.c.row_id).where(in_force)).label("found")).subquery("named_any"),
        head=select(moment.epoch.label("epoch")).subquery("named_head"),
        clock=moment.clock,
    )


def _nothing(base: Table) -> Subquery:
    return select(base).where(false()).subquery(f"no_{base.name}")
