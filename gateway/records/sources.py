"""
Where each dataset's rows and columns come from.

Everything is read through the granted views of a world. INVARIANT: the only columns a statement can select are those
named here by their CEDS element.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Table,
    Text,
    and_,
    case,
    cast,
    distinct,
    func,
    literal_column,
    or_,
    select,
    true,
)

from gateway.records import facts, outcomes
from gateway.records.errors import NotServed
from gateway.records.matching import matches_today
from gateway.records.views import World, element_of
from gateway.records.windows import counted_from, counted_until, told_until
from policies.decision import RowTerms

ABSENCES = ("Absent", "ExcusedAbsence", "UnexcusedAbsence")
CHRONIC_TENTHS = 10
"""A student is chronically absent who missed a tenth of the days or more (CEDS 002022)."""
EVENT_DAY = "001649"
SCHOOL, YEAR, ENTRY, INCIDENT = "001069", "000243", "000097", "000501"
"""School, school year and first day: by these a row's stay is chosen, whatever else is wanted."""
ONE: ColumnElement[int] = literal_column("1")
"""A literal, not a parameter: a generic plan cannot use a limit it does not know."""


@dataclass(frozen=True, slots=True)
class Each:
    """The rows of one student, in a dataset that has several: which they are, in an order of their own."""

    row: FromClause
    own: ColumnElement[bool]
    """That a row is this student's, and may be read."""
    stay: FromClause
    key: tuple[ColumnElement[Any], ...]
    """Tells two rows apart. INVARIANT: never what pages are ordered by; most of it nobody agreed on."""


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset's rows: where from, and what each element's stored value is."""

    rows: FromClause
    student: FromClause
    school_year: ColumnElement[Any]
    elements: Mapping[str, ColumnElement[Any]]
    each: Each | None = None
    """The rows of one student where a student has several; None where `rows` has one a student."""
    counted: bool = False
    """Whether there is one row a student, which counts, instead of the rows themselves."""


def source_of(
    world: World,
    dataset: str,
    terms: RowTerms,
    today: ColumnElement[Any],
    wanted: frozenset[str],
    *,
    exact: frozenset[str],
    counted: bool = False,
) -> Source:
    """
    Return the rows of `dataset` in `world` under `terms`, with the columns of the elements `wanted` and of no others.

    With `counted`, one row a student with how many there are. `exact` are elements that the agreement gives as they
    are: with the day of a row among them, the row is told from that day on, else with the cadence.

    Raises `NotServed` for a dataset the reader does not know.
    """
    student = world.students.alias("g")
    stay = _stay(world, student, terms, today, wanted)
    columns = _columns(student, facts.person) | _columns(stay, facts.enrollment) | {"001068": _district(world, stay)}
    rows = student.join(stay, true())
    match dataset:
        case "students":
            summary = _summary(world, student, stay, wanted)
            if summary is None:
                return Source(rows, student, stay.c.school_year, columns)
            elements = _columns(summary, facts.academic_summary) | columns
            return Source(rows.join(summary, true(), isouter=True), student, stay.c.school_year, elements)
        case "attendance":
            counts = _counts(world, student, terms, today)
            return Source(rows.join(counts, true()), student, stay.c.school_year, columns | _count_columns(counts))
        case "attendance_events":
            event = world.attendance_events.alias("v")
            own = and_(
                event.c.student_id == student.c.student_id,
                counted_from(terms.school_years, event.c.school_year),
                event.c.attendance_event_date <= told_until(terms, exact, EVENT_DAY, student, today),
            )
            elements = columns | _columns(event, facts.attendance)
            each = Each(event, own, stay, (event.c.event_id,))
            return Source(rows, student, event.c.school_year, elements, each)
        case "discipline" if counted:
            counts = _incidents(world, student, terms, today)
            elements = {YEAR: columns[YEAR], SCHOOL: columns[SCHOOL], INCIDENT: counts.c.incidents}
            return Source(rows.join(counts, true()), student, stay.c.school_year, elements, counted=True)
        case "courses" | "assessments" | "discipline" | "programs":
            kind = _KINDS[dataset]
            row = kind.rows(world).alias("v")
            year = _year_of(row, kind)
            own = and_(
                row.c.student_id == student.c.student_id,
                counted_from(terms.school_years, year),
                *_told(row, kind, lambda day: told_until(terms, exact, day, student, today)),
            )
            elements = columns | _columns(row, kind.base) | {YEAR: year}
            key = tuple(row.c[name] for name in kind.base.info["key"] if name != "student_id")
            return Source(rows, student, year, elements, Each(row, own, stay, key))
    raise NotServed(f"The dataset {dataset!r} is not served.")


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A dataset of which a student has many rows: where from, and the day from which one is told, if it has one."""

    base: Table
    rows: Callable[[World], FromClause]
    day: str | None = None


_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "courses": _Kind(outcomes.course_grade, lambda world: world.course_grades),
        "assessments": _Kind(outcomes.assessment, lambda world: world.assessments, "assessment_start_date"),
        "discipline": _Kind(outcomes.discipline, lambda world: world.discipline, "incident_date"),
        "programs": _Kind(outcomes.program, lambda world: world.programs, "program_start_date"),
    }
)


def _told(row: FromClause, kind: _Kind, until: Callable[[str], ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    """Return the condition that a row is told by now, where it is of a day."""
    day = None if kind.day is None else element_of(kind.day, kind.base)
    return [] if kind.day is None or day is None else [row.c[kind.day] <= until(day)]


def _year_of(row: FromClause, kind: _Kind) -> ColumnElement[Any]:
    """Return the school year of a row; where a source names none, that of its first day, from 1 July to 30 June."""
    if not kind.base.c.school_year.nullable or kind.day is None:
        return row.c.school_year
    first = cast(func.extract("year", row.c[kind.day] - literal_column("interval '6 months'")), Integer)
    named = cast(first, Text) + literal_column("'-'") + cast(first + 1, Text)
    return func.coalesce(row.c.school_year, named)


def _incidents(world: World, student: FromClause, terms: RowTerms, today: ColumnElement[Any]) -> FromClause:
    row = world.discipline.alias("w")
    return (
        select(func.count(distinct(row.c.incident_identifier)).label("incidents"))
        .where(
            row.c.student_id == student.c.student_id,
            counted_from(terms.school_years, row.c.school_year),
            row.c.incident_date <= counted_until(terms.cadence, today),
        )
        .correlate(student, _clock(today))
        .lateral("c")
    )


def is_many(world: World, terms: RowTerms, today: ColumnElement[Any], minimum: int) -> ColumnElement[bool]:
    """
    Return the condition that rows of this population speak of at least `minimum` students today.

    Counting stops there. Filters and sorting do not count: they choose among rows, not whom the rows may speak of.
    """
    student = world.students.alias("k")
    stay = _stay(world, student, terms, today, frozenset())
    found = select(ONE.label("one")).select_from(student.join(stay, true())).limit(literal_column(str(minimum)))
    counted = found.correlate(_clock(today)).subquery("many")
    return select(func.count() >= minimum).select_from(counted).correlate(_clock(today)).scalar_subquery()


def _clock(today: ColumnElement[Any]) -> FromClause:
    """Return where `today` stands: one row, read once, that inner queries must not list again."""
    (clock,) = today._from_objects  # noqa: SLF001 - SQLAlchemy has no public name for a column's table
    return clock


def _columns(rows: FromClause, base: Table) -> dict[str, ColumnElement[Any]]:
    named = ((element_of(column.name, base), column) for column in rows.c)
    return {element: column for element, column in named if element is not None}


def _wanted(rows: FromClause, base: Table, elements: frozenset[str]) -> list[ColumnElement[Any]]:
    return [column for column in rows.c if element_of(column.name, base) in elements]


def _stay(
    world: World, student: FromClause, terms: RowTerms, today: ColumnElement[Any], wanted: frozenset[str]
) -> FromClause:
    """
    Return the one enrollment a row speaks of.

    Only stays that match the population count, so a student of two schools appears once, at the covered one. Among
    several: those of today before those of the past, the longest-standing of today's, the latest of the past's.

    INVARIANT: a stay that is over counts only while one of its school year or a later one covers the student. Systems
    leave the stays of last year open; such a one must not keep in a student who left this year.
    """
    stay = world.enrollments.alias("n")
    now = or_(stay.c.exit_date.is_(None), stay.c.exit_date >= today)
    begun = (
        select(
            *_wanted(stay, facts.enrollment, wanted | {SCHOOL, YEAR, ENTRY}),
            now.label("now"),
            func.max(case((now, stay.c.school_year))).over().label("newest"),
        )
        .where(
            stay.c.student_id == student.c.student_id,
            stay.c.entry_date <= today,
            matches_today(terms.population, stay, today, world),
        )
        .correlate(student, _clock(today))
        .subquery("b")
    )
    of = begun.c
    return (
        select(*_wanted(begun, facts.enrollment, wanted | {SCHOOL, YEAR}))
        .where(counted_from(terms.school_years, of.school_year), of.school_year <= of.newest)
        .order_by(of.now.desc(), case((of.now, of.entry_date)), of.entry_date.desc(), of.school_identifier)
        .limit(ONE)
        .lateral("e")
    )


def _district(world: World, stay: FromClause) -> ColumnElement[Any]:
    """Return the district of the stay's school; a query of its own, so that who does not ask does not pay."""
    school = world.schools.alias("o")
    own = select(school.c.lea_identifier).where(school.c.school_identifier == stay.c.school_identifier).limit(ONE)
    return own.correlate(stay).scalar_subquery()


def _summary(world: World, student: FromClause, stay: FromClause, wanted: frozenset[str]) -> FromClause | None:
    """Return the grade points and credits of the stay's year, as far as they are wanted; None if none is."""
    summary = world.academic_summaries.alias("m")
    columns = _wanted(summary, facts.academic_summary, wanted - {YEAR})
    if not columns:
        return None
    own = and_(summary.c.student_id == student.c.student_id, summary.c.school_year == stay.c.school_year)
    return select(*columns).where(own).limit(ONE).lateral("a")


def _counts(world: World, student: FromClause, terms: RowTerms, today: ColumnElement[Any]) -> FromClause:
    event = world.attendance_events.alias("w")
    day = distinct(event.c.attendance_event_date)
    absent = func.count(day).filter(event.c.attendance_status.in_(ABSENCES))
    return (
        select(
            func.count(day).label("days_in_session"),
            absent.label("days_absent"),
            func.count(day).filter(event.c.attendance_status == "Tardy").label("days_tardy"),
        )
        .where(
            event.c.student_id == student.c.student_id,
            counted_from(terms.school_years, event.c.school_year),
            event.c.attendance_event_date <= counted_until(terms.cadence, today),
        )
        .correlate(student, _clock(today))
        .lateral("c")
    )


def _count_columns(counts: FromClause) -> dict[str, ColumnElement[Any]]:
    days, absent = counts.c.days_in_session, counts.c.days_absent
    return {
        "000496": days,
        "000201": absent,
        "000202": days - absent,
        "001957": counts.c.days_tardy,
        "002022": case((days > 0, absent * CHRONIC_TENTHS >= days)),
    }
