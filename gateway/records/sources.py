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
    func,
    literal_column,
    or_,
    select,
    true,
)

from gateway.records import facts, outcomes
from gateway.records.counting import clock_of, days_of_attendance, incidents
from gateway.records.errors import NotServed
from gateway.records.matching import matches_today
from gateway.records.reach import NO_LIMIT, Reach
from gateway.records.views import World, element_of
from gateway.records.windows import counted_from, told_until

SCHOOL, YEAR, ENTRY = "001069", "000243", "000097"
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
    known_by: frozenset[str]
    """The elements among what tells two rows apart: where they are granted, rows are known by their released values."""


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
    terms: Reach,
    today: ColumnElement[Any],
    wanted: frozenset[str],
    *,
    exact: frozenset[str],
    counted: bool = False,
    by_day: bool = False,
) -> Source:
    """
    Return the rows of `dataset` in `world` under `terms`, with the columns of the elements `wanted` and of no others.

    With `counted`, one row a student with how many there are. `exact` are elements that the agreement gives as they
    are: with the day of a row among them, the row is told from that day on, else with the cadence. `by_day` is for
    attendance events of releases whose pages are rebuilt: told on their day, in the order of days and numbers of rows.

    Raises `NotServed` for a dataset the reader does not know.
    """
    student = world.students.alias("g")
    stay = _stay(world, student, terms, today, wanted)
    columns = _columns(student, facts.person) | _columns(stay, facts.enrollment) | _at_school(world, stay)
    # In an emergency a student without a stay is found too: the newest pupil of all may be the one in danger.
    rows = student.join(stay, true(), isouter=terms.school_years is NO_LIMIT)
    match dataset:
        case "students":
            summary = _summary(world, student, stay, wanted)
            if summary is None:
                return Source(rows, student, stay.c.school_year, columns)
            elements = _columns(summary, facts.academic_summary) | columns
            return Source(rows.join(summary, true(), isouter=True), student, stay.c.school_year, elements)
        case "attendance":
            counts, elements = days_of_attendance(world, student, stay, terms, today, wanted=wanted)
            return Source(rows.join(counts, true()), student, stay.c.school_year, columns | elements)
        case "graduation":
            return Source(rows, student, stay.c.school_year, columns)
        case "discipline" if counted:
            counts, elements = incidents(world, student, terms, today, wanted)
            elements |= {YEAR: columns[YEAR], SCHOOL: columns[SCHOOL]}
            return Source(rows.join(counts, true()), student, stay.c.school_year, elements, counted=True)
        case _ if dataset in _KINDS:
            kind = _KINDS[dataset]
            row = kind.rows(world).alias("v")
            year = _year_of(row, kind)
            own = and_(
                row.c.student_id == student.c.student_id,
                counted_from(terms.school_years, year),
                *_told(row, kind, lambda day: today if by_day else told_until(terms, exact, day, student, today)),
                *([] if not kind.is_stay else [matches_today(terms.population, row, today, world)]),
            )
            elements = columns | _columns(row, kind.base) | _looked_up(world, row, kind.base) | {YEAR: year}
            key = tuple(row.c[name] for name in kind.base.info["key"] if name != "student_id")
            if by_day:
                key = (row.c.attendance_event_date, row.c.event_id)
            return Source(rows, student, year, elements, Each(row, own, stay, key, _known_by(kind.base)))
    raise NotServed(f"The dataset {dataset!r} is not served.")


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A dataset of which a student has many rows: where from, and the day from which one is told, if it has one."""

    base: Table
    rows: Callable[[World], FromClause]
    day: str | None = None
    is_stay: bool = False
    """Whether a row is a stay: one at a school or in a grade that the agreement does not cover is not shown."""


_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "enrollments": _Kind(facts.enrollment, lambda world: world.enrollments, "entry_date", is_stay=True),
        "attendance_events": _Kind(facts.attendance, lambda world: world.attendance_events, "attendance_event_date"),
        "academic_summary": _Kind(facts.academic_summary, lambda world: world.academic_summaries),
        "courses": _Kind(outcomes.course_grade, lambda world: world.course_grades),
        "assessments": _Kind(outcomes.assessment, lambda world: world.assessments, "assessment_start_date"),
        "discipline": _Kind(outcomes.discipline, lambda world: world.discipline, "incident_date"),
        "programs": _Kind(outcomes.program, lambda world: world.programs, "program_start_date"),
    }
)


DATED: Final = frozenset(dataset for dataset, kind in _KINDS.items() if kind.day is not None)
"""Datasets of which each row is of a day."""


def is_told_on_its_day(dataset: str, exact: frozenset[str]) -> bool:
    """Return whether a row of `dataset` may be told on its day, because the agreement gives that day as it is."""
    kind = _KINDS.get(dataset)
    return kind is not None and kind.day is not None and element_of(kind.day, kind.base) in exact


def _known_by(base: Table) -> frozenset[str]:
    named = (element_of(name, base) for name in base.info["key"])
    return frozenset(element for element in named if element is not None)


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


def is_many(world: World, terms: Reach, today: ColumnElement[Any], minimum: int) -> ColumnElement[bool]:
    """
    Return the condition that rows of this population speak of at least `minimum` students today.

    Counting stops there. Filters and sorting do not count: they choose among rows, not whom the rows may speak of.
    """
    student = world.students.alias("k")
    stay = _stay(world, student, terms, today, frozenset())
    found = select(ONE.label("one")).select_from(student.join(stay, true())).limit(literal_column(str(minimum)))
    counted = found.correlate(clock_of(today)).subquery("many")
    return select(func.count() >= minimum).select_from(counted).correlate(clock_of(today)).scalar_subquery()


def _columns(rows: FromClause, base: Table) -> dict[str, ColumnElement[Any]]:
    named = ((element_of(column.name, base), column) for column in rows.c)
    return {element: column for element, column in named if element is not None}


def _wanted(rows: FromClause, base: Table, elements: frozenset[str]) -> list[ColumnElement[Any]]:
    return [column for column in rows.c if element_of(column.name, base) in elements]


def _stay(
    world: World, student: FromClause, terms: Reach, today: ColumnElement[Any], wanted: frozenset[str]
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
        .correlate(student, clock_of(today))
        .subquery("b")
    )
    of = begun.c
    chosen = select(*_wanted(begun, facts.enrollment, wanted | {SCHOOL, YEAR}))
    if terms.school_years is NO_LIMIT:
        # Where is the child? At the school of today, or the last one known.
        latest = chosen.order_by(of.now.desc(), of.entry_date.desc(), of.school_identifier)
        return latest.limit(ONE).lateral("e")
    return (
        chosen.where(counted_from(terms.school_years, of.school_year), of.school_year <= of.newest)
        .order_by(of.now.desc(), case((of.now, of.entry_date)), of.entry_date.desc(), of.school_identifier)
        .limit(ONE)
        .lateral("e")
    )


def _looked_up(world: World, row: FromClause, base: Table) -> dict[str, ColumnElement[Any]]:
    """
    Return what stands elsewhere about a row: its session's name and days, its school's name and district.

    Each is a query of its own, so that who does not ask does not pay. An empty text in a key stands for nothing.
    """
    found: dict[str, ColumnElement[Any]] = {}
    for name in _EMPTY & set(base.c.keys()):
        found[str(base.c[name].info["element"])] = func.nullif(row.c[name], literal_column("''"))
    if base is facts.enrollment:
        found |= _at_school(world, row)
    if base is not facts.session and "session_identifier" in base.c:
        found |= _in_session(world, row)
    return found


_EMPTY: Final = frozenset({"period", "session_identifier"})
"""Parts of keys that are empty where a source knows none."""


def _in_session(world: World, row: FromClause) -> dict[str, ColumnElement[Any]]:
    found: dict[str, ColumnElement[Any]] = {}
    for name in ("session_name", "begin_date", "end_date"):
        session = world.sessions.alias("i")
        same = and_(
            session.c.school_year == row.c.school_year, session.c.session_identifier == row.c.session_identifier
        )
        own = select(session.c[name]).where(same).limit(ONE).correlate(row).scalar_subquery()
        found[str(facts.session.c[name].info["element"])] = own
    return found


def _at_school(world: World, stay: FromClause) -> dict[str, ColumnElement[Any]]:
    """Return what is known of the stay's school; each a query of its own, so that who does not ask does not pay."""
    found: dict[str, ColumnElement[Any]] = {}
    for name in ("lea_identifier", "school_name"):
        school = world.schools.alias("o")
        own = select(school.c[name]).where(school.c.school_identifier == stay.c.school_identifier).limit(ONE)
        found[str(facts.school.c[name].info["element"])] = own.correlate(stay).scalar_subquery()
    return found


def _summary(world: World, student: FromClause, stay: FromClause, wanted: frozenset[str]) -> FromClause | None:
    """
    Return the grade points and credits of the stay's whole year, as far as they are wanted; None if none is.

    Those of its sessions are rows of `academic_summary`: here one student is one row.
    """
    summary = world.academic_summaries.alias("m")
    columns = _wanted(summary, facts.academic_summary, wanted - {YEAR})
    if not columns:
        return None
    own = and_(
        summary.c.student_id == student.c.student_id,
        summary.c.school_year == stay.c.school_year,
        summary.c.session_identifier == literal_column("''"),
    )
    return select(*columns).where(own).limit(ONE).lateral("a")
