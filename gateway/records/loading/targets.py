"""What a mapping can fill: each target, its table, its fields and the event its entry carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Table, Text
from sqlalchemy.types import TypeEngine

from audit.events import Event
from gateway.records import facts, outcomes, standing

HISTORY: Final = frozenset(
    {"row_id", "digest", "from_batch", "to_batch", "from_idx", "to_idx", "withdrawn_on", "stated", "by_hand"}
)
"""Columns that loads never fill: how rows are dated, and what only a person can state."""
NUMBER: Final = "student_identifier"
"""Every fact about a student names the student by the district's number; the internal id stays inside."""
AGREEMENT: Final = "agreement"
"""A list names an agreement; what is stored is its line, so that the list feeds every version in force."""
LINE: Final = "line"
EXIT: Final = "exit_date"
"""The last day of a stay."""
ROSTERS: Final = "rosters"
OPT_OUTS: Final = "opt_outs"
CONSENTS: Final = "consents"
_FIELDS: Final = MappingProxyType({"student_id": NUMBER, LINE: AGREEMENT})
"""Columns that mapping files know by another name."""


@dataclass(frozen=True, slots=True)
class Target:
    """A table a mapping fills. Where `ending_narrows`, the end of a row takes something from a partner: never held."""

    table: Table
    event: Event
    ending_narrows: bool = False

    @property
    def is_dated_by_entry(self) -> bool:
        """Whether rows are dated by log entries rather than by load."""
        return "from_idx" in self.table.c

    @property
    def is_about_students(self) -> bool:
        """Whether each row belongs to a student."""
        return "student_id" in self.table.c


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {
        "schools": Target(facts.school, Event.RECORDS_LOADED),
        "sessions": Target(facts.session, Event.RECORDS_LOADED),
        "students": Target(facts.person, Event.RECORDS_LOADED),
        "enrollments": Target(facts.enrollment, Event.RECORDS_LOADED),
        "academic_summaries": Target(facts.academic_summary, Event.RECORDS_LOADED),
        "attendance_events": Target(facts.attendance, Event.RECORDS_LOADED),
        "course_grades": Target(outcomes.course_grade, Event.RECORDS_LOADED),
        "assessments": Target(outcomes.assessment, Event.RECORDS_LOADED),
        "discipline": Target(outcomes.discipline, Event.RECORDS_LOADED),
        "programs": Target(outcomes.program, Event.RECORDS_LOADED),
        "rosters": Target(standing.roster, Event.ROSTER_LOADED, ending_narrows=True),
        "consents": Target(standing.consent, Event.CONSENTS_LOADED, ending_narrows=True),
        "opt_outs": Target(standing.opt_out, Event.OPT_OUTS_LOADED),
        "placements": Target(standing.placement, Event.PLACEMENTS_LOADED, ending_narrows=True),
    }
)
"""In the order in which they are filled: a row may name only what stands before it."""

DECIDING: Final = frozenset({"students", "enrollments", "programs"})
"""
Targets whose refused rows withhold the student: they say who somebody is and where they belong.

A program withholds only from agreements that ask who is not in one (`coverage`): elsewhere it would add nobody.
"""

ENDING_WIDENS: Final = frozenset({"programs", OPT_OUTS})
"""
Targets whose rows keep something from partners: what is missing of them may open something.

A family's no, and a program that an agreement's students must not be in. Whatever else keeps something back is no
target: no load brings or ends statements, restrictions and withdrawals.
"""


@cache
def columns_of(target: str) -> tuple[str, ...]:
    """Return the stored columns of `target` that a load fills, in the table's order."""
    return tuple(column.name for column in TARGETS[target].table.c if column.name not in HISTORY)


@cache
def fields_of(target: str) -> tuple[str, ...]:
    """Return the fields a mapping may fill: the columns, with the student's number in place of the internal id."""
    names = [field_of(column) for column in columns_of(target) if field_of(column) != NUMBER]
    return (NUMBER, *names) if TARGETS[target].is_about_students else tuple(names)


def field_of(column: str) -> str:
    """Return the name under which a mapping fills this column."""
    return _FIELDS.get(column, column)


@cache
def required_of(target: str) -> tuple[str, ...]:
    """Return the fields a mapping must fill."""
    table = TARGETS[target].table
    columns = [column for column in columns_of(target) if not _may_miss(table, column)]
    needed = [field_of(column) for column in columns if field_of(column) != NUMBER]
    return (NUMBER, *needed) if TARGETS[target].is_about_students else tuple(needed)


def key_of(target: str) -> tuple[str, ...]:
    """Return the columns that tell the rows of `target` apart."""
    key: tuple[str, ...] = TARGETS[target].table.info["key"]
    return key


@cache
def kinds_of(target: str) -> Mapping[str, TypeEngine[Any]]:
    """Return the type of each field; what is stored under another name is text."""
    columns = TARGETS[target].table.c
    return {name: columns[name].type if name in columns else Text() for name in fields_of(target)}


@cache
def later_columns(target: str) -> frozenset[str]:
    """Return the columns of `target` that came after rows were loaded into it."""
    return frozenset(column.name for column in TARGETS[target].table.c if column.info.get("later"))


def is_optional(target: str, column: str) -> bool:
    """Return whether this column of `target` may hold nothing."""
    return bool(TARGETS[target].table.c[column].nullable)


def _may_miss(table: Table, name: str) -> bool:
    column = table.c[name]
    return bool(column.nullable) or column.server_default is not None
