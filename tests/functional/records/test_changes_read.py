"""What is told as a change, and what is none: released values decide, and nothing else."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.problems import Problem
from gateway.records.coverage import Scope
from gateway.records.errors import ChangesLost, ChangesOutrun, NotPermitted, PastGone
from gateway.records.following import BEGINNING, MOST_STRETCHES, Changes, Follower, Place, Stretch, read_past_changes
from gateway.records.telling import encode_changes, form_of
from gateway.services.changes import Following, unpack_following
from policies.decision import Permit
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER,
    STUDENTS,
    YEAR,
    SmallDistrict,
    changed,
    permit,
    terms,
)

pytestmark = pytest.mark.claim(2)

ANA = "1001"
BORN_LATER = ("1002", "Bo", "Lind", "01.03.2008", *STUDENTS[1][4:])
COURSES = [(ANA, YEAR, "S1", section, "north", None, "Algebra I", "B", "B", "1", "1") for section in ("a", "b")]
SCORE = (ANA, "Fall Benchmark Reading", "Reading", "2026-03-02", "Scale score", "north", YEAR, "2401", "Level 3")
PROGRAM = (ANA, "ECS-READ", "04906", "2026-03-02", None)
EVENTS = [(ANA, f"2026-02-{day:02}", "north", YEAR, "-") for day in range(1, 3 + MOST_STRETCHES)]
FILES: dict[str, Sequence[Sequence[Any]]] = {
    "schools": [("north", "North", "lea-1"), ("south", "South", "lea-1")],
    "students": STUDENTS,
    "enrollments": ENROLLMENTS,
    "course_grades": COURSES,
    "assessments": [SCORE],
    "programs": [PROGRAM],
    "attendance_events": EVENTS,
}
LEAVES = (
    permit("first_name", "birthdate:year", "postal_code:zip3"),
    permit("course_title", "grade_earned", dataset="courses"),
    permit("assessment_score:band", dataset="assessments"),
    permit("program_type", "program_start_date", dataset="programs"),
    permit("days_absent", dataset="attendance"),
)


async def opened(database: TestDatabase, folder: Path) -> tuple[SmallDistrict, Follower]:
    district = await SmallDistrict.open(database, folder)
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    await district.load(FILES)
    return district, Follower(await database.pool("app"))


async def told(follower: Follower, leave: Permit, since: Sequence[Stretch] = BEGINNING, limit: int = 500) -> Changes:
    return await follower.read_changes(leave, since, limit=limit)


def kinds(changes: Changes) -> list[str]:
    return [line["change"] for line in changes.lines]


async def test_what_holds_no_permit_opens_no_changes(database: TestDatabase) -> None:
    follower, leave = Follower(await database.pool("app")), LEAVES[0]
    loader = await database.connection("loader")
    for other in (object(), changed(leave, epoch=-1)):
        with pytest.raises(NotPermitted):
            await told(follower, other)  # type: ignore[arg-type]
        with pytest.raises(NotPermitted):
            await read_past_changes(loader, other, leave.valid_from, BEGINNING, 1)  # type: ignore[arg-type]
    with pytest.raises(NotPermitted):
        await read_past_changes(loader, leave, leave.valid_until, BEGINNING, 1)
    with pytest.raises(ValueError, match="a page has"):
        await told(follower, leave, limit=0)


def test_a_cursor_of_another_line_or_of_another_form_of_permit_tells_nothing() -> None:
    leave = LEAVES[0]
    come = unpack_following(Following(LINE, form_of(leave), (Stretch(Place("rc_a", "00"), None),)).pack())
    assert come.stretches == (Stretch(Place("rc_a", "00"), None),)
    with pytest.raises(Problem, match="cursor_invalid"):
        come.require(leave, "agreement:another")
    for other in (
        changed(leave, agreement=OTHER),
        changed(leave, fields=leave.fields[:1]),
        changed(leave, fields=(replace(leave.fields[0], transformation="blank"), *leave.fields[1:])),
        changed(leave, cell_minimum=1),
        changed(leave, row_codes=LEAVES[3].row_codes),
    ):
        with pytest.raises(ChangesLost):
            come.require(other, LINE)
    come.require(changed(leave, epoch=7), LINE)
    Following().require(leave, None)


async def test_what_is_not_granted_changes_without_a_trace(database: TestDatabase, tmp_path: Path) -> None:
    district, follower = await opened(database, tmp_path)
    before = [await told(follower, leave) for leave in LEAVES]
    assert [len(each.lines) for each in before] == [4, 2, 1, 1, 4]
    await district.load(
        {
            # Another last name, another number behind the same three digits; another's day of birth in the same year.
            "students": [(ANA, "Ana", "Other", STUDENTS[0][3], None, "98109", "555-0101"), BORN_LATER, *STUDENTS[2:]],
            # The sections are called otherwise; so is the program; the score stays in its band.
            "course_grades": [(*each[:3], f"{each[3]}-renamed", *each[4:]) for each in COURSES],
            "programs": [(ANA, "ECS-MATH", *PROGRAM[2:])],
            "assessments": [(*SCORE[:7], "2449", "Level 4")],
            # An absence of this week, which the weekly cadence does not count yet.
            "attendance_events": [*EVENTS, (ANA, "2026-03-10", "south", YEAR, "-")],
        },
        confirm=True,
    )
    for leave, each in zip(LEAVES, before, strict=True):
        now = await told(follower, leave, each.stretches)
        assert (kinds(now), now.more) == ([], False), leave.dataset


async def test_what_is_released_is_told_once_and_a_row_that_went_tells_its_name_only(
    database: TestDatabase, tmp_path: Path
) -> None:
    district, follower = await opened(database, tmp_path)
    before = [await told(follower, leave) for leave in LEAVES]
    await district.load(
        {
            "students": [(ANA, "Anna", *STUDENTS[0][2:]), *STUDENTS[2:]],
            "course_grades": [(*COURSES[0][:6], "Biology", *COURSES[0][7:]), COURSES[1]],
            "assessments": [(*SCORE[:7], "2460", "Level 3")],
            "attendance_events": [*EVENTS, (ANA, "2026-03-10", "north", YEAR, "-")],
            "programs": [(*PROGRAM[:3], "2026-03-03", None)],
        },
        confirm=True,
    )
    after = [await told(follower, leave, each.stretches) for leave, each in zip(LEAVES, before, strict=True)]
    assert [sorted(kinds(each)) for each in after] == [
        ["changed", "deleted"],
        ["changed"],
        ["changed"],
        ["created", "deleted"],
        ["deleted"],
    ]
    for leave, each in zip(LEAVES, after, strict=True):
        for line, said in zip(each.lines, encode_changes(each, leave).all, strict=True):
            assert (b'"data"' in said) is (line["change"] != "deleted")
            assert line["change"] != "deleted" or not any(line[leave_at] for leave_at in ("sealed", "covers", "v0"))
        assert not (await told(follower, leave, each.stretches)).lines
    # On Monday the week before counts: nobody wrote anything.
    await district.at(DAY + dt.timedelta(5))
    counted = await told(follower, LEAVES[4], after[4].stretches)
    assert kinds(counted) == ["changed"]


async def test_a_row_whose_day_is_not_granted_comes_when_the_week_is_over(
    database: TestDatabase, tmp_path: Path
) -> None:
    district, follower = await opened(database, tmp_path)
    at_once = permit("attendance_event_date", "attendance_status", dataset="attendance_events")
    waits = [
        permit("attendance_status", dataset="attendance_events"),
        permit("assessment_score", dataset="assessments"),
    ]
    held = [await told(follower, leave) for leave in (at_once, *waits)]
    await district.load(
        {
            # One of today, and one of tomorrow: a system may know of an absence beforehand.
            "attendance_events": [*EVENTS, *((ANA, day, "north", YEAR, "-") for day in ("2026-03-11", "2026-03-12"))],
            "assessments": [SCORE, (*SCORE[:3], "2026-03-11", *SCORE[4:7], "2500", "Level 3")],
        },
        confirm=True,
    )
    loaded = [await told(follower, leave, each.stretches) for leave, each in zip((at_once, *waits), held, strict=True)]
    assert [kinds(each) for each in loaded] == [["created"], [], []]
    await district.at(DAY + dt.timedelta(1))
    tomorrow = [
        await told(follower, leave, each.stretches) for leave, each in zip((at_once, *waits), loaded, strict=True)
    ]
    assert [kinds(each) for each in tomorrow] == [["created"], [], []]
    await district.at(DAY + dt.timedelta(5))
    monday = [
        await told(follower, leave, each.stretches) for leave, each in zip((at_once, *waits), tomorrow, strict=True)
    ]
    assert [kinds(each) for each in monday] == [[], ["created", "created"], ["created"]]


async def test_what_moved_behind_the_reader_is_told_first_and_who_is_outrun_is_told_so(
    database: TestDatabase, tmp_path: Path
) -> None:
    district, follower = await opened(database, tmp_path)
    leave = permit("attendance_event_date", "attendance_status", dataset="attendance_events")
    first = await told(follower, leave, limit=5)
    assert (len(first.lines), first.more, len(first.stretches)) == (5, True, 2)
    await district.load({"attendance_events": [(*each[:4], "e") for each in EVENTS]}, confirm=True)
    second = await told(follower, leave, first.stretches, limit=3)
    assert (kinds(second), len(second.stretches)) == (["changed"] * 3, 3)
    third = await told(follower, leave, second.stretches)
    assert (sorted(set(kinds(third))), len(third.stretches), third.more) == (["changed", "created"], 1, False)
    # As if it had been told each row by a moment of its own: one more than a cursor holds.
    places = [Place(line["code"], line["row"].hex()) for line in (await told(follower, leave)).lines]
    moments = first.stretches[0].told
    worn = (*(Stretch(place, moments) for place in places[1:MOST_STRETCHES]), Stretch(None, moments))
    with pytest.raises(ChangesOutrun):
        await told(follower, leave, worn, limit=1)
    assert len((await told(follower, leave, worn, limit=len(places) - 1)).stretches) <= 2


async def test_changes_since_a_state_that_is_kept_no_longer_are_lost_and_not_read_again(
    database: TestDatabase, tmp_path: Path
) -> None:
    district, follower = await opened(database, tmp_path)
    leave = LEAVES[0]
    before = await told(follower, leave)
    await district.load({"students": STUDENTS[1:]}, confirm=True)
    after = await told(follower, leave, before.stretches)
    assert kinds(after) == ["deleted"]
    # As when versions of records have been retired: what was shown before this entry is gone.
    owner, loader = await database.connection("owner"), await database.connection("loader")
    await owner.execute("UPDATE records.readable_from SET idx = $1", after.page.epoch)
    with pytest.raises(ChangesLost):
        await told(follower, leave, before.stretches)
    then = changed(leave, epoch=after.page.epoch)
    with pytest.raises(PastGone):
        await read_past_changes(loader, then, after.page.now, before.stretches, 500)
    again = await read_past_changes(loader, then, after.page.now, after.stretches, 500)
    assert (kinds(again), again.more) == (kinds(await told(follower, leave, after.stretches)), False) == ([], False)
