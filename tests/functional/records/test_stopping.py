"""A stop acts on the next request, and nothing but a new act undoes it."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.errors import NothingToStop, UnknownStudent
from gateway.services.stops import opt_out, withdraw_consent
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    SmallDistrict,
    permit,
    terms,
)

CONSENT = terms(basis="consent", element_order=("000115",))
GIVEN = [
    (line, number, "all", "parent", "2025-09-01", "2025-09-02", None)
    for line in (LINE, OTHER_LINE)
    for number in ("1001", "1002")
]

pytestmark = pytest.mark.claim(7)


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes += [Scope(AGREEMENT, LINE, CONSENT), Scope(OTHER, OTHER_LINE, terms())]
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS, "consents": GIVEN})
    return district


async def names(district: SmallDistrict, agreement: str = AGREEMENT) -> set[str]:
    rows = CONSENT if agreement == AGREEMENT else terms()
    return {row["first_name"] for row in await district.rows(permit("first_name", rows=rows, agreement=agreement))}


async def withdraw(district: SmallDistrict, number: str = "1001", line: str = LINE) -> int:
    async with district.engine.begin() as connection:
        return await withdraw_consent(connection, line, number, scopes=district.in_force)


async def say_no(district: SmallDistrict, number: str = "1001", **options: object) -> int:
    async with district.engine.begin() as connection:
        return await opt_out(connection, number, scopes=district.in_force, **options)  # type: ignore[arg-type] # shorthand


async def test_a_stop_about_an_unknown_student_writes_nothing(district: SmallDistrict) -> None:
    size = await district.owner.fetchval("SELECT size FROM audit.head")
    with pytest.raises(UnknownStudent) as refused:
        await withdraw(district, "4711")
    assert "4711" not in str(refused.value)
    with pytest.raises(UnknownStudent):
        await say_no(district, "4711")
    assert await district.owner.fetchval("SELECT size FROM audit.head") == size


async def test_what_is_not_there_cannot_be_stopped(district: SmallDistrict) -> None:
    with pytest.raises(NothingToStop):
        await withdraw(district, "1003")
    await withdraw(district)
    with pytest.raises(NothingToStop):
        await withdraw(district)
    await say_no(district)
    with pytest.raises(NothingToStop):
        await say_no(district)


async def test_a_withdrawn_consent_acts_on_the_next_request_and_for_that_student_and_agreement_only(
    district: SmallDistrict,
) -> None:
    before = await district.page(permit("first_name", rows=CONSENT))
    assert await names(district) == {"Ana", "Bo"}
    entry = await withdraw(district)
    assert await names(district) == {"Bo"}
    assert await names(district, OTHER) == {"Ana", "Bo", "Chí", "Dua"}
    after = await district.page(permit("first_name", rows=CONSENT))
    assert after.epoch == entry > before.epoch
    kept = await district.owner.fetch("SELECT line FROM records.consent WHERE to_idx IS NULL")
    assert len(kept) == 3


async def test_the_entry_of_a_stop_names_no_student(district: SmallDistrict) -> None:
    entries = [await withdraw(district), await say_no(district), await say_no(district, "1002", line=OTHER_LINE)]
    rows = await district.owner.fetch(
        "SELECT leaf FROM audit.entry WHERE idx = ANY($1::bigint[]) ORDER BY idx", entries
    )
    leaves = [json.loads(row["leaf"]) for row in rows]
    assert [{name: leaf[name] for name in leaf if name not in {"time", "v", "facts"}} for leaf in leaves] == [
        {"event": "consent.withdrawn", "line": LINE},
        {"event": "opted_out", "scope": "sharing"},
        {"event": "opted_out", "scope": "sharing", "line": OTHER_LINE},
    ]


async def test_an_opt_out_acts_at_once_everywhere_or_under_one_agreement(district: SmallDistrict) -> None:
    await say_no(district)
    assert (await names(district), await names(district, OTHER)) == ({"Bo"}, {"Bo", "Chí", "Dua"})
    await say_no(district, "1002", line=OTHER_LINE)
    assert (await names(district), await names(district, OTHER)) == ({"Bo"}, {"Chí", "Dua"})


async def test_an_opt_out_from_directory_information_leaves_other_bases_alone(district: SmallDistrict) -> None:
    district.scopes[1] = Scope(OTHER, OTHER_LINE, terms(basis="directory_information"))
    await say_no(district, directory_only=True)
    assert (await names(district), await names(district, OTHER)) == ({"Ana", "Bo"}, {"Bo", "Chí", "Dua"})


async def test_no_load_ends_an_opt_out_that_a_person_entered(district: SmallDistrict) -> None:
    await district.load({"opt_outs": [("1002", None, "sharing", "2025-10-01")]})
    await say_no(district)
    report = await district.load({"opt_outs": []}, confirm=True)
    assert [each.ended for each in report.targets] == [1]
    assert await names(district, OTHER) == {"Bo", "Chí", "Dua"}
    report = await district.load({"opt_outs": [("1001", None, "sharing", "2026-12-01")]})
    assert [(each.added, each.changed, each.unchanged) for each in report.targets] == [(0, 0, 1)]
    assert await names(district, OTHER) == {"Bo", "Chí", "Dua"}


async def test_an_opt_out_that_a_person_enters_takes_the_place_of_a_loaded_one(district: SmallDistrict) -> None:
    await district.load({"opt_outs": [("1001", None, "sharing", "2026-12-01")]})
    assert "Ana" in await names(district, OTHER)
    await say_no(district)
    assert "Ana" not in await names(district, OTHER)


async def test_a_stop_reaches_an_agreement_that_does_not_verify_just_now(district: SmallDistrict) -> None:
    scopes, district.scopes = district.scopes, []
    await say_no(district)
    await withdraw(district, "1002")
    district.scopes = scopes
    assert (await names(district), await names(district, OTHER)) == (set(), {"Bo", "Chí", "Dua"})


@pytest.mark.parametrize(("zone", "hour"), [("Pacific/Guam", 22), ("America/Los_Angeles", 4), ("UTC", 12)])
async def test_what_was_signed_on_the_day_of_its_withdrawal_does_not_come_back(
    district: SmallDistrict, zone: str, hour: int
) -> None:
    district.scopes[0] = Scope(AGREEMENT, LINE, replace(CONSENT, time_zone=zone))
    # Two in the morning of the next day in Guam, eight in the evening of the day before in Los Angeles.
    await district.at(dt.date(2026, 2, 10), hour)
    today = {"Pacific/Guam": "2026-02-11", "America/Los_Angeles": "2026-02-09", "UTC": "2026-02-10"}[zone]
    tomorrow = (dt.date.fromisoformat(today) + dt.timedelta(days=1)).isoformat()
    await district.load({"consents": [(LINE, "1001", "all", "parent", "2025-09-01", "2025-09-02", None)]})
    await withdraw(district)
    for signed, taken in ((today, 0), (tomorrow, 1)):
        report = await district.load({"consents": [(LINE, "1001", "all", "parent", signed, signed, None)]})
        assert [(each.added, len(each.refused)) for each in report.targets] == [(taken, 1 - taken)], signed
