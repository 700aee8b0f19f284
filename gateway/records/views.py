"""
The views a partner's rows are read from, as SQLAlchemy sees them. The app role can read these and no table.

A statement is built over a `World`: the views, for whoever is answered now, or the same rows as they stood at an
earlier entry (`gateway.records.past`), so that what left can be rebuilt by the statement that read it.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    LargeBinary,
    Table,
    TableClause,
    column,
    func,
    table,
)

from gateway.records import facts, outcomes, standing
from gateway.records.columns import words

OWN = frozenset({"row_id", "digest", "from_batch", "to_batch", "from_idx", "to_idx", "line"})
"""Columns that keep a table's history; no view has them."""


def _view(name: str, base: Table, *more: Any) -> TableClause:  # noqa: ANN401 - SQLAlchemy's own argument type
    own = [column(each.name, each.type) for each in base.columns if each.name not in OWN]
    return table(name, *own, *more, schema="records")


granted_students = _view(
    "granted_students",
    facts.person,
    column("code", words()),
    column("covers", BigInteger),
    column("sealed", LargeBinary),
)
granted_enrollments = _view("granted_enrollments", facts.enrollment)
granted_academic_summaries = _view("granted_academic_summaries", facts.academic_summary)
granted_attendance_events = _view("granted_attendance_events", facts.attendance)
granted_course_grades = _view("granted_course_grades", outcomes.course_grade)
granted_assessments = _view("granted_assessments", outcomes.assessment)
granted_discipline = _view("granted_discipline", outcomes.discipline)
granted_programs = _view("granted_programs", outcomes.program)
visible_schools = _view("visible_schools", facts.school)
visible_sessions = _view("visible_sessions", facts.session)
granted_rosters = _view("granted_rosters", standing.roster)
granted_placements = _view("granted_placements", standing.placement)
granted_statements = _view("granted_statements", standing.contested)
any_contested = table("any_contested", column("found", Boolean), schema="records")
"""One row: whether any family's statement is on file, so that a page on which none can be looks for none."""

head = table("head", column("epoch", BigInteger), schema="audit")
"""The log's head row: the epoch comes from the same snapshot as the rows."""

CLOCK_TYPE = DateTime(timezone=True)
DAY_TYPE = Date()


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Everything a statement reads from: rows of covered students only, the epoch they are of, and the clock."""

    students: FromClause
    enrollments: FromClause
    academic_summaries: FromClause
    attendance_events: FromClause
    course_grades: FromClause
    assessments: FromClause
    discipline: FromClause
    programs: FromClause
    schools: FromClause
    sessions: FromClause
    rosters: FromClause
    placements: FromClause
    statements: FromClause
    any_contested: FromClause
    head: FromClause
    clock: ColumnElement[Any]


PRESENT = World(
    students=granted_students,
    enrollments=granted_enrollments,
    academic_summaries=granted_academic_summaries,
    attendance_events=granted_attendance_events,
    course_grades=granted_course_grades,
    assessments=granted_assessments,
    discipline=granted_discipline,
    programs=granted_programs,
    schools=visible_schools,
    sessions=visible_sessions,
    rosters=granted_rosters,
    placements=granted_placements,
    statements=granted_statements,
    any_contested=any_contested,
    head=head,
    clock=func.gateway.clock(type_=CLOCK_TYPE),
)
"""What a partner is answered from."""


def element_of(name: str, base: Table) -> str | None:
    """Return the CEDS id of a column of `base`, None if it has none."""
    return base.c[name].info.get("element") if name in base.c else None
