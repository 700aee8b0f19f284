"""Stays, summaries, graduation and counts: all that is covered of the agreed years, and nothing of other schools."""

from pathlib import Path
from typing import Any

import pytest

from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.loading.mapping import parse_mapping
from gateway.records.loading.staging import digest_of
from gateway.records.past import read_past
from policies.decision import Permit
from policies.population import Column, In
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
    permit,
    terms,
)

BEFORE = "2024-2025"
NORTH = terms(In(Column.SCHOOL_IDENTIFIER, ("north",)))
BOTH_YEARS = terms(school_years=(BEFORE, YEAR))
STAYS = (
    *ENROLLMENTS,
    ("1001", "north", BEFORE, "06", "2024-09-04", "2025-06-20"),
    ("1001", "south", BEFORE, "06", "2024-09-04", "2024-12-20"),  # two schools at a time
    ("1002", "north", YEAR, "12", "2026-04-01", None),  # after today
)
SESSIONS = "year,term,name,in,out\n2025-2026,S1,Fall semester,2025-09-03,2026-01-23\n"
SUMMARIES = (
    "number,year,term,gpa,track\n1001,2025-2026,,3.1,\n1001,2025-2026,S1,2.9,yes\n1001,2024-2025,,2.0,\n"
    "1002,2025-2026,S9,1.5,no\n"
)
OURS = """
format = 1
name = "made-up, with sessions"
[files.terms]
path = "terms.csv"
[files.gpa]
path = "gpa.csv"
[[load]]
target = "sessions"
from = "terms"
fields.school_year = "year"
fields.session_identifier = "term"
fields.session_name = "name"
fields.begin_date = "in"
fields.end_date = "out"
[[load]]
target = "academic_summaries"
from = "gpa"
fields.student_identifier = "number"
fields.school_year = "year"
fields.session_identifier = "term"
fields.gpa = "gpa"
fields.on_track_to_graduate = "track"
"""
EVENTS = (
    ("1001", "2025-09-02", "north", YEAR, "+"),  # before the first day of the stay
    ("1001", "2025-09-03", "north", YEAR, "-"),
    ("1001", "2025-09-04", "north", YEAR, "e"),
    ("1001", "2025-09-05", "north", YEAR, "e"),
    ("1001", "2026-03-10", "north", YEAR, "e"),  # this week is not over
)
ACTIONS = (
    ("1001", "i-1", "Detention", YEAR, "north", "2025-11-05", "Bullying", "1"),
    ("1001", "i-1", "Out-of-school suspension", YEAR, "north", "2025-11-05", "Bullying", "2"),
    ("1001", "i-2", "Out-of-school suspension", BEFORE, "north", "2025-03-05", "Bullying", "2"),
    ("1001", "i-3", "Expulsion", YEAR, "north", "2026-03-10", "Bullying", None),  # this week is not over
)


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, NORTH), Scope(OTHER, OTHER_LINE, BOTH_YEARS)]
    files = {"students": STUDENTS, "enrollments": STAYS, "attendance_events": EVENTS, "discipline": ACTIONS}
    assert not (await district.load({"schools": [("north", "North High", "lea-1")], **files})).refused
    (tmp_path / "terms.csv").write_text(SESSIONS)
    (tmp_path / "gpa.csv").write_text(SUMMARIES)
    assert not (await district.loads.load(parse_mapping(OURS), tmp_path)).refused
    return district


def theirs(leave: Permit) -> Permit:
    """Return the same for the other agreement: everybody, over two years."""
    return changed(leave, agreement=OTHER, rows=BOTH_YEARS)


async def told(district: SmallDistrict, leave: Permit) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in await district.rows(leave)), key=str)


@pytest.mark.claim(3)
@pytest.mark.claim(6)
@pytest.mark.claim(10)
async def test_stays_are_told_where_and_when_they_are_covered_and_come_again_from_the_past(
    district: SmallDistrict,
) -> None:
    leave = permit("school_identifier", "entry_date", "exit_date", dataset="enrollments", rows=NORTH)
    # Not the stay at south of the student who moved, not last year's, not the one that begins in April.
    assert await told(district, leave) == [
        ("north", "2025-09-03", None),
        ("north", "2025-09-03", None),
        ("north", "2026-01-20", None),
    ]
    named = permit("school_name", "lea_identifier", dataset="enrollments", rows=NORTH)
    assert set(await told(district, named)) == {("North High", "lea-1")}
    whole = theirs(permit("school_identifier", "school_year", "entry_date", dataset="enrollments"))
    assert await told(district, whole) == [
        ("north", BEFORE, "2024-09-04"),
        ("north", YEAR, "2025-09-03"),
        ("north", YEAR, "2025-09-03"),
        ("north", YEAR, "2026-01-20"),
        ("south", BEFORE, "2024-09-04"),
        ("south", YEAR, "2025-09-03"),
        ("south", YEAR, "2025-09-03"),
    ]
    page = await district.page(leave)
    await district.load({"enrollments": ENROLLMENTS[:2]}, confirm=True)
    past = await read_past(district.owner, changed(leave, epoch=page.epoch), page.now, sorted(set(page.codes)))
    assert encode(past, leave) == encode(page, leave)


@pytest.mark.claim(3)
async def test_summaries_are_told_by_session_and_year_and_students_keep_that_of_the_year(
    district: SmallDistrict,
) -> None:
    names = ("school_year", "session_identifier", "session_name", "session_end_date", "gpa", "on_track_to_graduate")
    leave = permit(*names, dataset="academic_summary", rows=NORTH)
    ours = [
        (YEAR, "S1", "Fall semester", "2026-01-23", 2.9, True),
        (YEAR, "S9", None, None, 1.5, False),
        (YEAR, None, None, None, 3.1, None),
    ]
    assert await told(district, leave) == ours
    assert await told(district, theirs(leave)) == [(BEFORE, None, None, None, 2.0, None), *ours]
    # One row a student, of the whole year, whatever sessions there are.
    assert await told(district, permit("gpa", rows=NORTH)) == [(3.1,), (None,), (None,)]


async def test_graduation_is_a_row_a_student_whatever_is_known(district: SmallDistrict) -> None:
    leave = permit("school_year", "diploma_type", "ninth_grade_on_track", dataset="graduation", rows=NORTH)
    assert await told(district, leave) == [(YEAR, None, None)] * 3


async def test_days_and_actions_are_counted_by_kind_until_the_week_was_over(district: SmallDistrict) -> None:
    days = ("days_enrolled", "days_absent_excused", "days_absent_unexcused", "days_in_session")
    assert (3, 2, 1, 4) in await told(district, permit(*days, dataset="attendance", rows=NORTH))
    kinds = ("disciplinary_actions", "out_of_school_suspensions", "in_school_suspensions", "expulsions")
    leave = permit(*(f"{kind}:count" for kind in kinds), dataset="discipline", rows=NORTH)
    assert await told(district, leave) == [(0, 0, 0, 0), (0, 0, 0, 0), (2, 1, 0, 0)]
    assert (3, 2, 0, 0) in await told(district, theirs(leave))


async def test_a_row_without_a_word_in_what_came_later_is_the_row_it_was(district: SmallDistrict) -> None:
    old = await district.owner.fetchval("SELECT count(*) FROM records.academic_summary")
    await district.load({"academic_summaries": [("1003", YEAR, "2.5", "3")]}, confirm=True)
    digest = await district.owner.fetchval("SELECT digest FROM records.academic_summary WHERE row_id = $1", old + 1)
    # As a release without sessions computed it: over the columns it had.
    student = await district.owner.fetchval("SELECT student_id FROM records.identity WHERE student_identifier = '1003'")
    assert digest == digest_of((student, YEAR, None, 2.5, None, None, None, None, 3.0))
