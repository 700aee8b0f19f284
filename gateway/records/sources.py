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
    BigInteger,
    ColumnElement,
    Date,
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
from gateway.records.views import World, element_of
from gateway.records.windows import counted_from
from policies.decision import RowTerms

SCHOOL, YEAR, ENTRY = "001069", "000243", "000097"
"""School, school year and first day: by these a row's stay is chosen, whatever else is wanted."""
ONE: ColumnElement[int] = literal_column("1")
"""A literal, not a parameter: a generic plan cannot use a limit it does not know."""


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset's rows: where from, what each element's stored value is, and what orders the rows of one student."""

    rows: FromClause
    student: FromClause
    school_year: ColumnElement[Any]
    elements: Mapping[str, ColumnElement[Any]]
    within: tuple[ColumnElement[Any], ...] = ()
    key: frozenset[str] = frozenset()
    """The elements that tell the rows of one student apart, as far as the district's systems name them; none of one."""
    counted: bool = False
    """Whether there is one row a student, which counts, instead of the rows themselves."""


def source_of(
    world: World,
    dataset: str,
    terms: RowTerms,
    today: ColumnElement[Any],
    wanted: frozenset[str],
    *,
    counted: bool = False,
    by_day: bool = False,
) -> Source:
    """
    Return the rows of `dataset` in `world` under `terms`, with the columns of the elements `wanted` and of no others.

    With `counted`, one row a student with how many there are. `by_day` orders attendance events as releases did whose
    pages are rebuilt: by day and number of row, which told when each was loaded.

    Raises `NotServed` for a dataset the reader does not know.
    """
    student = world.students.alias("g")
    stay = _stay(world, student, terms, today, wanted)
    columns = _columns(student, facts.person) | _columns(stay, facts.enrollment) | _at_school(world, stay)
    rows = student.join(stay, true())
    match dataset:
        case "students":
            summary = _summary(world, student, stay, wanted)
            if summary is None:
                return Source(rows, student, stay.c.school_year, columns)
            elements = _columns(summary, facts.academic_summary) | columns
            return Source(rows.join(summary, true(), isouter=True), student, stay.c.school_year, elements)
        case "attendance":
            counts, elements = days_of_attendance(world, student, terms, today, wanted)
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
                *([] if kind.day is None else [row.c[kind.day] <= today]),
                *([] if not kind.is_stay else [matches_today(terms.population, row, today, world)]),
            )
            elements = columns | _columns(row, kind.base) | _looked_up(world, row, kind.base) | {YEAR: year}
            within = (row.c.attendance_event_date, row.c.event_id) if by_day else (_place(student, row, kind.base),)
            return Source(rows.join(row, own), student, year, elements, within, _key(kind.base))
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


def _key(base: Table) -> frozenset[str]:
    named = (element_of(name, base) for name in base.info["key"])
    return frozenset(element for element in named if element is not None)


def _year_of(row: FromClause, kind: _Kind) -> ColumnElement[Any]:
    """Return the school year of a row; where a source names none, that of its first day, from 1 July to 30 June."""
    if not kind.base.c.school_year.nullable or kind.day is None:
        return row.c.school_year
    first = cast(func.extract("year", row.c[kind.day] - literal_column("interval '6 months'")), Integer)
    named = cast(first, Text) + literal_column("'-'") + cast(first + 1, Text)
    return func.coalesce(row.c.school_year, named)


def _place(student: FromClause, row: FromClause, base: Table) -> ColumnElement[int]:
    """
    Return what orders the rows of one student: a hash of the row's natural key and the student's record code.

    INVARIANT: the order tells nothing. It is another one for each partner, since codes are, and a change of what was
    not granted moves no row, as the number of a row would.
    """
    # Days as numbers: how a session writes a date must not move a row.
    first: ColumnElement[Any] = literal_column("date '1970-01-01'")
    key = [row.c[name] - first if isinstance(row.c[name].type, Date) else row.c[name] for name in base.info["key"]]
    return func.hashtextextended(func.concat_ws(literal_column("E'\\x1f'"), student.c.code, *key), 0, type_=BigInteger)


def is_many(world: World, terms: RowTerms, today: ColumnElement[Any], minimum: int) -> ColumnElement[bool]:
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
        .correlate(student, clock_of(today))
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
