"""
How many students an agreement covers, counted and never written: for those who judge a draft before it is signed.

It is computed by `coverage.covered`, the very query that keeps populations. The counts are exact; whoever shows them
rounds, budgets and logs them, because a row of exact counts would answer questions about single students.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlalchemy import Table, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.basis import Basis
from gateway.records import standing
from gateway.records.coverage import Scope
from gateway.records.tally import tally
from policies.decision import RowTerms
from policies.population import And, Everyone, Or, Placement, Population, Roster


class Conjunct(StrEnum):
    """What an agreement can ask of a student beside the population's own conditions: a list kept for its line."""

    ROSTER = "roster"
    CONSENT = "consent"
    PLACEMENT = "placement"


_LISTS = {
    Conjunct.ROSTER: standing.roster,
    Conjunct.CONSENT: standing.consent,
    Conjunct.PLACEMENT: standing.placement,
}
_BY_BASIS = {Basis.CONSENT: Conjunct.CONSENT, Basis.CHILD_WELFARE: Conjunct.PLACEMENT}
_WITHOUT_A_LIST = Basis.SCHOOL_OFFICIAL
"""A basis that asks for no list of its own; opt-outs from sharing count under it as under those in `_BY_BASIS`."""


@dataclass(frozen=True, slots=True)
class Headcount:
    """
    How many students are covered on a day.

    `left_out` are lists that the terms ask for and that the line does not have yet: each can only make the number
    smaller, so with any of them `students` means "at most". Enrollments and opt-outs always count.
    """

    students: int
    counted: tuple[Conjunct, ...]
    left_out: tuple[Conjunct, ...]
    sketch: int = field(default=0, compare=False)
    """Who they are, as `gateway.records.tally` says it: enough to tell sets apart that differ by many."""


async def count_draft(connection: AsyncConnection, scope: Scope, day: dt.date) -> Headcount:
    """
    Return how many students a draft would cover on `day`, leaving out the lists that its line does not have yet.

    A draft of a new line has no roster and no consents; counted with them it would seem to cover nobody. A later
    version of a line is counted with the line's own. Raises `UnknownTerm`.
    """
    asked = sorted(_asked(scope.terms))
    left_out = tuple([each for each in asked if not await _is_there(connection, _LISTS[each], scope.line)])
    open_terms = _without(scope.terms, frozenset(left_out))
    students, sketch = await tally(connection, replace(scope, terms=open_terms), day)
    return Headcount(students, tuple(each for each in asked if each not in left_out), left_out, sketch)


async def _is_there(connection: AsyncConnection, table: Table, line: str) -> bool:
    """Return whether the line ever had such a list: one that was emptied counts, and covers nobody."""
    return bool(await connection.scalar(select(exists(select(table.c.row_id).where(table.c.line == line)))))


def _asked(terms: RowTerms) -> set[Conjunct]:
    by_basis = {conjunct for basis, conjunct in _BY_BASIS.items() if terms.basis == basis}
    return by_basis | _atoms(terms.population)


def _atoms(population: Population) -> set[Conjunct]:
    match population:
        case And(parts) | Or(parts):
            return {found for part in parts for found in _atoms(part)}
        case Roster():
            return {Conjunct.ROSTER}
        case Placement():
            return {Conjunct.PLACEMENT}
    return set()


def _without(terms: RowTerms, lists: frozenset[Conjunct]) -> RowTerms:
    """Return the terms as if everybody stood on these lists. Neither list is ever negated, so that only widens."""
    rests_on = next((conjunct for basis, conjunct in _BY_BASIS.items() if terms.basis == basis), None)
    basis = _WITHOUT_A_LIST.value if rests_on in lists else terms.basis
    return replace(terms, basis=basis, population=_opened(terms.population, lists))


def _opened(population: Population, lists: frozenset[Conjunct]) -> Population:
    match population:
        case And(parts):
            return And(tuple(_opened(part, lists) for part in parts))
        case Or(parts):
            return Or(tuple(_opened(part, lists) for part in parts))
        case Roster() if Conjunct.ROSTER in lists:
            return Everyone()
        case Placement() if Conjunct.PLACEMENT in lists:
            return Everyone()
    return population
