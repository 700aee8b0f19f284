"""
What is counted of one student: days of attendance, incidents and the actions after them.

Counts reach as far as the agreement's school years and its cadence (`gateway.records.windows`), whatever was asked. A
count that nobody asked for is not computed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, and_, case, distinct, exists, func, or_, select

from gateway.records.views import World
from gateway.records.windows import counted_from, counted_until
from policies.decision import RowTerms

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
    world: World, student: FromClause, terms: RowTerms, today: ColumnElement[Any], wanted: frozenset[str]
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Return one row of counts for the student, and each element's value of it."""
    event = world.attendance_events.alias("w")
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
        _ENROLLED: func.count(day).filter(_in_a_stay(world, event)),
    }
    asked = {element: count.label(f"c{at}") for at, (element, count) in enumerate(more.items()) if element in wanted}
    row = (
        select(*(count.label(name) for name, count in counted.items()), *asked.values())
        .where(
            event.c.student_id == student.c.student_id,
            counted_from(terms.school_years, event.c.school_year),
            event.c.attendance_event_date <= counted_until(terms.cadence, today),
        )
        .correlate(student, clock_of(today))
        .lateral("c")
    )
    days, absent = row.c.days_in_session, row.c.days_absent
    return row, {
        "000496": days,
        "000201": absent,
        "000202": days - absent,
        "001957": row.c.days_tardy,
        "002022": case((days > 0, absent * CHRONIC_TENTHS >= days)),
        **{element: row.c[count.name] for element, count in asked.items()},
    }


def _in_a_stay(world: World, event: FromClause) -> ColumnElement[bool]:
    stay = world.enrollments.alias("p")
    day = event.c.attendance_event_date
    lasts = or_(stay.c.exit_date.is_(None), stay.c.exit_date >= day)
    own = and_(stay.c.student_id == event.c.student_id, stay.c.entry_date <= day, lasts)
    return exists(select(stay.c.student_id).where(own).correlate(event))


def incidents(
    world: World, student: FromClause, terms: RowTerms, today: ColumnElement[Any], wanted: frozenset[str]
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
