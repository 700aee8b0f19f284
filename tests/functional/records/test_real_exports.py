"""Exports of real systems' shapes, loaded by mapping alone."""

import datetime as dt
import os
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.records.coverage import Scope
from gateway.records.loading.mapping import MappingFile, parse_mapping
from policies.population import Column, In
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, LINE, SmallDistrict, changed, granted, permit, terms

pytestmark = pytest.mark.realdata

DATA = Path(os.environ.get("PACTGATE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "oea-contoso"


def shipped(name: str) -> MappingFile:
    return parse_mapping((files("gateway.records.mappings") / f"{name}.toml").read_text("utf-8"))


async def test_the_sis_export_loads_by_mapping_alone(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2020, 3, 11))
    rows = terms(In(Column.SCHOOL_IDENTIFIER, ("sch0", "sch2")), school_years=("2019-2020",))
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    report = await district.loads.load(shipped("hello_world_sis"), DATA / "hello_world_sis", strict=True)
    assert {each.target: each.added for each in report.targets} == {
        "schools": 4,
        "sessions": 8,
        "students": 400,
        "enrollments": 400,
        "academic_summaries": 400,
        "course_grades": 4800,
    }
    leave = permit("student_identifier", "grade_level", "gpa_cumulative", "birthdate:age_years", rows=rows)
    found = await district.rows(leave, limit=1000)
    assert len(found) == 200
    assert found[0].keys() == {"student_identifier", "grade_level", "gpa_cumulative", "birthdate"}
    ana = next(row for row in found if row["student_identifier"] == "st1")
    assert ana == {"student_identifier": "st1", "grade_level": "11", "gpa_cumulative": 3.33, "birthdate": 15}


async def test_nobody_has_seen_the_exports_password_column(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path)
    await district.loads.load(shipped("hello_world_sis"), DATA / "hello_world_sis")
    everything = str([tuple(row) for row in await district.owner.fetch("SELECT * FROM records.student")])
    assert "albertibarra1@" in everything
    assert "#3NOx54M_@" not in everything


async def test_the_attendance_export_loads_with_its_headerless_roster(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2022, 2, 2))
    rows = terms(In(Column.SCHOOL_IDENTIFIER, ("55535",)), school_years=("2021-2022",))
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    report = await district.loads.load(shipped("contoso_attendance"), DATA, strict=True)
    assert {each.target: each.added for each in report.targets} == {
        "schools": 5,
        "sessions": 1,
        "students": 600,
        "enrollments": 600,
        "attendance_events": 12000,
        "course_grades": 3600,
        "programs": 25,
    }
    leave = permit("days_in_session", "days_absent", "days_in_attendance", dataset="attendance", rows=rows)
    found = await district.rows(leave, limit=1000)
    assert len(found) == 120
    assert Counter(row["days_in_session"] for row in found) == {20: 120}
    absences = await district.owner.fetchval(
        "SELECT count(*) FROM records.attendance WHERE school_identifier = '55535' AND attendance_status = 'Absent'"
    )
    assert sum(row["days_absent"] for row in found) == absences
    again = await district.loads.load(shipped("contoso_attendance"), DATA)
    assert {(each.added, each.changed, each.ended) for each in again.targets} == {(0, 0, 0)}


async def test_the_answers_of_an_edfi_api_load_completely(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2017, 3, 8))
    rows = terms(In(Column.SCHOOL_IDENTIFIER, ("255901002",)), school_years=("2016-2017",))
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    folder = DATA / "edfi_api_ndjson"
    report = await district.loads.load(shipped("edfi_api"), folder, strict=True)
    # One school comes three times, and two students have two stays.
    assert {each.target: each.added for each in report.targets} == {
        "schools": 6,
        "students": 6501,
        "enrollments": 6503,
    }
    found = await district.rows(permit("grade_level", rows=rows), limit=1000)
    # Of its 790 students those who are there on the day.
    assert Counter(row["grade_level"] for row in found) == {"07": 366, "08": 369}


@pytest.mark.ferpa("M2")
async def test_codes_of_an_export_that_nobody_classified_stay_in_the_district(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2022, 2, 2))
    rows = terms(In(Column.SCHOOL_IDENTIFIER, ("55535",)), school_years=("2021-2022",))
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    await district.loads.load(shipped("contoso_attendance"), DATA, strict=True)
    stored = await district.owner.fetch("SELECT DISTINCT attendance_category FROM records.attendance")
    assert {each["attendance_category"] for each in stored} == {"ClassSectionAttendance"}
    leave = permit("attendance_status", "attendance_category", dataset="attendance_events", rows=rows)
    found = await district.rows(leave, limit=1000)
    assert len(found) == 1000
    assert {row["attendance_category"] for row in found} == {None}
    assert {row["attendance_status"] for row in found} == {"Present", "Absent"}
    wanted = granted("attendance_events", "attendance_category")[0]
    assert await district.rows(changed(leave, filters=((wanted, "ClassSectionAttendance"),))) == []
