"""A roster that is loaded ends by itself, where its mapping says after how many days: nobody has to remember it."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import BadMapping, LoadHeld
from gateway.records.loading.report import TargetReport
from policies.population import Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    STUDENTS,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

pytestmark = [pytest.mark.ferpa("R3"), pytest.mark.claim(7)]

DAYS = 35
LAST = DAY + dt.timedelta(DAYS)
LISTED = [(LINE, str(number), "2025-09-01", None) for number, *_ in STUDENTS]
ON_ROSTER = terms(Roster())


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, ON_ROSTER))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


async def load(district: SmallDistrict, rows: Sequence[Sequence[object]], days: int = DAYS) -> TargetReport:
    district.write("rosters", *rows)
    return (await district.load_by(mapping_for("rosters", counts_days=days), district.folder, confirm=False)).targets[0]


async def ends(district: SmallDistrict) -> dict[str, dt.date]:
    rows = await district.owner.fetch(
        "SELECT student_identifier, to_date FROM records.roster JOIN records.identity USING (student_id)"
        " WHERE to_idx IS NULL"
    )
    return {row["student_identifier"]: row["to_date"] for row in rows}


async def seen(district: SmallDistrict) -> int:
    return len(await district.rows(permit("first_name", rows=ON_ROSTER)))


@pytest.mark.parametrize(("target", "days"), [("rosters", 0), ("rosters", 367), ("placements", 35)])
def test_what_is_no_roster_and_what_are_no_days_are_refused(target: str, days: int) -> None:
    with pytest.raises(BadMapping, match="counts_days"):
        mapping_for(target, counts_days=days)


async def test_a_row_ends_when_its_days_are_over_whatever_it_says(district: SmallDistrict) -> None:
    early, late = DAY + dt.timedelta(3), LAST + dt.timedelta(1)
    rows = [*LISTED[:1], (*LISTED[1][:3], early), (*LISTED[2][:3], late), (LINE, "1004", late, None)]
    report = await load(district, rows)
    assert await ends(district) == {"1001": LAST, "1002": early, "1003": LAST}
    # Who begins after that is taken when the roster is loaded again.
    assert [each.reason for each in report.refused] == [
        "it begins after the days are over for which this load lets a roster count: load it again later"
    ]
    assert await seen(district) == 3
    await district.at(LAST)
    assert await seen(district) == 2
    await district.at(LAST + dt.timedelta(1))
    assert await seen(district) == 0


async def test_the_same_list_puts_the_days_off_once_half_of_them_are_over_and_is_not_held_for_it(
    district: SmallDistrict,
) -> None:
    await load(district, LISTED)
    for after in (1, DAYS - DAYS // 2):
        await district.at(DAY + dt.timedelta(after))
        report = await load(district, LISTED)
        assert (report.unchanged, report.changed) == (len(LISTED), 0)
    later = DAY + dt.timedelta(DAYS - DAYS // 2 + 1)
    await district.at(later)
    report = await load(district, LISTED)
    assert (report.unchanged, report.changed) == (0, len(LISTED))
    assert set((await ends(district)).values()) == {later + dt.timedelta(DAYS)}
    # A mapping that says nothing of days keeps what the file says: that every row lasts longer is held, as before.
    district.write("rosters", *LISTED)
    with pytest.raises(LoadHeld):
        await district.load_by(mapping_for("rosters"), district.folder, confirm=False)
