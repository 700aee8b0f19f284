"""
What a partner was shown before: the views of an earlier epoch and day, and whose rows have moved since.

The app role reads no table of the past either. Its views find whom the agreement covered then, and only while the
transaction names agreement, epoch and day (`OPENING`, `SINCE`).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    TableClause,
    and_,
    bindparam,
    column,
    exists,
    false,
    literal_column,
    or_,
    select,
    table,
    union,
)
from sqlalchemy.sql import visitors

from gateway.records import facts, views
from gateway.records.columns import words
from gateway.records.errors import NotServed
from gateway.records.sources import DATED
from gateway.records.views import CLOCK_TYPE, DAY_TYPE, PRESENT, World
from gateway.records.windows import counted_until

OPENING: Final = """
    SELECT h.epoch, gateway.clock() AS now, (gateway.clock() AT TIME ZONE $2)::date AS today,
        set_config('pactgate.agreement', $1, true) AS agreement
    FROM audit.head AS h
"""
"""Names the agreement for the transaction; epoch, clock and day of its snapshot, in the zone `$2`."""
SINCE: Final = """
    SELECT set_config('pactgate.since_epoch', $1::bigint::text, true) AS epoch,
        set_config('pactgate.since_day', to_char($2::date, 'YYYY-MM-DD'), true) AS day
"""
"""Names the earlier epoch and day for the transaction."""
LOST: Final = "SELECT found FROM records.lost_since"
"""Whether rows of then are gone for good: erased since, or older than what is kept."""


def _held(present: TableClause) -> TableClause:
    return table(_twin(present.name, "held_"), *_like(present), schema="records")


def _twin(name: str, kind: str) -> str:
    return kind + name.removeprefix("granted_").removeprefix("visible_")


def _like(present: TableClause) -> list[Any]:
    return [column(each.name, each.type) for each in present.c]


HELD: Final = World(
    students=_held(views.granted_students),
    enrollments=_held(views.granted_enrollments),
    academic_summaries=_held(views.granted_academic_summaries),
    attendance_events=_held(views.granted_attendance_events),
    course_grades=_held(views.granted_course_grades),
    assessments=_held(views.granted_assessments),
    discipline=_held(views.granted_discipline),
    programs=_held(views.granted_programs),
    schools=_held(views.visible_schools),
    sessions=_held(views.visible_sessions),
    rosters=_held(views.granted_rosters),
    placements=_held(views.granted_placements),
    statements=_held(views.granted_statements),
    # Always looked for: only the statements of few students are.
    any_contested=select(literal_column("true").label("found")).subquery("held_any_contested"),
    head=select(bindparam("since_epoch", None, type_=BigInteger).label("epoch")).subquery("held_head"),
    clock=bindparam("since", None, type_=CLOCK_TYPE),
)
"""What a partner was answered from at the epoch and on the day that the transaction names."""

_CODED = (column("student_id", facts.person.c.student_id.type), column("code", words()))


def _coded(name: str) -> TableClause:
    return table(name, *(column(each.name, each.type) for each in _CODED), schema="records")


_granted: Final = _coded("granted")
_STILL: Final = frozenset({"granted_students", "granted_statements"})
"""Views of which no date is compared with today."""
_AWAITED: Final[Mapping[str, str]] = MappingProxyType(
    {"attendance": "granted_attendance_events", **{dataset: f"granted_{dataset}" for dataset in DATED}}
)
"""The view of each dataset whose rows are counted, or told, from some day on, and not at once."""
_WINDOWED: Final = frozenset({"granted_attendance_events", "granted_assessments", "granted_discipline"})
"""Views of which no date is compared with today but by how far the agreement counts and tells."""
_OF_NOBODY_DATED: Final = frozenset({"visible_schools", "visible_sessions"})
"""Views of no student, whose rows loads date."""
_OF_NOBODY: Final = _OF_NOBODY_DATED | {"any_contested", "head", "granted"}


def everybody(*worlds: World) -> FromClause:
    """Return (student_id, code) of all whom one of these worlds covers."""
    found = [select(world.students.c.student_id, world.students.c.code) for world in worlds]
    return union(*found).subquery("everybody")


def granted_now() -> FromClause:
    """Return (student_id, code) of all who are covered now, by the index of pages (`gateway.records.release`)."""
    return select(_granted).where(_granted.c.code >= literal_column("''")).subquery("everybody")


def views_in(statement: Select[Any]) -> set[str]:
    """Return the names of the present's views that a statement reads. Raises `NotServed` for one without a twin."""
    found = {each.name for each in visitors.iterate(statement) if isinstance(each, TableClause)}
    known = {view.name for view in _present_views()}
    if stray := found - known - _OF_NOBODY:
        raise NotServed(f"What moved in {', '.join(sorted(stray))} cannot be told.")
    return found


def _present_views() -> Iterable[TableClause]:
    slots = (getattr(PRESENT, name) for name in World.__dataclass_fields__)
    return [each for each in slots if isinstance(each, TableClause) and each.name.startswith("granted_")]


def moved(used: set[str], dataset: str, cadence: str, *, at_once: bool, other_day: bool) -> FromClause:
    """
    Return (student_id, code) of everybody whose rows can differ between the earlier moment and this one.

    `used` are the views that the rows are read from; on another day the parameters `first_day` and `last_day` are the
    two days, the earlier one first. `at_once` says that a row may be told on the very day it is of, and need not wait
    for the cadence. More may be named than differ, never fewer: whoever is not named is not looked at.
    INVARIANT: a row of a world depends on rows of its own student, on schools and terms, and on the day; a cohort is
    looked at by the caller.
    """
    coded = _coded("coded_students")
    found = [select(_coded("moved_population"))]
    found += [select(_coded(_twin(name, "moved_"))) for name in sorted(used) if name.startswith("granted_")]
    for name in sorted(used & _OF_NOBODY_DATED):
        # Rare, and what any row may speak of: then everybody is looked at.
        some = exists(select(table(_twin(name, "moved_"), column("row_id", BigInteger), schema="records").c.row_id))
        found.append(select(coded).where(some))
    if other_day:
        found.append(select(_coded("turned_population")))
        turning = [view for view in _present_views() if view.name in used - _STILL and _dates(view)]
        found += [_turning(view, dataset, cadence, at_once=at_once) for view in turning]
    return union(*found).subquery("moved")


def _dates(view: FromClause) -> list[ColumnElement[Any]]:
    return [each for each in view.c if isinstance(each.type, Date)]


def _turning(view: TableClause, dataset: str, cadence: str, *, at_once: bool) -> Select[Any]:
    """Return whose rows of `view` begin, end or begin to count between the two days; rows that moved are found so."""
    coded, row = _coded("coded_students"), view.alias("turning")
    # Parameters and no columns: the planner then knows how few rows lie between them.
    first, last = (bindparam(name, None, type_=DAY_TYPE) for name in ("first_day", "last_day"))
    turning: list[ColumnElement[bool]] = []
    if view.name not in _WINDOWED:
        turning += [each.between(first, last) for each in _dates(row)]
    if view.name == _AWAITED.get(dataset):
        # Told with the cadence; and where a row may be told on its day, those of the days since.
        spans = [(counted_until(cadence, first), counted_until(cadence, last)), *([(first, last)] if at_once else [])]
        turning += [and_(each > begins, each <= ends) for begins, ends in spans for each in _dates(row)]
    return select(coded).join_from(coded, row, row.c.student_id == coded.c.student_id).where(or_(false(), *turning))
