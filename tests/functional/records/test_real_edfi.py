"""Ed-Fi exports that nobody here wrote, through the real loader: what went in is stored or refused, nothing is lost."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.factories.database import TestDatabase
from tests.factories.exports import DATA, shipped
from tests.factories.records import SmallDistrict
from tests.factories.staging import stage

pytestmark = pytest.mark.realdata

GENERATED = DATA / "edfi-sample-data-generator"
ANSWERS = DATA / "oea-contoso" / "edfi_api_ndjson"


async def stored(district: SmallDistrict, tables: Mapping[str, str]) -> dict[str, int]:
    return {
        target: await district.owner.fetchval(f"SELECT count(*) FROM records.{table} WHERE to_batch IS NULL")  # noqa: S608 - our own tables
        for target, table in tables.items()
    }


def elements(folder: Path, name: str) -> int:
    """Count the elements of a name by their letters, without a parser."""
    return sum(len(re.findall(rf"<{name}[ >]", each.read_text("utf-8"))) for each in sorted(folder.glob("*.xml")))


async def test_generated_bulk_xml_loads_with_every_student_and_stay(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2017, 3, 8))
    report = await district.loads.load(shipped("edfi_xml"), GENERATED)

    taken = {each.target: each.added + each.refused_rows for each in report.targets}
    assert taken == {"students": 1400, "enrollments": 1400}
    assert taken == {
        "students": elements(GENERATED, "Student"),
        "enrollments": elements(GENERATED, "StudentSchoolAssociation"),
    }
    assert report.refused_rows == 0
    assert await stored(district, {"students": "student", "enrollments": "enrollment"}) == taken

    rows = await district.owner.fetch("SELECT * FROM records.student")
    assert Counter(row["sex"] for row in rows).keys() == {"Female", "Male"}
    assert sum(row["street_address"] is not None for row in rows) == 1396
    assert sum(row["black_or_african_american"] is True for row in rows) == 376
    assert sum(row["economic_disadvantage_status"] is True for row in rows) == 115
    assert sum(row["homeless_status"] is True for row in rows) == 4
    grades = await district.owner.fetch(
        "SELECT grade_level, count(*) AS n FROM records.enrollment GROUP BY grade_level"
    )
    assert {row["grade_level"]: row["n"] for row in grades} == {"09": 400, "10": 400, "11": 300, "12": 300}

    again = await district.loads.load(shipped("edfi_xml"), GENERATED)
    assert {(each.added, each.changed, each.ended) for each in again.targets} == {(0, 0, 0)}


def test_every_line_of_an_apis_answers_is_a_row_and_pages_of_them_say_the_same(tmp_path: Path) -> None:
    mapping = shipped("edfi_api")
    files = {"schools": "schools", "students": "students", "enrollments": "studentSchoolAssociations"}
    for name in files.values():
        answers = (ANSWERS / f"{name}.ndjson").read_text("utf-8").splitlines()
        for number in range(0, len(answers), 500):
            page = tmp_path / f"{name}-{number:05}.json"
            page.write_text(f"[{','.join(answers[number : number + 500])}]", "utf-8")
    for load in mapping.load:
        if load.target not in files:
            continue
        lines, pages = stage(mapping, load, ANSWERS), stage(mapping, load, tmp_path)
        with (ANSWERS / f"{files[load.target]}.ndjson").open("rb") as file:
            assert len(lines.rows) + len(lines.refused) == sum(1 for _ in file)
        assert lines.refused == pages.refused == []
        assert [row.values for row in lines.rows] == [row.values for row in pages.rows]
