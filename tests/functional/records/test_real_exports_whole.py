"""
Every file of the real sets: each of its rows is stored, refused or left out, and no file is passed over in silence.

Counts are those of the files. What has no home here is named with its reason.
"""

import csv
import datetime as dt
import os
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.records.guessing.trial import try_mapping
from gateway.records.loading.mapping import MappingFile, parse_mapping
from tests.factories.database import TestDatabase
from tests.factories.real_mappings import LATER_ATTENDANCE, TESTED_STUDENTS
from tests.factories.records import SmallDistrict

pytestmark = pytest.mark.realdata

DATA = Path(os.environ.get("PACTGATE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "oea-contoso"
JOINED = {
    "hello_world_sis/m365_Course.csv",
    "hello_world_sis/m365_Section.csv",
    "roster/course.csv",
    "roster/person.csv",
    "roster/persondemographic.csv",
    "roster/persondemographicethnicity.csv",
    "roster/persondemographicrace.csv",
    "roster/personemailaddress.csv",
    "roster/refdefinition.csv",
    "roster/section.csv",
}
"""Read by joins: they fill fields of other files' rows."""
NOT_HELD = {
    "clever_participation/Students.csv": "logins and resources opened: no element says that, so nobody can agree on it",
    "hello_world_sis/m365_Person.csv": "the students of students.csv again, and staff",
    "hello_world_sis/m365_StudentOrgAffiliation.csv": "the schools of students.csv again, without days",
    "hello_world_sis/m365_StudentSectionMembership.csv": "the sections of the marks again, without days",
    "roster/personidentifier.csv": "a second number of each student, which nothing else names",
}
ELSEWHERE = {"edfi_api_ndjson", "sif"}
"""Ed-Fi has a test of its own; the SIF objects are of another country and hold medical alerts: never released."""

# Of each target: rows in the file, stored, refused, left out by the mapping's conditions.
HELLO = {
    "schools": (4, 4, 0, 0),
    "sessions": (8, 8, 0, 0),
    "students": (400, 400, 0, 0),
    "enrollments": (400, 400, 0, 0),
    "academic_summaries": (400, 400, 0, 0),
    "course_grades": (4803, 4800, 0, 3),  # its header stands in the file three times more
}
CONTOSO = {
    "schools": (6, 5, 0, 1),  # the district itself
    "sessions": (2, 1, 0, 1),  # the school year itself
    "students": (600, 600, 0, 0),
    "enrollments": (600, 600, 0, 0),
    "attendance_events": (12_000, 12_000, 0, 0),
    "course_grades": (3_600, 3_600, 0, 0),
    "programs": (600, 25, 0, 575),
}
DIAGNOSTIC = [(1022, 1010, 12, 0)] * 7 + [(1002, 990, 12, 0)] * 5
"""Six pairs of tests in each subject began on one day."""


def shipped(name: str) -> MappingFile:
    return parse_mapping((files("gateway.records.mappings") / f"{name}.toml").read_text("utf-8"))


async def loaded(district: SmallDistrict, mapping: MappingFile, folder: Path) -> list[tuple[str, tuple[int, ...]]]:
    """Load, and return of each target what became of the rows of its file: none is lost."""
    tried = try_mapping(mapping, [folder])
    report = await district.loads.load(mapping, folder)
    assert [each.target for each in report.targets] == [each.target for each in tried]
    counted: list[tuple[str, tuple[int, ...]]] = []
    for target, trial in zip(report.targets, tried, strict=True):
        folded = trial.taken - target.added - (target.refused_rows - trial.refused)
        assert folded == 0 or mapping.load[0].fold is not None
        counted.append((target.target, (trial.rows, target.added, target.refused_rows, trial.left_out)))
    return counted


async def test_the_sis_export_and_attendance_of_a_later_year_are_whole(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2020, 10, 1))
    assert dict(await loaded(district, shipped("hello_world_sis"), DATA / "hello_world_sis")) == HELLO
    later = await loaded(district, parse_mapping(LATER_ATTENDANCE), DATA / "attendance")
    assert later == [("attendance_events", (20, 20, 0, 0))]


async def test_the_roster_with_its_flags_courses_and_days_is_whole(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2022, 2, 2))
    assert dict(await loaded(district, shipped("contoso_attendance"), DATA)) == CONTOSO
    found = await district.owner.fetchrow(
        "SELECT count(*) FILTER (WHERE english_learner_status) AS learners, count(race) AS raced,"
        " count(*) FILTER (WHERE homeless_status) AS homeless, count(*) FILTER (WHERE idea_indicator) AS plans,"
        " count(school_food_eligibility) AS fed, count(*) FILTER (WHERE hispanic_or_latino) AS hispanic,"
        " count(*) FILTER (WHERE two_or_more_races) AS several FROM records.student"
    )
    assert found is not None
    assert dict(found) == {
        "learners": 9,
        "raced": 581,
        "homeless": 6,
        "plans": 3,
        "fed": 27,
        "hispanic": 141,
        "several": 33,
    }
    assert await district.owner.fetchval("SELECT count(DISTINCT section_identifier) FROM records.course_grade") == 87


async def test_the_diagnostic_is_whole_in_both_subjects(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2022, 2, 2))
    folder = DATA / "iready"
    assert await loaded(district, parse_mapping(TESTED_STUDENTS), folder) == [("students", (1022, 500, 0, 0))]
    counted = await loaded(district, shipped("iready"), folder)
    assert [each for _, each in counted] == DIAGNOSTIC
    stored = await district.owner.fetchrow(
        "SELECT count(*) AS results, count(DISTINCT assessment_title) AS titles,"
        " count(*) FILTER (WHERE performance_level_label = 'Tested Out') AS tested_out,"
        " count(*) FILTER (WHERE performance_level_label = 'Tested Out' AND assessment_score IS NULL) AS unscored,"
        " min(assessment_start_date) AS first FROM records.assessment"
    )
    assert stored is not None
    assert (stored["results"], stored["titles"]) == (7 * 1010 + 5 * 990, 11)
    # A domain that somebody tested out of has a level and, with eight exceptions, no score.
    assert (stored["tested_out"], stored["unscored"]) == (1773, 1765)
    # Each load is the truth about its own results: none ended another's.
    again = await district.loads.load(shipped("iready"), folder)
    assert sum(each.unchanged for each in again.targets) == stored["results"]
    assert all((each.added, each.changed, each.ended) == (0, 0, 0) for each in again.targets)


def test_no_file_of_the_set_is_passed_over_in_silence() -> None:
    there = {each.relative_to(DATA).as_posix() for each in DATA.rglob("*.*") if each.parent != DATA}
    there = {path for path in there if path.split("/")[0] not in ELSEWHERE}
    read = {
        f"{folder}{each.path}"
        for folder, mapping in (
            ("hello_world_sis/", shipped("hello_world_sis")),
            ("", shipped("contoso_attendance")),
            ("iready/", shipped("iready")),
            ("attendance/", parse_mapping(LATER_ATTENDANCE)),
        )
        for each in mapping.files.values()
    }
    assert there - read == NOT_HELD.keys()
    assert read >= JOINED


def test_what_has_no_home_would_bring_nobody() -> None:
    """The two files of students that are not loaded name nobody whom the loaded ones do not."""
    with (DATA / "hello_world_sis" / "m365_StudentSectionMembership.csv").open() as file:
        members = {row[7].removeprefix("edp_") for row in csv.reader(file)}
    with (DATA / "hello_world_sis" / "students.csv").open(encoding="utf-8-sig") as file:
        assert members <= {row["SIS ID"] for row in csv.DictReader(file)}
