"""Rows that the law takes away: children whose placement is over, and whoever said no, graduates too (L5, L8)."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from policies.population import And, Everyone, Placement
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    permit,
    terms,
)

CARE = terms(And((Everyone(), Placement())), basis="usc_1232g_b_1_L")
DIRECTORY = terms(basis="directory_information")
GRADUATED = "1002"


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    assert not (await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})).refused
    return district


async def seen(district: SmallDistrict) -> set[str]:
    rows = await district.rows(permit("first_name", rows=district.scopes[0].terms))
    return {row["first_name"] for row in rows}


@pytest.mark.ferpa("L8")
@pytest.mark.claim(3)
async def test_the_row_is_gone_on_the_day_after_the_last_day_in_care(district: SmallDistrict) -> None:
    district.scopes.append(Scope(AGREEMENT, LINE, CARE))
    ends = dt.date(2026, 3, 20)
    await district.load({"placements": [(LINE, "1001", "2025-10-01", ends), (LINE, "1002", "2025-10-01", None)]})
    await district.at(ends - dt.timedelta(days=1))
    assert await seen(district) == {"Ana", "Bo"}
    await district.at(ends)
    assert await seen(district) == {"Bo"}
    await district.at(ends + dt.timedelta(days=1))
    assert await seen(district) == {"Bo"}


@pytest.mark.ferpa("L5")
@pytest.mark.claim(3)
async def test_a_graduate_who_opted_out_stays_out_after_leaving_and_after_coming_back(district: SmallDistrict) -> None:
    district.scopes.append(Scope(AGREEMENT, LINE, DIRECTORY))
    await district.load({"opt_outs": [(GRADUATED, None, "directory", "2025-09-10")]})
    assert await seen(district) == {"Ana", "Chí", "Dua"}
    left = [row if row[0] != GRADUATED else (*row[:5], "2026-01-16") for row in ENROLLMENTS]
    await district.load({"enrollments": left}, confirm=True)
    assert "Bo" not in await seen(district)
    # A year on, enrolled again: the word of a former student still stands (34 CFR 99.37(b)).
    back = (*left, (GRADUATED, "north", YEAR, "12", "2026-02-02", None))
    await district.load({"enrollments": back}, confirm=True)
    assert "Bo" not in await seen(district)
    # Only directory information was refused.
    district.scopes.append(Scope(OTHER, OTHER_LINE, terms()))
    await district.load({"enrollments": (*left, (GRADUATED, "north", YEAR, "12", "2026-02-03", None))}, confirm=True)
    named = await district.rows(permit("first_name", agreement=OTHER))
    assert "Bo" in {row["first_name"] for row in named}
