"""
Rows of which a student has several: neither their order nor the day on which one appears tells what was not agreed.

What orders them is made of what is released alone; and a row whose day is not given as it is waits as a count does.
"""

import datetime as dt
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from policies.decision import Permit
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    granted,
    permit,
    terms,
)

pytestmark = [pytest.mark.claim(2), pytest.mark.ferpa("M3")]

CONSENT = terms(basis="consent", element_order=("000076", "001649"))


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, terms()), Scope(OTHER, OTHER_LINE, CONSENT)]
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


async def walked(district: SmallDistrict, leave: Permit, limit: int) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    after = None
    while True:
        page = await district.page(leave, limit=limit, after=after)
        found += [(row["code"], row[page.values_at]) for row in page.rows]
        after = page.next
        if after is None:
            return found


def courses(sections: str, day: int = 0) -> list[tuple[object, ...]]:
    """Forty courses of one student, of which half look alike in what they earned."""
    places = [(f"{sections}{(place * 7) % 3}", f"{sections}{(place * 17) % 40}", place) for place in range(40)]
    return [
        ("1001", YEAR, term, section, "north", None, "Physics", "B", day, "1", str(place // 2))
        for term, section, place in places
    ]


@pytest.mark.parametrize("sort", [None, "course_title"])
async def test_what_does_not_leave_moves_no_row_and_no_page(district: SmallDistrict, sort: str | None) -> None:
    await district.load({"course_grades": courses("x")})
    leave = permit("credits_earned", dataset="courses")
    if sort is not None:
        leave = changed(leave, sort=granted("courses", sort)[0])
    whole = await walked(district, leave, 100)
    assert sorted(earned for _, earned in whole) == [float(place // 2) for place in range(40)]  # type: ignore[type-var]
    for limit in (1, 3, 7):
        assert await walked(district, leave, limit) == whole
    # Between two pages every row becomes another one: other terms, other sections, other marks.
    first = await district.page(leave, limit=7)
    await district.load({"course_grades": courses("y", 1)}, confirm=True)
    assert await walked(district, leave, 100) == whole
    rest = await district.page(leave, after=first.next)
    read = [(row["code"], row[page.values_at]) for page in (first, rest) for row in page.rows]
    assert read == whole


@pytest.mark.claim(10)
async def test_the_order_is_one_that_nobody_outside_can_compute(district: SmallDistrict) -> None:
    await district.load({"course_grades": courses("x")})
    ours = await walked(district, permit("credits_earned", dataset="courses"), 100)
    code, values = ours[0][0], list(dict.fromkeys(earned for _, earned in ours))
    for seed in ("0", "hashtextextended($1, 0)", "length($1)"):
        hashed = f"SELECT v FROM unnest($2::float8[]) v ORDER BY hash_record_extended(row(v), {seed}), $1::text"  # noqa: S608
        guessed = [row["v"] for row in await district.owner.fetch(hashed, code, values)]
        # Not even turned round.
        assert values not in [guessed[turned:] + guessed[:turned] for turned in range(len(guessed))]


@pytest.mark.parametrize(
    ("dataset", "rows", "known", "coarse"),
    [
        (
            "attendance_events",
            [("1001", "2026-03-10", "north", YEAR, "-")],
            "attendance_event_date",
            "attendance_status",
        ),
        (
            "assessments",
            [("1001", "Fall Benchmark Reading", "Reading", "2026-03-10", "Scale score", "north", YEAR, "1", None)],
            "assessment_start_date",
            "assessment_start_date:year",
        ),
    ],
)
async def test_a_row_whose_day_is_not_given_waits_for_the_cadence(
    district: SmallDistrict, dataset: str, rows: list[tuple[object, ...]], known: str, coarse: str
) -> None:
    await district.load({dataset: rows})
    exact, other = permit(known, dataset=dataset), permit(coarse, dataset=dataset)
    other = changed(other, exact=other.exact - exact.exact)
    assert DAY.weekday() == 2
    for day, shown in ((DAY, 0), (dt.date(2026, 3, 15), 0), (dt.date(2026, 3, 16), 1)):
        await district.at(day)
        assert len(await district.rows(exact)) == 1
        assert len(await district.rows(other)) == shown
    # Where the agreement gives the day, leaving it out of `fields` takes no row away.
    await district.at(DAY)
    assert len(await district.rows(changed(other, exact=exact.exact))) == 1


async def test_a_consent_that_does_not_cover_the_day_lets_the_row_wait(district: SmallDistrict) -> None:
    given = [(OTHER_LINE, "1001", "000076", "parent", "2025-08-20", "2025-09-01", None),
             (OTHER_LINE, "1002", "all", "eligible_student", "2026-03-02", "2026-03-03", None)]  # fmt: skip
    events = [(number, "2026-03-10", "north", YEAR, "-") for number in ("1001", "1002")]
    await district.load({"consents": given, "attendance_events": events})
    names = ("attendance_event_date", "attendance_status")
    leave = changed(permit(*names, dataset="attendance_events", rows=CONSENT), agreement=OTHER)
    assert await district.rows(leave) == [
        {"attendance_event_date": "2026-03-10", "attendance_status": "UnexcusedAbsence"}
    ]
    await district.at(dt.date(2026, 3, 16))
    assert {"attendance_status": "UnexcusedAbsence"} in await district.rows(leave)
