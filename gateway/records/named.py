"""
The rows of students named by the district itself, for a release by an emergency order: by that permit only.

One statement carries the epoch and the clock with the rows, so that all come from one snapshot. No population is
joined, for none covers an emergency: whom it concerns is decided where the records are. INVARIANT: only columns named
by their CEDS element are selected, only those of the permit, and only from rows the newest visible load has.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Transformation
from gateway.records import facts, release, standing
from gateway.records.columns import words
from gateway.records.counting import ABSENCES, CHRONIC_TENTHS
from gateway.records.encoding import contested
from gateway.records.errors import NotPermitted, NotServed, UnknownStudent
from gateway.records.statement import stated_about
from gateway.records.transforms import told_sql
from gateway.records.views import CLOCK_TYPE, element_of, head
from policies.decision import GrantedField
from policies.emergency_release import EmergencyPermit

_DISTRICT: Final = "001068"
_LEAD: Final = 6
"""Epoch, clock, number, sealed subject number, whether there is a row and statements stand before the values."""


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """What a statement reads as of: the epoch, the clock, and the newest load that is visible."""

    epoch: ColumnElement[Any]
    clock: ColumnElement[Any]
    newest: ColumnElement[Any]


_PRESENT: Final = _Moment(
    head.c.epoch, func.gateway.clock(type_=CLOCK_TYPE), select(facts.frontier.c.batch).scalar_subquery()
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
    known = {line.number for line in lines}
    if missing := [str(place) for place, number in enumerate(numbers, start=1) if number not in known]:
        raise UnknownStudent(f"nobody has the number given at place {', '.join(missing)} of {len(numbers)}")
    found, without = [line for line in lines if line.present], [line for line in lines if not line.present]
    return NamedRows(
        epoch=lines[0].epoch,
        now=lines[0].now,
        rows=tuple(_encoded(permit, line) for line in found),
        subjects=tuple(bytes(line.sealed) for line in (*found, *without)),
    )


def _encoded(permit: EmergencyPermit, line: Row[Any]) -> bytes:
    """Return one row as it leaves, with what the family stated about it: danger does not end 34 CFR 99.21(c)(2)."""
    known: dict[str, Any] = dict(zip((each.name for each in permit.fields), line[_LEAD:], strict=True))
    following = {} if line.statements is None else contested(line.statements, permit.fields, known)
    return msgspec.json.encode({**known, **following})


def _statement(permit: EmergencyPermit, moment: _Moment) -> Select[Any]:
    """Return the one statement; it gives a line for each of the numbers that a student has, or one if none has."""
    clock, today = moment.clock, cast(func.timezone("UTC", moment.clock), Date)
    now = select(moment.epoch.label("epoch"), clock.label("now"), today.label("today")).cte("h")
    student, subject = _visible(facts.person, "g", moment), release.subject.alias("u")
    source = _source(permit.dataset, student, now, moment)
    for each in permit.fields:
        if each.element not in source.elements or each.transformation != Transformation.EXACT:
            raise NotServed(f"Element {each.element} of {permit.dataset!r} is not served as {each.transformation}.")
    values = [_leaving(each, source).label(f"v{at}") for at, each in enumerate(permit.fields)]
    wanted = bindparam("numbers", type_=ARRAY(words()))
    page = (
        select(
            student.c.student_identifier.label("number"),
            subject.c.sealed,
            source.present.label("present"),
            _statements(permit, student, now),
            *values,
        )
        .select_from(source.rows.join(subject, subject.c.student_id == student.c.student_id))
        .where(student.c.student_identifier == func.any(wanted))
        .order_by(student.c.student_identifier, *source.within)
        .correlate(now)
        .lateral("p")
    )
    whole = select(now.c.epoch, now.c.now, *page.c)
    return whole.select_from(now.join(page, true(), isouter=True))


def _leaving(asked: GrantedField, source: "_Source") -> ColumnElement[Any]:
    """Return the value as it leaves: exact, and unknown where it is a code that may not leave even in an emergency."""
    stored = source.elements[asked.element]
    return stored if asked.codes is None else told_sql(stored, asked.codes)


def _statements(permit: EmergencyPermit, student: FromClause, now: FromClause) -> ColumnElement[Any]:
    said = standing.contested
    in_force = and_(said.c.from_idx <= now.c.epoch, or_(said.c.to_idx.is_(None), said.c.to_idx > now.c.epoch))
    of_one = stated_about(permit.fields, said, student.c.student_id, in_force)
    return of_one.correlate(student, now).scalar_subquery().label("statements")


@dataclass(frozen=True, slots=True)
class _Source:
    """A dataset's rows, each element's value, what orders one student's rows, and whether a line holds one at all."""

    rows: FromClause
    elements: Mapping[str, ColumnElement[Any]]
    within: tuple[ColumnElement[Any], ...] = ()
    present: ColumnElement[bool] = field(default_factory=true)


def _source(dataset: str, student: FromClause, now: FromClause, moment: _Moment) -> _Source:
    """Return where the rows of a dataset come from; `now` has one row, with today. Raises `NotServed`."""
    stay = _latest(_visible(facts.enrollment, "n", moment), student, now)
    columns = _columns(student, facts.person) | _columns(stay, facts.enrollment)
    # A student without a stay is found all the same: the newest pupil of all may be the one in danger.
    rows = student.join(stay, true(), isouter=True)
    match dataset:
        case "students":
            school, summary = _visible(facts.school, "o", moment), _visible(facts.academic_summary, "m", moment)
            rows = rows.join(school, school.c.school_identifier == stay.c.school_identifier, isouter=True)
            own = (summary.c.student_id == student.c.student_id) & (summary.c.school_year == stay.c.school_year)
            own &= summary.c.session_identifier == ""
            elements = _columns(summary, facts.academic_summary) | columns | {_DISTRICT: school.c.lea_identifier}
            return _Source(rows.join(summary, own, isouter=True), elements)
        case "attendance":
            counts = _counts(student, stay, now, moment)
            days, absent = counts.c.days_in_session, counts.c.days_absent
            elements = columns | {
                "000496": days,
                "000201": absent,
                "000202": days - absent,
                "001957": counts.c.days_tardy,
                "002022": case((days > 0, absent * CHRONIC_TENTHS >= days)),
            }
            return _Source(rows.join(counts, true()), elements)
        case "attendance_events":
            event = _visible(facts.attendance, "v", moment)
            own = (event.c.student_id == student.c.student_id) & (event.c.attendance_event_date <= now.c.today)
            within = (event.c.attendance_event_date, event.c.row_id)
            rows = student.join(event, own, isouter=True)
            return _Source(rows, _columns(event, facts.attendance), within, event.c.row_id.is_not(None))
    raise NotServed(f"The dataset {dataset!r} is not served.")


def _visible(base: Table, name: str, moment: _Moment) -> FromClause:
    newest = moment.newest
    ends = or_(base.c.to_batch.is_(None), base.c.to_batch > newest)
    return select(base).where(base.c.from_batch <= newest, ends).subquery(name)


def _columns(rows: FromClause, base: Table) -> dict[str, ColumnElement[Any]]:
    named = ((element_of(column.name, base), column) for column in rows.c)
    return {element: column for element, column in named if element is not None}


def _latest(stay: FromClause, student: FromClause, now: FromClause) -> FromClause:
    """Return the one stay a row speaks of: one of today before those of the past, the latest of them."""
    current = or_(stay.c.exit_date.is_(None), stay.c.exit_date >= now.c.today)
    return (
        select(*stay.c)
        .where(stay.c.student_id == student.c.student_id, stay.c.entry_date <= now.c.today)
        .order_by(current.desc(), stay.c.entry_date.desc(), stay.c.school_identifier)
        .limit(1)
        .correlate(student, now)
        .lateral("e")
    )


def _counts(student: FromClause, stay: FromClause, now: FromClause, moment: _Moment) -> FromClause:
    """Return what is counted of the stay's school year, today included: nobody waits for a week to be over."""
    event = _visible(facts.attendance, "w", moment)
    day = distinct(event.c.attendance_event_date)
    return (
        select(
            func.count(day).label("days_in_session"),
            func.count(day).filter(event.c.attendance_status.in_(ABSENCES)).label("days_absent"),
            func.count(day).filter(event.c.attendance_status == "Tardy").label("days_tardy"),
        )
        .where(
            event.c.student_id == student.c.student_id,
            event.c.school_year == stay.c.school_year,
            event.c.attendance_event_date <= now.c.today,
        )
        .correlate(student, stay, now)
        .lateral("c")
    )
