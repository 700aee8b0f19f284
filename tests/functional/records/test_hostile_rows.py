"""
The hostile rows against every shape of population: the reader gives what a plain reading gives, no more and no less.

Subject: kept population, granted views and reader, by a permit. Oracle: `tests.factories.plain_reading`, a student and
a day at a time.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, FromClause, or_

from gateway.records import matching
from policies.population import And, Column, Everyone, In, Known, NotInKnown, Or, Placement, Population, Roster
from tests.factories.database import TestDatabase
from tests.factories.hostile_reading import ORDER, HostileDistrict
from tests.factories.plain_reading import ELEMENTS
from tests.factories.records import DAY, terms

AROUND = tuple(DAY + dt.timedelta(offset) for offset in (-1, 0, 1))
LEAP = tuple(dt.date(2026, month, day) for month, day in ((2, 27), (2, 28), (3, 1)))
BASES = {
    "consent": (*LEAP, *AROUND),
    "usc_1232g_b_1_L": AROUND,
    "directory_information": AROUND,
    "school_official": AROUND,
    "studies": (DAY,),
}
"""Each basis with the days on which it is read: consents lapse at 18, and not every year has a 29 February."""
NORTH, SOUTH = In(Column.SCHOOL_IDENTIFIER, ("north",)), In(Column.SCHOOL_IDENTIFIER, ("south", "west"))
NINTH, NOT_NINTH = In(Column.GRADE_LEVEL, ("09",)), NotInKnown(Column.GRADE_LEVEL, ("09",))
NOT_NORTH = NotInKnown(Column.SCHOOL_IDENTIFIER, ("north",))
SPECIAL, NOT_SPECIAL = In(Column.PROGRAM_TYPE, ("special",)), NotInKnown(Column.PROGRAM_TYPE, ("special",))
SHAPES: Mapping[str, Population] = {
    "everyone": Everyone(),
    "school": NORTH,
    "not a school": NOT_NORTH,
    "a known school": Known(Column.SCHOOL_IDENTIFIER),
    "grade": NINTH,
    "not a grade": NOT_NINTH,
    "a known grade": Known(Column.GRADE_LEVEL),
    "program": SPECIAL,
    "not a program": NOT_SPECIAL,
    "a known program": Known(Column.PROGRAM_TYPE),
    "roster": Roster(),
    "placement": Placement(),
    "roster and school": And((Roster(), NORTH)),
    "roster or grade": Or((Roster(), NINTH)),
    "placement or not a grade": Or((Placement(), NOT_NINTH)),
    "a grade at a school": And((SOUTH, Known(Column.GRADE_LEVEL))),
    "not a grade at a school": And((NORTH, NOT_NINTH)),
    "nothing can be both": And((NORTH, SOUTH)),
    "neither of two unknowns": Or((NOT_NINTH, NOT_SPECIAL)),
    "deep": Or((And((Roster(), Or((NOT_NINTH, SPECIAL)))), And((Placement(), NOT_SPECIAL, SOUTH)))),
}
Truth = ColumnElement[Any]


@pytest.fixture
async def read(database: TestDatabase, tmp_path: Path) -> HostileDistrict:
    return await HostileDistrict.open(database, tmp_path)


@pytest.mark.claim(3)
@pytest.mark.parametrize("basis", BASES)
async def test_every_shape_shows_exactly_whom_and_what_a_plain_reading_shows(read: HostileDistrict, basis: str) -> None:
    shown, hidden = set[str](), set[str]()
    for name, shape in SHAPES.items():
        await read.under(terms(shape, basis=basis, element_order=ORDER))
        for day in BASES[basis]:
            assert await read.differences(day) == [], (name, day)
            seen = read.expected(day).keys()
            shown |= seen
            hidden |= {each.number for each in read.people} - seen
    # Every row is put to the test: some shape leaves it out, and for most there is one that shows it.
    assert len(hidden) == len(read.people)
    assert len(shown) > len(read.people) // 2


# --- What a consent does not cover cannot be found


@pytest.mark.claim(2)
@pytest.mark.claim(3)
@pytest.mark.parametrize("shape", ["everyone", "roster or grade"])
async def test_filters_and_sorting_find_nobody_by_what_a_consent_does_not_cover(
    read: HostileDistrict, shape: str
) -> None:
    await read.under(terms(SHAPES[shape], basis="consent", element_order=ORDER))
    await read.at(dt.datetime.combine(DAY, dt.time(20), dt.UTC))
    oracle = read.expected(DAY)
    for name in ELEMENTS:
        # (1): a filter finds whose released value it is, and nobody whose stored value it is.
        for value in {str(each) for person in read.people for each in _stored(person, name) if each is not None}:
            found = {number for number, _ in await read.page(**{name: value})}
            assert found == {number for number, row in oracle.items() if str(row.get(name)) == value}, (name, value)
        # (2): a sort puts those for whom nothing is released last, in the order of their random codes.
        order = [number for number, _ in await read.page(sort=name)]
        assert order == sorted(
            oracle, key=lambda number: (oracle[number].get(name) is None, oracle[number].get(name), read.codes[number])
        ), name


def _stored(person: Any, name: str) -> tuple[object, ...]:
    stays = person.stays
    return {
        "birthdate": (person.born,),
        "grade_level": tuple({stay.grade for stay in stays}),
        "first_name": (person.number,) if "four" in person.why else (),
        "gpa_cumulative": (person.gpa,),
        "last_name": (person.why,) if "four" in person.why else (),
        "school_identifier": tuple({stay.school for stay in stays}),
    }[name]


# --- The guards of NULL, taken away one by one


def _unknown_is_true(value: Truth, values: tuple[str, ...]) -> Truth:
    return or_(value.is_(None), value.in_(values))


def _unknown_is_not_listed(value: Truth, values: tuple[str, ...]) -> Truth:
    return or_(value.is_(None), value.not_in(values))


def _nothing_is_unknown(value: Truth) -> Truth:
    return or_(value.is_(None), value.is_not(None))


@pytest.mark.claim(3)
@pytest.mark.parametrize(
    ("atom", "mutant"),
    [
        (In, lambda atom, value: _unknown_is_true(value, atom.values)),
        (NotInKnown, lambda atom, value: _unknown_is_not_listed(value, atom.values)),
        (Known, lambda _, value: _nothing_is_unknown(value)),
    ],
    ids=["NULL is true", "NULL is false", "NULL is known"],
)
async def test_a_reading_in_which_unknown_grants_is_found_out(
    read: HostileDistrict,
    monkeypatch: pytest.MonkeyPatch,
    atom: type[In | NotInKnown | Known],
    mutant: Callable[[Any, Truth], Truth],
) -> None:
    real = matching._about  # the guard that is taken away

    def spoilt(asked: Any, enrollment: FromClause, meaning: matching.Meaning) -> Truth:
        if not isinstance(asked, atom) or asked.column is Column.PROGRAM_TYPE:
            return real(asked, enrollment, meaning)
        return meaning.holds(mutant(asked, enrollment.c[asked.column.value]))

    monkeypatch.setattr(matching, "_about", spoilt)
    for name in ("grade", "not a grade", "a known grade"):
        await read.under(terms(SHAPES[name], element_order=ORDER))
        if await read.differences(DAY):
            return
    pytest.fail("unknown grants, and nothing tells")
