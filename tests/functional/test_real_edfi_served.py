"""Ed-Fi exports that nobody here wrote: what leaves is what was agreed, and nothing by which a child is known."""

import asyncio
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from gateway.demo.story import verify_folder
from tests.factories.database import TestDatabase
from tests.factories.exports import DATA
from tests.factories.served_exports import Export, lines, served

pytestmark = [pytest.mark.realdata, pytest.mark.claim(2), pytest.mark.claim(9)]

YEAR = "2016-2017"
GENERATED = DATA / "edfi-sample-data-generator"
ANSWERS = DATA / "oea-contoso" / "edfi_api_ndjson"
CODE = re.compile(r"rc_[a-z0-9]+")
GRADES, SCHOOL = "000100", "001069"
KNOWN_BY = ("FirstName", "LastSurname", "BirthDate", "ElectronicMailAddress", "TelephoneNumber", "StreetNumberName")


def export(mapping: str, folder: Path, schools: tuple[str, ...], *elements: str) -> Export:
    covered = {"dataset": "students", "school_years": [YEAR], "elements": lines(*elements)}
    return Export(mapping, folder, date(2017, 3, 8), YEAR, schools, (covered,))


async def test_of_bulk_xml_full_of_names_and_addresses_only_grades_and_schools_leave(
    database: TestDatabase, tmp_path: Path
) -> None:
    agreed = export("edfi_xml", GENERATED, ("255901001",), GRADES, SCHOOL)
    async with served(database, tmp_path, agreed) as site:
        for name in ("first_name", "birthdate", "email", "street_address", "student_identifier"):
            status, problem = await asyncio.to_thread(site.status, f"/v1/students?fields=grade_level,{name}")
            assert (status, problem["code"]) == (403, "element_not_covered")

        rows = await asyncio.to_thread(site.all, "/v1/students")

        # Every cell is a code, a grade or the school: nothing else is there that could be a name or a number.
        assert all(set(row) == {"record_code", "grade_level", "school_identifier"} for row in rows)
        assert len({row["record_code"] for row in rows if CODE.fullmatch(row["record_code"])}) == len(rows) == 1400
        assert Counter(row["grade_level"] for row in rows) == {"09": 400, "10": 400, "11": 300, "12": 300}
        assert {row["school_identifier"] for row in rows} == {"255901001"}
        await site.export_to(tmp_path / "log")
    verified = await asyncio.to_thread(verify_folder, tmp_path / "log", site.log_key)
    assert verified.returncode == 0, verified.stdout

    # Nor do they stand in the log: what has a sign or a space in it is in no random text by chance.
    source = (GENERATED / "Student-GrandBendHS.xml").read_text("utf-8")
    told = {each for name in KNOWN_BY for each in re.findall(rf"<{name}>([^<]+)</{name}>", source)}
    telling = [each.encode() for each in told if re.search(r"[@ ()-]", each)]
    assert len(telling) > 4_000
    log = b"".join(each.read_bytes() for each in sorted((tmp_path / "log").rglob("*")) if each.is_file())
    assert not [each for each in telling if each in log]


async def test_of_an_apis_answers_the_students_of_the_day_leave_with_what_was_granted(
    database: TestDatabase, tmp_path: Path
) -> None:
    stays = [
        json.loads(line) for line in (ANSWERS / "studentSchoolAssociations.ndjson").read_text("utf-8").splitlines()
    ]
    schools = sorted({str(stay["schoolReference"]["schoolId"]) for stay in stays})
    names = {
        each["studentUniqueId"]: each["firstName"].strip()
        for each in map(json.loads, (ANSWERS / "students.ndjson").read_text("utf-8").splitlines())
    }
    there = {
        stay["studentReference"]["studentUniqueId"]
        for stay in stays
        if stay["entryDate"] <= "2017-03-08" <= stay["exitWithdrawDate"]
    }
    agreed = export("edfi_api", ANSWERS, tuple(schools), "000115", GRADES)
    async with served(database, tmp_path, agreed) as site:
        status, problem = await asyncio.to_thread(site.status, "/v1/students?fields=last_name")
        assert (status, problem["code"]) == (403, "element_not_covered")

        rows = await asyncio.to_thread(site.all, "/v1/students")

        assert all(set(row) == {"record_code", "first_name", "grade_level"} for row in rows)
        assert len({row["record_code"] for row in rows if CODE.fullmatch(row["record_code"])}) == len(rows)
        assert Counter(row["first_name"] for row in rows) == Counter(names[each] for each in there)
        assert {row["grade_level"] for row in rows} <= {"KG", *(f"{grade:02}" for grade in range(1, 13))}
