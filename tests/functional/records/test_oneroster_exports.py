"""OneRoster CSV 1.1 and 1.2, bulk and delta, zip and folder, loaded by the mapping files that ship."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from tests.factories.database import TestDatabase
from tests.factories.oneroster import ACTIVE, GONE, PEOPLE, bulk, content, enrollment, shipped, unpacked, user, zipped
from tests.factories.records import AGREEMENT, LINE, SmallDistrict, permit, terms

STAYS = (
    "SELECT i.student_identifier, e.school_identifier, e.school_year, e.entry_date::text, e.exit_date::text,"
    " e.grade_level FROM records.enrollment AS e JOIN records.identity AS i USING (student_id)"
    " WHERE e.from_batch <= (SELECT batch FROM records.frontier)"
    " AND (e.to_batch IS NULL OR e.to_batch > (SELECT batch FROM records.frontier)) ORDER BY 1, 4"
)
YEAR = "2025-2026"


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 3, 10))
    district.scopes.append(Scope(AGREEMENT, LINE, terms(school_years=(YEAR,))))
    return district


async def test_both_versions_say_the_same_and_a_delta_changes_what_it_names(
    district: SmallDistrict, tmp_path: Path
) -> None:
    old = zipped(tmp_path / "old.zip", content("1.1", bulk("1.1"), bom=True))
    report = await district.loads.load(shipped("1.1"), old)
    assert report.refused == ()
    assert {each.target: each.added for each in report.targets} == {
        "schools": 2,
        "sessions": 2,
        "students": 3,
        "enrollments": 4,
    }
    # From the first day of any class at a school to the last one, whatever the terms and the dropped classes.
    assert [tuple(row) for row in await district.owner.fetch(STAYS)] == [
        ("1001", "north", YEAR, "2025-09-01", "2026-06-11", "07"),
        ("1002", "north", YEAR, "2025-09-15", "2026-06-11", "08"),
        ("1003", "north", YEAR, "2025-09-01", "2026-01-22", "12"),
        ("1003", "o-s", YEAR, "2026-01-23", "2026-06-11", "12"),
    ]
    found = await district.rows(permit("first_name", "last_name", "telephone"))
    assert {tuple(row.values()) for row in found} == {
        ("Ana", "Ruiz", "555-0199"),
        ("Chí", "Trần", "555-0199"),
        ("李", "Ώmega", "555-0199"),
    }
    everything = str([tuple(row) for row in await district.owner.fetch("SELECT * FROM records.student")])
    assert "hunter2" not in everything

    # The same district in the other version, in a folder: nothing changes.
    new = unpacked(tmp_path / "new", content("1.2", bulk("1.2")))
    again = await district.loads.load(shipped("1.2"), new)
    assert not again.refused
    assert {(each.added, each.changed, each.ended) for each in again.targets} == {(0, 0, 0)}

    # A delta: one student is renamed, one is gone with his class, one changes school.
    changes = {
        "users": [
            user("1.2", *PEOPLE[0][:3], "Anna", *PEOPLE[0][4:]),
            user("1.2", *PEOPLE[1]) | {"status": "tobedeleted"},
        ],
        "roles": [{**bulk("1.2")["roles"][1], "status": "tobedeleted"}],
        "enrollments": [
            GONE | dict(enrollment("e-3", "c-1", "o-n", "u-2", "student", "", "")) | {"status": "tobedeleted"},
            ACTIVE | enrollment("e-1", "c-1", "o-n", "u-1", "student", "2025-09-01", "2026-02-01"),
            ACTIVE | enrollment("e-7", "c-3", "o-s", "u-1", "student", "2026-02-01", ""),
        ],
    }
    delta = zipped(tmp_path / "delta.zip", content("1.2", changes, "delta"))
    report = await district.load_by(shipped("1.2"), new, deltas=[delta])
    assert not report.refused
    assert {each.target: (each.added, each.changed, each.ended) for each in report.targets} == {
        "schools": (0, 0, 0),
        "sessions": (0, 0, 0),
        "students": (0, 1, 1),
        "enrollments": (1, 1, 1),
    }
    assert [tuple(row)[:2] + tuple(row)[3:5] for row in await district.owner.fetch(STAYS)] == [
        ("1001", "north", "2025-09-01", "2026-01-31"),
        ("1001", "o-s", "2026-02-01", "2026-06-11"),
        ("1003", "north", "2025-09-01", "2026-01-22"),
        ("1003", "o-s", "2026-01-23", "2026-06-11"),
    ]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_the_courses_somebody_is_in_have_a_home_without_a_mark(
    district: SmallDistrict, tmp_path: Path, version: str
) -> None:
    course = ACTIVE | {"sourcedId": "k-c-1", "title": "Algebra I", "courseCode": "MAT101", "orgSourcedId": "o-n"}
    files_of = {**bulk(version), "courses": [course]}
    # Gone, and back again: one course.
    files_of["enrollments"] = [*files_of["enrollments"], enrollment("e-7", "c-1", "o-n", "u-1", "student", "", "")]
    export = zipped(tmp_path / "x.zip", content(version, files_of))
    await district.loads.load(shipped(version), export)
    (courses,) = (await district.loads.load(shipped("courses"), export)).targets
    assert (courses.added, courses.refused_rows) == (5, 0)
    found = await district.owner.fetch(
        "SELECT i.student_identifier, g.school_identifier, g.session_identifier, g.section_identifier,"
        " g.course_identifier, g.course_title, g.final_mark FROM records.course_grade AS g"
        " JOIN records.identity AS i USING (student_id) ORDER BY 1, 4"
    )
    assert [tuple(row) for row in found] == [
        ("1001", "north", "s-2", "c-1", "MAT101", "Algebra I", None),
        ("1001", "north", "s-1", "c-2", "k-c-2", "Band", None),
        ("1002", "north", "s-2", "c-1", "MAT101", "Algebra I", None),
        ("1003", "north", "s-1", "c-2", "k-c-2", "Band", None),
        ("1003", "o-s", "s-2", "c-3", "k-c-3", "Art", None),
    ]
