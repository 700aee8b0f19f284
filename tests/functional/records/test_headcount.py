"""Counting whom a draft would cover: by the query that keeps populations, and without writing anything."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.headcount import Conjunct, Headcount, count_draft
from gateway.records.tally import tally
from policies.decision import RowTerms
from policies.population import And, Column, In, Or, Placement, Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER_LINE,
    STUDENTS,
    SmallDistrict,
    promised,
    terms,
)

NORTH = In(Column.SCHOOL_IDENTIFIER, ("north",))
CONSENT = terms(basis="consent", element_order=("000115",))
WELFARE = terms(Placement(), basis="usc_1232g_b_1_L")
ROSTER, GIVEN, PLACED = Conjunct.ROSTER, Conjunct.CONSENT, Conjunct.PLACEMENT

pytestmark = pytest.mark.claim(3)


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


async def drafted(district: SmallDistrict, rows: RowTerms, day: dt.date = DAY) -> Headcount:
    async with district.engine.connect() as connection:
        return await count_draft(connection, promised(Scope(AGREEMENT, LINE, rows)), day)


async def counted(district: SmallDistrict, rows: RowTerms, day: dt.date = DAY) -> int:
    async with district.engine.connect() as connection:
        students, _ = await tally(connection, promised(Scope(AGREEMENT, LINE, rows)), day)
        return students


@pytest.mark.parametrize(
    ("rows", "now", "left_out", "most"),
    [
        (terms(), 4, (), 4),
        (terms(Roster()), 0, (ROSTER,), 4),
        (terms(And((Roster(), NORTH))), 0, (ROSTER,), 3),
        (terms(Or((And((Placement(), Roster())), NORTH))), 3, (PLACED, ROSTER), 4),
        (CONSENT, 0, (GIVEN,), 4),
        (terms(And((NORTH, Roster())), basis="consent", element_order=("000115",)), 0, (GIVEN, ROSTER), 3),
        (WELFARE, 0, (PLACED,), 4),
    ],
)
async def test_lists_that_a_new_line_does_not_have_are_left_out_and_named(
    district: SmallDistrict, rows: RowTerms, now: int, left_out: tuple[Conjunct, ...], most: int
) -> None:
    # Another line's lists say nothing about this one.
    lists = [(OTHER_LINE, "1001", "2025-09-02", None)]
    consents = [(OTHER_LINE, "1001", "all", "parent", "2025-09-01", "2025-09-02", None)]
    await district.load({"rosters": lists, "placements": lists, "consents": consents})
    assert await counted(district, rows) == now
    assert await drafted(district, rows) == Headcount(most, (), left_out)


async def test_the_lists_of_the_line_count_for_its_next_version(district: SmallDistrict) -> None:
    await district.load(
        {
            "rosters": [(LINE, each, "2025-09-03", None) for each in ("1001", "1002")],
            "consents": [(LINE, "1001", "all", "parent", "2025-09-01", "2025-09-02", None)],
            "placements": [(LINE, "1002", "2025-09-03", "2026-03-11")],
        }
    )
    assert await drafted(district, terms(Roster())) == Headcount(2, (ROSTER,), ())
    assert await drafted(district, CONSENT) == Headcount(1, (GIVEN,), ())
    assert await drafted(district, WELFARE, dt.date(2026, 3, 10)) == Headcount(1, (PLACED,), ())
    assert await drafted(district, WELFARE) == Headcount(0, (PLACED,), ())


async def test_a_list_that_was_emptied_covers_nobody(district: SmallDistrict) -> None:
    await district.load({"rosters": [(LINE, "1001", "2025-09-03", None)]})
    await district.owner.execute("UPDATE records.roster SET to_idx = 99")
    assert await drafted(district, terms(Roster())) == Headcount(0, (ROSTER,), ())


@pytest.mark.parametrize("basis", ["school_official", "consent"])
async def test_opt_outs_and_withheld_students_never_count(district: SmallDistrict, basis: str) -> None:
    await district.load(
        {"opt_outs": [("1001", None, "sharing", "2025-09-01"), ("1002", LINE, "sharing", "2025-09-01")]}
    )
    rows = terms(basis=basis, element_order=("000115",))
    assert (await drafted(district, rows)).students == 2
    await district.load({"students": [*STUDENTS[:3], ("1004", "Dua", "Okafor", "soon", "F", None, None)]})
    assert (await drafted(district, rows)).students == 1


async def test_counting_writes_nothing(district: SmallDistrict) -> None:
    # A transaction that writes has a number. The log of the database would also show what reading tidies up on the way.
    newest = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    before = await district.owner.fetchval(newest)
    for day, students in ((dt.date(2025, 9, 2), 0), (DAY, 4), (dt.date(2026, 6, 13), 3)):
        assert await counted(district, terms(), day) == students
    assert await district.owner.fetchval("SELECT count(*) FROM records.scope") == 0
    assert await district.owner.fetchval("SELECT count(*) FROM records.code") == 0
    assert await district.owner.fetchval(newest) == before
