"""
What is counted of one student: days of attendance, incidents and the actions after them.

Counts reach as far as the agreement's school years and its cadence (`gateway.records.windows`), whatever was asked. A
count that nobody asked for is not computed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, FromClause, case, distinct, func, select

from gateway.records.matching import days, span
from gateway.records.reach import NO_LIMIT, Reach
from gateway.records.views import World
from gateway.records.windows import counted_from, counted_until

EXCUSED, UNEXCUSED = "ExcusedAbsence", "UnexcusedAbsence"
ABSENCES = ("Absent", EXCUSED, UNEXCUSED)
CHRONIC_TENTHS = 10
"""A student is chronically absent who missed a tenth of the days or more (CEDS 002022)."""
INCIDENT: Final = "000501"
_ENROLLED, _EXCUSED, _UNEXCUSED = "x-days-enrolled", "x-days-absent-excused", "x-days-absent-unexcused"
_ACTIONS: Final = "x-disciplinary-actions"
_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "x-in-school-suspensions": ("In-school suspension", "In School Suspension"),
        "x-out-of-school-suspensions": ("Out-of-school suspension", "Out of School Suspension"),
        "x-expulsions": ("Expulsion",),
    }
)
"""Which actions (CEDS 000488, as the demo district and Ed-Fi write them) each kind counts."""


def days_of_attendance(
    world: World,
    student: FromClause,
    stay: FromClause,
    terms: Reach,
    today: ColumnElement[Any],
    *,
    wanted: frozenset[str],
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Return one row of counts for the student, and each element's value of it; without a limit, of the stay's year."""
    event = world.attendance_events.alias("w")
    year = event.c.school_year
    limited = terms.school_years is not NO_LIMIT
    day = distinct(event.c.attendance_event_date)
    marked = event.c.attendance_status
    counted = {
        "days_in_session": func.count(day),
        "days_absent": func.count(day).filter(marked.in_(ABSENCES)),
        "days_tardy": func.count(day).filter(marked == "Tardy"),
    }
    more = {
        _EXCUSED: func.count(day).filter(marked == EXCUSED),
        _UNEXCUSED: func.count(day).filter(marked == UNEXCUSED),
        _ENROLLED: func.count(day).filter(_in_a_stay(world, student, event.c.attendance_event_date)),
    }
    asked = {element: count.label(f"c{at}") for at, (element, count) in enumerate(more.items()) if element in wanted}
    row = (
        select(*(count.label(name) for name, count in counted.items()), *asked.values())
        .where(
            event.c.student_id == student.c.student_id,
            counted_from(terms.school_years, year) if limited else year == stay.c.school_year,
            event.c.attendance_event_date <= counted_until(terms.cadence, today),
        )
        .correlate(student, stay, clock_of(today))
        .lateral("c")
    )
    counted_days, absent = row.c.days_in_session, row.c.days_absent
    return row, {
        "000496": counted_days,
        "000201": absent,
        "000202": counted_days - absent,
        "001957": row.c.days_tardy,
        "002022": case((counted_days > 0, absent * CHRONIC_TENTHS >= counted_days)),
        **{element: row.c[count.name] for element, count in asked.items()},
    }


def _in_a_stay(world: World, student: FromClause, day: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a day lies in some stay of the student; the stays are read once, not once a day."""
    stay = world.enrollments.alias("p")
    lasting = days(span(stay.c.entry_date, stay.c.exit_date, "[]"))
    stays = select(lasting).where(stay.c.student_id == student.c.student_id).correlate(student).scalar_subquery()
    return stays.op("@>", return_type=Boolean())(day)


def incidents(
    world: World, student: FromClause, terms: Reach, today: ColumnElement[Any], wanted: frozenset[str]
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Return one row for the student that counts incidents and actions, and each element's value of it."""
    row = world.discipline.alias("w")
    counted: dict[str, ColumnElement[Any]] = {
        INCIDENT: func.count(distinct(row.c.incident_identifier)),
        _ACTIONS: func.count(),
    } | {kind: func.count().filter(row.c.disciplinary_action.in_(names)) for kind, names in _KINDS.items()}
    asked = {element: count.label(f"c{at}") for at, (element, count) in enumerate(counted.items()) if element in wanted}
    found = (
        select(*asked.values())
        .where(
            row.c.student_id == student.c.student_id,
            counted_from(terms.school_years, row.c.school_year),
            row.c.incident_date <= counted_until(terms.cadence, today),
        )
        .correlate(student, clock_of(today))
        .lateral("c")
    )
    return found, {element: found.c[count.name] for element, count in asked.items()}


def clock_of(today: ColumnElement[Any]) -> FromClause:
    """Return where `today` stands: one row, read once, that inner queries must not list again."""
    (clock,) = today._from_objects  # noqa: SLF001 - SQLAlchemy has no public name for a column's table
    return clock
