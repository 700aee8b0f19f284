"""
A plain reading of who is covered and what is shown, one student and one day at a time: the oracle of the hostile rows.

It knows no SQL, no sets of days and no masks, and takes nothing from the gateway. The meaning of an expression is that
of `policies.population.matches`; consent, opt-out, placement, school year and the choice of a stay are said here again.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policies.decision import RowTerms
from policies.population import And, Column, Enrollment, Facts, NotInKnown, Or, Population, matches

Day = dt.date
Value = str | float | dt.date | None
ELEMENTS: Mapping[str, str] = {
    "birthdate": "000033",
    "grade_level": "000100",
    "first_name": "000115",
    "gpa_cumulative": "000128",
    "last_name": "000172",
    "school_identifier": "001069",
}
"""The six elements of the agreements here, by wire name, in the catalogue's order of ids."""


@dataclass(frozen=True, slots=True)
class Stay:
    """An enrollment."""

    school: str
    grade: str | None
    year: str
    first: Day
    last: Day | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A line of a roster, or a placement. `of` is the agreement's line."""

    of: str
    first: Day
    last: Day | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent to elements by id, or to `all`."""

    of: str
    elements: tuple[str, ...]
    by: str
    first: Day
    last: Day | None = None


@dataclass(frozen=True, slots=True)
class No:
    """An opt-out; `of` is the agreement's line, None for every agreement."""

    of: str | None
    scope: str
    first: Day


@dataclass(slots=True)
class Person:
    """One student, in the district's own words. `why` says what makes it hostile, and is the last name."""

    number: str
    why: str
    born: Day | None = None
    gpa: float | None = None
    graded: str = "2025-2026"
    """The school year of `gpa`."""
    stays: list[Stay] = field(default_factory=list)
    programs: list[tuple[str, Day, Day | None]] = field(default_factory=list)
    rosters: list[Span] = field(default_factory=list)
    placements: list[Span] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    noes: list[No] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    """The files in which a row about this student could not be read."""


def covered_elements(person: Person, rows: RowTerms, line: str, day: Day) -> frozenset[str]:
    """Return the ids of the elements that the agreement of `line` covers for this student on `day`."""
    nothing: frozenset[str] = frozenset()
    today = tuple(_enrollment(stay) for stay in person.stays if _holds(stay.first, stay.last, day))
    if person.unread - {"programs"} or not matches(rows.population, _facts(person, today, line, day)):
        return nothing
    # Withheld until the row is mended, from whoever asks who is in no such program.
    if person.unread and _asks_who_is_in_none_of(rows.population):
        return nothing
    scopes = {"sharing", "directory"} if rows.basis == "directory_information" else {"sharing"}
    if any(no.of in (None, line) and no.scope in scopes and no.first <= day for no in person.noes):
        return nothing
    if rows.basis == "usc_1232g_b_1_L" and not _is_placed(person, line, day):
        return nothing
    everything = frozenset(rows.element_order)
    if rows.basis != "consent":
        return everything
    found: set[str] = set()
    for given in person.consents:
        if given.of == line and _holds(given.first, given.last, day) and _may_sign(person.born, given.by, day):
            found |= everything if given.elements == ("all",) else everything & set(given.elements)
    return frozenset(found)


def shown(person: Person, rows: RowTerms, line: str, day: Day) -> dict[str, Value] | None:
    """Return what leaves about this student by wire name, None if there is no row: covered but unknown is None."""
    covered = covered_elements(person, rows, line, day)
    stay = _stay_spoken_of(person, rows, line, day)
    if not covered or stay is None:
        return None
    values: dict[str, Value] = {
        "birthdate": person.born,
        "grade_level": stay.grade,
        "first_name": person.number,
        "gpa_cumulative": person.gpa if stay.year == person.graded else None,
        "last_name": person.why,
        "school_identifier": stay.school,
    }
    return {name: value for name, value in values.items() if ELEMENTS[name] in covered}


def _stay_spoken_of(person: Person, rows: RowTerms, line: str, day: Day) -> Stay | None:
    """
    Return the stay a row speaks of: one of the agreement's years that matches, today's before those of the past.

    Of several today the longest-standing, of several past the latest. A stay that is over is spoken of only while one
    of its school year or a later one covers the student: a stay of last year that nobody closed keeps no leaver in.
    """
    begun = [
        stay
        for stay in person.stays
        if stay.first <= day and matches(rows.population, _facts(person, (_enrollment(stay),), line, day))
    ]
    now = [stay for stay in begun if _holds(stay.first, stay.last, day)]
    newest = max((stay.year for stay in now), default="")
    meant = [stay for stay in begun if stay.year in rows.school_years and stay.year <= newest]
    today = [stay for stay in meant if stay in now]
    if today:
        return min(today, key=lambda stay: (stay.first, stay.school))
    return max(meant, key=lambda stay: stay.first, default=None)


def _facts(person: Person, stays: Sequence[Enrollment], line: str, day: Day) -> Facts:
    types: Iterator[str | None] = (kind for kind, first, last in person.programs if _holds(first, last, day))
    return Facts(
        enrollments=tuple(stays),
        # A program of which nobody can read the type is one of unknown type.
        program_types=(*types, *([None] if "programs" in person.unread else [])),
        on_roster=any(each.of == line and _holds(each.first, each.last, day) for each in person.rosters),
        is_placed=_is_placed(person, line, day),
    )


def _asks_who_is_in_none_of(population: Population) -> bool:
    if isinstance(population, And | Or):
        return any(_asks_who_is_in_none_of(part) for part in population.parts)
    return isinstance(population, NotInKnown) and population.column is Column.PROGRAM_TYPE


def _is_placed(person: Person, line: str, day: Day) -> bool:
    """A placement is over on the day it ends."""
    return any(
        each.of == line and each.first <= day and (each.last is None or day < each.last) for each in person.placements
    )


def _may_sign(born: Day | None, by: str, day: Day) -> bool:
    """A parent's word counts until the child is 18, the student's own from then on; in doubt neither counts."""
    if born is None:
        return False
    if (born.month, born.day) == (2, 29):
        early, late = Day(born.year + 18, 2, 28), Day(born.year + 18, 3, 1)
    else:
        early = late = born.replace(year=born.year + 18)
    return day < early if by == "parent" else day >= late


def _enrollment(stay: Stay) -> Enrollment:
    return Enrollment(stay.school, stay.grade)


def _holds(first: Day, last: Day | None, day: Day) -> bool:
    return first <= day and (last is None or day <= last)
