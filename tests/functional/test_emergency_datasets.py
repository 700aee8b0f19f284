"""
An emergency order hands over every dataset of the catalogue (34 CFR 99.36), by the source that partners' pages have.

The list is the catalogue's: a dataset that comes later is handed over here, or this fails.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from agreements.elements import DATASETS, Transformation, load_catalogue
from audit.commitments import require_bytes, unpack_private
from gateway.services.emergencies.papers import Students
from gateway.services.emergencies.releases import Released
from policies.emergency import BASIS
from policies.emergency_release import Handing
from policies.errors import UnknownElement
from policies.guardrails import load_guardrails
from tests.factories.cohort import STUDENTS, YEAR, Rows, export
from tests.factories.gateway import Gateway, load
from tests.functional.test_copies import copy, verified
from tests.functional.test_emergency_releases import Room

pytestmark = pytest.mark.ferpa("L4")

WHO, OTHER = STUDENTS["ximena"], STUDENTS["dagny"]
BEFORE = "2025-2026"
WORDS = "The mark was given for work that was never collected."
READING = ("Fall Benchmark Reading", "Reading")
ROWS: Final[Mapping[str, Rows]] = {
    "course_grades": [
        (WHO.number, YEAR, "S1", "a", WHO.school, None, "Algebra I", "A-", "91.5", "1", "1"),
        (WHO.number, BEFORE, "S1", "b", WHO.school, None, "Biology", "C", "71", "1", "1"),
        (WHO.number, YEAR, "S1", "c", WHO.school, "NEW-1", "Physics", "D", "61", "1", "1"),  # a code nobody classified
    ],
    "assessments": [
        (WHO.number, *READING, "2026-10-02", "Scale score", WHO.school, YEAR, "2449", "Level 3"),
        (WHO.number, *READING, "2027-10-02", "Scale score", WHO.school, YEAR, "2500", "Level 4"),  # after today
    ],
    "discipline": [(WHO.number, "i-1", "Detention", YEAR, WHO.school, "2026-11-05", "Bullying", "1")],
    "programs": [
        (WHO.number, "ECS-READ", "04906", "2025-09-03", None),
        (WHO.number, "ECS-READ", "Food Service", "2025-09-04", None),
    ],
}
CLOSED: Final = {"discipline"}
"""Datasets of which no row of these leaves: what an action or a behavior tells is shut on this basis (rule M2)."""


def opened() -> Mapping[str, list[str]]:
    """Return, for each dataset, the elements that no guardrail shuts in an emergency, and that leave as they are."""
    shut = {barrier.element for barrier in load_guardrails().closed(BASIS)}
    exact = [each for each in load_catalogue() if Transformation.EXACT in each.transformations and each.id not in shut]
    return {name: [each.id for each in exact if name in each.datasets] for name in DATASETS}


@pytest.fixture
async def room(idle_gateway: Gateway) -> Room:
    """An order of all that may be ordered of outcomes; of one student there is something in every dataset."""
    office = await idle_gateway.office()
    await load(office, idle_gateway.deployment.keys, idle_gateway.home, ROWS)
    return await ordered(idle_gateway, [name for name in DATASETS if name != "students"])


async def ordered(gateway: Gateway, datasets: Sequence[str]) -> Room:
    """Order all that may be ordered of these datasets; one order does not hold the elements of all."""
    elements = tuple(dict.fromkeys(each for name in datasets for each in opened()[name]))
    return await Room.open(gateway, elements=elements, id=f"emergency:{len(elements)}-elements")


def rows(released: Released) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = json.loads(released.body)["data"]
    assert len(data) == released.records
    return data


async def test_an_element_that_its_dataset_does_not_have_is_refused(room: Room) -> None:
    size = await room.gateway.size()
    for handing in (Handing((0,), "courses", ("000115",)), Handing((0,), "nothing", ("000115",))):
        with pytest.raises(UnknownElement, match="does not have the element"):
            await room.hand_over("ximena", handing=handing)
    assert await room.gateway.size() == size


@pytest.mark.claim(6)
async def test_every_dataset_is_handed_over_with_each_open_element_and_made_again_later(room: Room) -> None:
    """Rows leave as they stand, on record first, and the family's copy has the same bytes when the world changed."""
    files: dict[str, Released] = {}
    whole = await ordered(room.gateway, ["students"])
    for dataset, elements in opened().items():
        by = whole if dataset == "students" else room
        released = files[dataset] = await by.hand_over("ximena", handing=Handing((0,), dataset, ()))
        found = rows(released)
        assert bool(found) is (dataset not in CLOSED), dataset
        names = [load_catalogue().element(each).name for each in elements]
        assert all(list(row) == names for row in found), dataset
        (entry,) = await room.gateway.entries(released.entry)
        told = (entry["dataset"], entry["elements"], entry["records"], entry["students"])
        assert told == (dataset, elements, len(found), 1)
    # Both years' courses, and not the row with a code that nobody classified; no test of a day to come.
    assert sorted((row["course_title"], row["school_year"]) for row in rows(files["courses"])) == [
        ("Algebra I", YEAR),
        ("Biology", BEFORE),
    ]
    assert [row["assessment_score"] for row in rows(files["assessments"])] == ["2449"]
    assert [(row["program_type"], row["school_year"]) for row in rows(files["programs"])] == [("04906", BEFORE)]
    gateway = room.gateway
    changed = {target: [(*row[:-1], None) for row in listed[:1]] for target, listed in ROWS.items()}
    await load(await gateway.office(), gateway.deployment.keys, gateway.home, changed, confirm=True)
    await gateway.at(dt.datetime(2028, 1, 1, tzinfo=dt.UTC))
    again = await copy(gateway, WHO.number)
    assert not again.missed
    assert {each.entry for each in again.copied} == {each.entry for each in files.values()}
    bodies = b"".join(each.body for each in files.values())
    assert all(row.row in bodies for each in again.copied for row in each.rows)
    assert (await verified(gateway, again)).rows == sum(each.records for each in files.values())


async def test_a_student_without_a_row_is_counted_and_what_a_family_stated_goes_along(room: Room) -> None:
    steward = await room.gateway.steward()
    await steward.place_statement(WHO.number, ["000124"], WORDS)
    courses = Handing((0,), "courses", ("000067", "000124"))
    released = await room.hand_over("ximena", "dagny", handing=courses)
    said = [{"fields": ["grade_earned"], "statement": WORDS, "stated_on": "2027-03-10"}]
    assert sorted(rows(released), key=lambda row: str(row["course_title"])) == [
        {"course_title": "Algebra I", "grade_earned": "A-", "contested": said},
        {"course_title": "Biology", "grade_earned": "C", "contested": said},
    ]
    assert (released.records, released.students) == (2, 2)
    # The entry commits to exactly this file, and lists both students: the order is for three of them.
    auditor = await room.gateway.database.pool("auditor", size=1)
    opening = await auditor.fetchval("SELECT opening FROM audit.private WHERE idx = $1", released.entry)
    (entry,) = await room.gateway.entries(released.entry)
    require_bytes(bytes.fromhex(entry["result"]), unpack_private(opening).result_salt, released.body)
    listed = await auditor.fetchval("SELECT subjects FROM audit.subject WHERE idx = $1", released.entry)
    assert len(listed) == 3 * 16  # one for each row, and one for the student without any
    # It speaks of the grade: without the grade it would say what was not handed over.
    titles = rows(await room.hand_over("ximena", handing=Handing((0,), "courses", ("000067",))))
    assert [list(row) for row in titles] == [["course_title"]] * 2


async def test_who_left_is_found_at_the_last_known_school_and_who_has_no_stay_yet_without_one(room: Room) -> None:
    """No stay that a partner would be told of: no agreement covers a student who left, and danger asks for none."""
    gateway, new = room.gateway, ("Nr0new", "Newella", "Justarrived", None, None, "98101", None)
    everybody = export({name: gateway.line(name) for name in gateway.deployment.agreements})
    moved = [(WHO.number, "ECS-102", YEAR, "09", "2027-02-01", None)]
    content = {"students": [*everybody["students"], new], "enrollments": [*everybody["enrollments"], *moved]}
    await load(await gateway.office(), gateway.deployment.keys, gateway.home, content)
    room = await ordered(gateway, ["students"])
    students = Students((STUDENTS["exited"].number, new[0], WHO.number))
    place = Handing((0,), "students", ("000115", "001069", "000107"))
    released = await room.releases.release(await room.signed(students, place), students)
    assert {row["first_name"]: (row["school_identifier"], row["exit_date"]) for row in rows(released)} == {
        "Nikephorous": ("ECS-101", "2027-01-15"),
        "Newella": (None, None),
        "Ximenara": ("ECS-102", None),
    }
