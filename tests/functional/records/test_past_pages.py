"""Rows read again as of an epoch are the rows that left at it, whatever was loaded, withdrawn or ended since."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agreements.basis import Basis
from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.errors import NotPermitted
from gateway.records.past import read_past
from gateway.records.population import close_population
from gateway.records.reader import Page
from policies.decision import Permit
from policies.population import And, Column, In, Or, Placement, Population, Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    granted,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(6), pytest.mark.ferpa("C8")]

SUMMARIES = (("1001", YEAR, "2.49", "12"), ("1002", YEAR, "3.9", None))
EVENTS = tuple(
    (number, f"2026-03-0{day}", "north", YEAR, mark)
    for number in ("1001", "1002", "1004")
    for day, mark in ((2, "+"), (3, "-"), (4, "t"))
)
EVERYBODY = ("1001", "1002", "1003", "1004")
CHOSEN = Or(
    (
        And((Roster(), In(Column.GRADE_LEVEL, ("12",)))),
        Placement(),
        In(Column.PROGRAM_TYPE, ("04923",)),
    )
)


async def opened(
    database: TestDatabase, folder: Path, population: Population | None = None, **how: Any
) -> SmallDistrict:
    district = await SmallDistrict.open(database, folder)
    district.scopes.append(Scope(AGREEMENT, LINE, terms(population, **how)))
    files = {
        "schools": [("north", "North", "lea-1"), ("south", "South", "lea-1")],
        "students": STUDENTS,
        "enrollments": ENROLLMENTS,
        "academic_summaries": SUMMARIES,
        "attendance_events": EVENTS,
        "rosters": [(LINE, each, "2025-09-01", None) for each in EVERYBODY],
        "placements": [(LINE, "1003", "2025-09-01", None)],
        "consents": [(LINE, each, "all", "parent", "2025-08-20", "2025-09-01", None) for each in ("1001", "1003")],
    }
    assert not (await district.load(files)).refused
    return district


def leaves() -> Sequence[Permit]:
    """What can be asked, one of each kind of source."""
    (grade,) = granted("students", "grade_level")
    return (
        permit("first_name", "last_name", "birthdate:age_years", "school_identifier", "grade_level"),
        permit("first_name", "gpa_cumulative:band", "lea_identifier"),
        permit("last_name", sort=grade, filters=((grade, "12"),)),
        permit("days_absent", "days_in_session", "days_tardy", dataset="attendance"),
        permit("attendance_event_date", "attendance_status", dataset="attendance_events"),
        permit("entry_date", "school_name", dataset="enrollments"),
        permit("gpa_cumulative:band", "session_name", dataset="academic_summary"),
    )


async def upheaval(district: SmallDistrict) -> None:
    """Let everything change that a statement reads."""
    await district.load(
        {
            "schools": [("north", "North", "lea-2"), ("south", "South", "lea-2")],
            "students": [(number, "Other", *rest) for number, _, *rest in STUDENTS],
            "enrollments": [("1001", "south", YEAR, "08", "2025-09-03", None)],
            "academic_summaries": [("1001", YEAR, "1.0", "1")],
            "attendance_events": [(number, day, school, year, "e") for number, day, school, year, _ in EVENTS[:2]],
            "rosters": [(LINE, "1001", "2026-01-01", None)],
            "placements": [(LINE, "1001", "2026-01-01", None)],
            "consents": [(LINE, "1002", "all", "parent", "2026-01-01", "2026-01-02", None)],
        },
        confirm=True,
    )
    await district.at(DAY + dt.timedelta(days=60))
    async with district.engine.begin() as connection:
        await close_population(connection, AGREEMENT, await district.owner.fetchval("SELECT size FROM audit.head"))


async def again(district: SmallDistrict, leave: Permit, page: Page) -> Page:
    loader = await district.database.connection("loader")
    return await read_past(loader, changed(leave, epoch=page.epoch), page.now, sorted(set(page.codes)))


async def test_what_holds_no_more_opens_no_past(database: TestDatabase, tmp_path: Path) -> None:
    district = await opened(database, tmp_path)
    loader = await database.connection("loader")
    leave = permit("first_name")
    now = (await district.page(leave)).now
    for other, at in (
        (object(), now),
        (changed(leave, epoch=-1), now),
        (leave, leave.valid_until),
        (leave, leave.valid_from - dt.timedelta(microseconds=1)),
    ):
        with pytest.raises(NotPermitted):
            await read_past(loader, other, at, [])  # type: ignore[arg-type]


async def test_events_come_again_in_the_order_in_which_earlier_releases_gave_them(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await opened(database, tmp_path)
    # So many that the order of a page, which is as good as random, is not that of the days.
    more = [("1001", f"2026-02-{day:02}", "north", YEAR, "+") for day in range(2, 17)]
    await district.load({"attendance_events": [*EVENTS, *more]}, confirm=True)
    leave = permit("attendance_event_date", dataset="attendance_events")
    page = await district.page(leave)
    permitted, codes = changed(leave, epoch=page.epoch), sorted(set(page.codes))
    past = await read_past(await database.connection("loader"), permitted, page.now, codes, by_day=True)
    told = [(row["code"], row["v0"]) for row in past.rows]
    assert told == sorted((row["code"], row["v0"]) for row in page.rows)
    assert told != [(row["code"], row["v0"]) for row in page.rows]


@pytest.mark.parametrize(
    ("population", "how"),
    [
        (None, {}),
        (CHOSEN, {}),
        (None, {"basis": Basis.CONSENT}),
        (And((Roster(), Placement())), {"cadence": "daily"}),
    ],
    ids=["everybody", "chosen", "by consent", "roster and placement"],
)
async def test_the_past_is_read_as_it_was_after_everything_changed(
    database: TestDatabase, tmp_path: Path, population: Population | None, how: dict[str, Any]
) -> None:
    district = await opened(database, tmp_path, population, **how)
    before = []
    for leave in leaves():
        order = tuple(sorted({*leave.rows.element_order, *(each.element for each in leave.fields)}))
        of = changed(leave, rows=terms(population, **how, element_order=order))
        page = await district.page(of)
        before.append((of, page, encode(page, of)))
    assert any(rows for _, _, rows in before)
    await upheaval(district)
    assert not (await district.page(before[0][0])).rows
    for leave, page, rows in before:
        past = await again(district, leave, page)
        assert encode(past, leave) == rows
        assert (past.subjects, past.epoch, past.now) == (page.subjects, page.epoch, page.now)


async def test_records_about_too_few_stay_unread_in_the_past_too(database: TestDatabase, tmp_path: Path) -> None:
    nameless = terms(basis=Basis.DE_IDENTIFIED)
    district = await opened(database, tmp_path, basis=Basis.DE_IDENTIFIED)
    leave = permit("grade_level", rows=nameless, cell_minimum=4)
    page = await district.page(leave)
    assert len(page.rows) == 4
    past = await again(district, leave, page)
    assert encode(past, leave) == encode(page, leave)
    assert not (await again(district, changed(leave, cell_minimum=5), page)).rows
