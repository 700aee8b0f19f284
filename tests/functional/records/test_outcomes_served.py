"""Courses, assessments, discipline and programs: the agreed columns of whole rows, in an order that tells nothing."""

from pathlib import Path
from typing import Any

import pytest

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.errors import BadPosition, NotServed
from gateway.records.past import read_past
from gateway.records.reader import Position
from policies.decision import Permit
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
    changed,
    granted,
    permit,
    terms,
)

BEFORE = "2024-2025"
SPORT = "Fall Benchmark Reading"
LANGUAGE = "English Language Proficiency"
CONSENT = terms(basis="consent", element_order=("000488", "000502"))
COURSES = [
    ("1001", YEAR, "S1", "a", "north", None, "Algebra I", "A-", "91.5", "1", "1"),
    ("1001", YEAR, "S1", "b", "north", None, "English Language Development", "B", "85", "1", "1"),
    ("1001", YEAR, "S1", "c", "north", "NEW-1", "Biology", "B", "85", "1", "1"),
    ("1001", BEFORE, "S1", "d", "north", None, "Biology", "C+", "71", "1", "1"),
    ("1002", YEAR, "S1", "a", "north", None, None, "F", "12", "1", "0"),
    ("1002", YEAR, "S2", "e", "north", None, "Physics", "P", "passed", "1", "0.5"),
]
ASSESSMENTS = [
    ("1001", SPORT, "Reading", "2025-10-02", "Scale score", "north", YEAR, "2449", "Level 3"),
    ("1001", LANGUAGE, LANGUAGE, "2025-10-03", "Scale score", "north", YEAR, "400", None),
    ("1001", SPORT, "Reading", "2026-10-02", "Scale score", "north", YEAR, "2500", "Level 4"),  # after today
    ("1002", SPORT, "Reading", "2025-10-02", "Percentile", "north", YEAR, "99", None),
]
INCIDENTS = [
    ("1001", "i-1", "Detention", YEAR, "north", "2025-11-05", "Bullying", "1"),
    ("1001", "i-1", "Conference", YEAR, "north", "2025-11-05", "Bullying", None),
    ("1001", "i-2", "Something else", YEAR, "north", "2026-03-10", "Bullying", None),
    ("1002", "i-3", "Detention", BEFORE, "north", "2024-11-05", "Bullying", "1"),
]
PROGRAMS = [
    ("1001", "ECS-READ", "04906", "2025-09-03", None),
    ("1001", "ECS-READ", "Food Service", "2025-09-04", None),
    ("1002", "ECS-MATH", "04906", "2025-06-30", "2025-12-01"),
]


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, terms()), Scope(OTHER, OTHER_LINE, terms())]
    report = await district.load(
        {
            "students": STUDENTS,
            "enrollments": ENROLLMENTS,
            "course_grades": COURSES,
            "assessments": ASSESSMENTS,
            "discipline": INCIDENTS,
            "programs": PROGRAMS,
        }
    )
    assert not report.refused
    return district


async def found(district: SmallDistrict, leave: Permit) -> set[tuple[Any, ...]]:
    rows = await district.rows(leave)
    told = {tuple(row.values()) for row in rows}
    assert len(told) == len(rows)
    return told


@pytest.mark.claim(2)
@pytest.mark.claim(3)
@pytest.mark.ferpa("M2")
async def test_a_row_with_a_code_that_may_not_leave_stays_whatever_was_asked(district: SmallDistrict) -> None:
    # A title of a language course, a course nobody classified, a year that was not agreed.
    assert (
        await found(district, permit("grade_earned", "course_title", dataset="courses"))
        == {
            ("A-", "Algebra I"),
            ("P", "Physics"),
        }
        | set()
    )
    # Neither code was asked for, and the row without any known code stays too: nobody can say what it is about.
    assert await found(district, permit("grade_earned", dataset="courses")) == {("A-",), ("P",)}
    assert await found(district, permit("assessment_score", dataset="assessments")) == {("2449",), ("99",)}
    assert await found(district, permit("program_start_date", dataset="programs")) == {("2025-09-03",)}
    # Behavior tells a status; only a basis that opens its gate shows such a row.
    assert await found(district, permit("incident_date", dataset="discipline")) == set()


@pytest.mark.ferpa("M2")
async def test_a_gate_that_the_basis_opens_lets_the_row_leave(district: SmallDistrict) -> None:
    district.scopes[0] = Scope(AGREEMENT, LINE, CONSENT)
    await district.load({"consents": [(LINE, "1001", "all", "parent", "2025-08-20", "2025-09-01", None)]})
    incidents = permit("incident_date", "disciplinary_action", dataset="discipline", rows=CONSENT)
    assert incidents.row_codes
    assert await found(district, incidents) == {("2025-11-05", "Detention"), ("2025-11-05", "Conference")}


async def test_what_is_counted_is_counted_of_everybody_and_with_the_cadence(district: SmallDistrict) -> None:
    counts = permit("school_year", "incident_identifier:count", dataset="discipline")
    told = [(row["school_year"], row["incident_identifier"]) for row in await district.rows(counts)]
    assert sorted(told) == [(YEAR, 0), (YEAR, 0), (YEAR, 0), (YEAR, 1)]  # i-2 is of this week
    with pytest.raises(NotServed):
        await district.rows(permit("incident_identifier:count", "incident_date", dataset="discipline"))


@pytest.mark.ferpa("M1")
async def test_marks_and_scores_leave_as_bands_where_that_is_agreed(district: SmallDistrict) -> None:
    bands = permit("grade_earned:band", "final_mark:band", dataset="courses")
    assert await found(district, bands) == {("A", "90 to under 100"), (None, None)}
    assert await found(district, permit("assessment_score:band", dataset="assessments")) == {
        ("2400 to under 2450",),
        ("90 to under 100",),
    }


@pytest.mark.claim(10)
async def test_pages_walk_every_row_once_and_two_partners_see_another_order(district: SmallDistrict) -> None:
    many = [
        ("1001", YEAR, "S1", f"x{place}", "north", None, "Physics", "B", "80", "1", str(place)) for place in range(40)
    ]
    await district.load({"course_grades": many}, confirm=True)
    leave = permit("credits_earned", dataset="courses")
    whole = [row["credits_earned"] for row in await district.rows(leave)]
    assert sorted(whole) == [float(place) for place in range(40)]
    walked, after = [], None
    while True:
        page = await district.page(leave, limit=7, after=after)
        walked += [row[page.values_at] for row in page.rows]
        after = page.next
        if after is None:
            break
        assert after.turn == 1
    assert walked == whole
    theirs = [row["credits_earned"] for row in await district.rows(changed(leave, agreement=OTHER))]
    assert sorted(theirs) == sorted(whole)
    assert theirs != whole
    # What was not granted moves nothing: the row is another one in the table, and stands where it stood.
    await district.load({"course_grades": [(*each[:7], "C", "70", *each[9:]) for each in many]}, confirm=True)
    assert [row["credits_earned"] for row in await district.rows(leave)] == whole
    (by,) = granted("courses", "credits_earned")
    assert [row["credits_earned"] for row in await district.rows(changed(leave, sort=by))] == sorted(whole)
    for foreign in (Position("rc_x"), Position("rc_x", place=1)):
        with pytest.raises(BadPosition):
            await district.page(leave, after=foreign)


@pytest.mark.claim(6)
@pytest.mark.parametrize(
    ("dataset", "names"),
    [
        ("courses", ("course_title", "grade_earned:band")),
        ("assessments", ("assessment_title", "assessment_start_date:year")),
        ("programs", ("program_type", "school_year")),
        ("discipline", ("incident_identifier:count",)),
    ],
)
async def test_the_past_has_the_rows_that_left(district: SmallDistrict, dataset: str, names: tuple[str, ...]) -> None:
    leave = permit(*names, dataset=dataset)
    page = await district.page(leave)
    then = changed(leave, epoch=page.epoch)
    gone = [("1002", YEAR, "S2", "z", "north", None, "Chemistry", "A", "99", "1", "1")]
    await district.load(
        {"course_grades": gone, "assessments": ASSESSMENTS[:1], "discipline": INCIDENTS[:1]}, confirm=True
    )
    past = await read_past(district.owner, then, page.now, sorted(set(page.codes)))
    assert encode(past, then) == encode(page, leave)
