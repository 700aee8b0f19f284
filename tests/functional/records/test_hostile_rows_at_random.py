"""The hostile rows against expressions that nobody thought of: one database, many agreements."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.population import And, Column, Everyone, In, Known, NotInKnown, Or, Placement, Population, Roster
from tests.factories.database import TestDatabase, TestServer
from tests.factories.hostile_reading import ORDER, HostileDistrict
from tests.factories.hostile_rows import LAST_YEAR
from tests.factories.records import DAY, YEAR, terms

EXAMPLES = 60
NAME = "hostile_rows_at_random"
VALUES = {
    Column.SCHOOL_IDENTIFIER: ["north", "south", "west"],
    Column.GRADE_LEVEL: ["08", "09", "10"],
    Column.PROGRAM_TYPE: ["tutoring", "special", "other"],
}


def _listed(column: Column) -> st.SearchStrategy[Population]:
    values = st.lists(st.sampled_from(VALUES[column]), min_size=1, max_size=2, unique=True).map(tuple)
    return st.one_of(st.builds(In, st.just(column), values), st.builds(NotInKnown, st.just(column), values))


ATOMS: st.SearchStrategy[Population] = st.one_of(
    st.sampled_from(Column).flatmap(_listed),
    st.builds(Known, st.sampled_from(Column)),
    st.sampled_from([Roster(), Placement(), Everyone()]),
)
POPULATIONS: st.SearchStrategy[Population] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
BASES = st.sampled_from(["consent", "consent", "school_official", "usc_1232g_b_1_L", "directory_information"])
YEARS = st.sampled_from([(YEAR,), (YEAR,), (LAST_YEAR, YEAR), (LAST_YEAR,)])
DAYS = st.sampled_from([-200, -12, -11, -10, -1, 0, 1, 2]).map(lambda offset: DAY + dt.timedelta(offset))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """A loop that outlives the examples; Hypothesis calls its test as a plain function."""
    with asyncio.Runner() as running:
        yield running


@pytest.mark.claim(3)
def test_no_expression_shows_anybody_whom_a_plain_reading_does_not(
    postgres: TestServer, runner: asyncio.Runner, tmp_path: Path
) -> None:
    database = TestDatabase(server=postgres, name=NAME)

    async def opened() -> HostileDistrict:
        await postgres.create(NAME)
        return await HostileDistrict.open(database, tmp_path)

    read = runner.run(opened())

    async def differences(population: Population, basis: str, years: tuple[str, ...], day: dt.date) -> list[str]:
        await read.under(terms(population, basis=basis, school_years=years, element_order=ORDER))
        return await read.differences(day)

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)
    @given(POPULATIONS, BASES, YEARS, DAYS)
    def agrees(population: Population, basis: str, years: tuple[str, ...], day: dt.date) -> None:
        assert runner.run(differences(population, basis, years, day)) == []

    try:
        agrees()
    finally:
        runner.run(database.close())
        runner.run(postgres.drop(NAME))
