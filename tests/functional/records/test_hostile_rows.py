"""
The hostile rows against every shape of population: the reader gives what a plain reading gives, no more and no less.

Subject: kept population, granted views and reader, by a permit. Oracle: `tests.factories.plain_reading`, a student and
a day at a time.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.population import rewrite_population
from policies.decision import RowTerms
from policies.population import And, Column, Everyone, In, Known, NotInKnown, Or, Placement, Population, Roster
from tests.factories.database import TestDatabase
from tests.factories.hostile_rows import corpus, write_into
from tests.factories.plain_reading import ELEMENTS, Person, Value, shown
from tests.factories.records import AGREEMENT, DAY, LINE, SmallDistrict, permit, terms

pytestmark = pytest.mark.claim(3)

ORDER = tuple(ELEMENTS.values())
AROUND = tuple(DAY + dt.timedelta(offset) for offset in (-1, 0, 1))
LEAP = tuple(dt.date(2026, month, day) for month, day in ((2, 27), (2, 28), (3, 1)))
BASES = {
    "consent": (*LEAP, *AROUND),
    "usc_1232g_b_1_L": AROUND,
    "directory_information": AROUND,
    "school_official": AROUND,
    "studies": (DAY,),
}
"""Each basis with the days on which it is read: consents lapse at 18, and no year has a 29 February for everybody."""
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


class Read:
    """One district with the hostile rows, read as a partner would and as the oracle does."""

    def __init__(self, district: SmallDistrict, people: Sequence[Person]) -> None:
        self.district, self.people = district, people
        self.numbers: dict[str, str] = {}
        self.idx = 1_000
        self.agreement = AGREEMENT

    async def under(self, rows: RowTerms) -> None:
        """Bring another version of the line into force, with these terms."""
        self.idx += 1
        self.agreement = f"sha256:{self.idx:064x}"
        async with self.district.engine.begin() as connection:
            await rewrite_population(connection, Scope(self.agreement, LINE, rows), self.idx)
        codes = "SELECT c.code, i.student_identifier FROM records.code c JOIN records.identity i USING (student_id)"
        self.numbers = {row[0]: row[1] for row in await self.district.owner.fetch(codes)}

    async def page(self, rows: RowTerms, **asked: Any) -> list[tuple[str, dict[str, Value]]]:
        """Return number and values of every row, in the order in which they come."""
        leave = permit(*ELEMENTS, rows=rows, agreement=self.agreement, **asked)
        page = await self.district.page(leave, limit=500)
        assert not page.more
        found = []
        for line in encode(page, leave):
            values = msgspec.json.decode(line)
            found.append((self.numbers[values.pop("record_code")], values))
        return found

    def expected(self, rows: RowTerms, day: dt.date) -> dict[str, dict[str, Value]]:
        """Return what the plain reading shows, by number."""
        said = {each.number: shown(each, rows, LINE, day) for each in self.people}
        return {number: _as_json(values) for number, values in said.items() if values is not None}

    async def differences(self, rows: RowTerms, day: dt.date) -> list[str]:
        """Return who is shown otherwise than the plain reading says."""
        await at(self.district, dt.datetime.combine(day, dt.time(20), dt.UTC))
        found = await self.page(rows)
        subject, oracle = dict(found), self.expected(rows, day)
        assert len(found) == len(subject), "somebody has two rows"
        why = {each.number: each.why for each in self.people}
        both = subject.keys() | oracle.keys()
        return [
            f"{why[each]}: {subject.get(each)} instead of {oracle.get(each)}"
            for each in sorted(both)
            if subject.get(each) != oracle.get(each)
        ]


def _as_json(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()}


async def at(district: SmallDistrict, moment: dt.datetime) -> None:
    """Set the clock."""
    shift = "UPDATE gateway.installation SET clock_shift = $1 - statement_timestamp()"
    await district.owner.execute(shift, moment)


@pytest.fixture
async def read(database: TestDatabase, tmp_path: Path) -> Read:
    """The hostile rows, loaded."""
    return await reading(database, tmp_path)


async def reading(database: TestDatabase, folder: Path) -> Read:
    district, people = await SmallDistrict.open(database, folder), corpus()
    await write_into(district, people)
    return Read(district, people)


@pytest.mark.parametrize("basis", BASES)
async def test_every_shape_shows_exactly_whom_and_what_a_plain_reading_shows(read: Read, basis: str) -> None:
    shown_once, hidden_once = set[str](), set[str]()
    for name, shape in SHAPES.items():
        rows = terms(shape, basis=basis, element_order=ORDER)
        await read.under(rows)
        for day in BASES[basis]:
            assert await read.differences(rows, day) == [], (name, day)
            seen = read.expected(rows, day).keys()
            shown_once |= seen
            hidden_once |= {each.number for each in read.people} - seen
    # Every row is put to the test: there is a shape that leaves it out, and for most one that shows it.
    assert len(hidden_once) == len(read.people)
    assert len(shown_once) > len(read.people) // 2
