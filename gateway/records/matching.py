"""
What a population means in SQL: once for a day (true or false), once for all days at a time (a set of days).

The tree and its meaning in Python are in `policies.population`. INVARIANT: unknown never grants, here as there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE

from gateway.records.views import PRESENT, World
from policies.population import And, Column, Everyone, In, Known, NotInKnown, Or, Placement, Population, Roster

Sql = ColumnElement[Any]

EVER: Sql = literal_column("'{(,)}'::datemultirange", DATEMULTIRANGE)
NEVER: Sql = literal_column("'{}'::datemultirange", DATEMULTIRANGE)


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    One way to read a population as SQL.

    `holds` turns a condition on the enrollment into a value of this meaning; `programs` gives the value of taking part
    in some program (of the types given, or of any with None).
    """

    holds: Callable[[Sql], Sql]
    programs: Callable[[tuple[str, ...] | None], Sql]
    roster: Sql
    placement: Sql
    both: Callable[[Sql, Sql], Sql]
    either: Callable[[Sql, Sql], Sql]
    without: Callable[[Sql, Sql], Sql]


def to_sql(population: Population, enrollment: FromClause, meaning: Meaning) -> Sql:
    """Return `population` as SQL about one row of `enrollment`."""
    match population:
        case And(parts):
            return reduce(meaning.both, (to_sql(part, enrollment, meaning) for part in parts))
        case Or(parts):
            return reduce(meaning.either, (to_sql(part, enrollment, meaning) for part in parts))
        case Roster():
            return meaning.roster
        case Placement():
            return meaning.placement
        case Everyone():
            return meaning.holds(true())
    return _about(population, enrollment, meaning)


def _about(atom: In | NotInKnown | Known, enrollment: FromClause, meaning: Meaning) -> Sql:
    """Return a condition on a value: the enrollment's own, or the types of the programs the student takes part in."""
    if atom.column is Column.PROGRAM_TYPE:
        some = meaning.programs(None)
        if isinstance(atom, Known):
            return some
        listed = meaning.programs(atom.values)
        return listed if isinstance(atom, In) else meaning.without(some, listed)
    value = enrollment.c[atom.column.value]
    if isinstance(atom, Known):
        return meaning.holds(value.is_not(None))
    if isinstance(atom, In):
        return meaning.holds(value.in_(atom.values))
    return meaning.holds(and_(value.is_not(None), value.not_in(atom.values)))


def in_days(programs: Callable[[tuple[str, ...] | None], Sql], roster: Sql, placement: Sql) -> Meaning:
    """Return the meaning as sets of days, from the days in programs, on the roster and placed."""
    return Meaning(
        holds=lambda condition: case((condition, EVER), else_=NEVER),
        programs=programs,
        roster=roster,
        placement=placement,
        both=lambda one, other: one.op("*")(other),
        either=lambda one, other: one.op("+")(other),
        without=lambda one, other: one.op("-")(other),
    )


def on_day(programs: Callable[[tuple[str, ...] | None], Sql], roster: Sql, placement: Sql) -> Meaning:
    """Return the meaning as true or false on one day. The three given conditions must never be NULL."""
    return Meaning(
        holds=lambda condition: condition,
        programs=programs,
        roster=roster,
        placement=placement,
        both=and_,
        either=or_,
        without=lambda one, other: and_(one, not_(other)),
    )


def matches_today(population: Population, stay: FromClause, today: Sql, world: World = PRESENT) -> Sql:
    """
    Return the condition that this stay of a covered student is one that the population speaks of.

    The student is known to be covered today, so a roster or placement that every stay needs needs no second look.
    """

    def programs(types: tuple[str, ...] | None) -> Sql:
        row = world.programs.alias()
        ended = row.c.program_exit_date
        found = and_(
            row.c.student_id == stay.c.student_id,
            row.c.program_start_date <= today,
            or_(ended.is_(None), ended >= today),
        )
        return exists(select(row.c.student_id).where(found if types is None else found & row.c.program_type.in_(types)))

    listed, placed = world.rosters.alias(), world.placements.alias()
    on_roster = and_(
        listed.c.student_id == stay.c.student_id,
        listed.c.from_date <= today,
        or_(listed.c.to_date.is_(None), listed.c.to_date >= today),
    )
    is_placed = and_(
        placed.c.student_id == stay.c.student_id,
        placed.c.from_date <= today,
        or_(placed.c.to_date.is_(None), placed.c.to_date > today),
    )
    meaning = on_day(
        programs,
        roster=exists(select(listed.c.student_id).where(on_roster)),
        placement=exists(select(placed.c.student_id).where(is_placed)),
    )
    parts = population.parts if isinstance(population, And) else (population,)
    open_parts = [part for part in parts if not isinstance(part, Roster | Placement)]
    return and_(true(), *(to_sql(part, stay, meaning) for part in open_parts))


def days(of: Sql) -> Sql:
    """Return a union of ranges of days, empty when there is none."""
    return func.coalesce(func.range_agg(of), NEVER, type_=DATEMULTIRANGE)


def span(first: Sql, last: Sql, bounds: str) -> Sql:
    """Return the days from `first` to `last` as a set of days; `bounds` as PostgreSQL writes them."""
    return cast(func.daterange(first, last, bounds), DATEMULTIRANGE)
