"""Two exports nobody here wrote: loaded by mapping alone, shared under signed agreements, fetched over HTTP."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from gateway.demo.story import verify_folder
from tests.factories.database import TestDatabase
from tests.factories.served_exports import Export, lines, served

DATA = Path(__file__).parents[3] / "shared" / "data" / "oea-contoso"

pytestmark = pytest.mark.realdata

SIS = Export(
    mapping="hello_world_sis",
    folder=DATA / "hello_world_sis",
    today=date(2020, 3, 2),
    school_year="2019-2020",
    schools=("sch0", "sch1", "sch2", "sch3"),
    datasets=(
        {
            "dataset": "students",
            "school_years": ["2019-2020"],
            "elements": lines("000115", "000172", "000100", "001069", "000128"),
        },
    ),
)
ATTENDANCE = Export(
    mapping="contoso_attendance",
    folder=DATA,
    today=date(2022, 2, 8),
    school_year="2021-2022",
    schools=("55535", "55536", "55537", "55538", "55539"),
    datasets=(
        {"dataset": "students", "school_years": ["2021-2022"], "elements": lines("000115", "000100", "001069")},
        {
            "dataset": "attendance",
            "school_years": ["2021-2022"],
            "elements": lines("000202", "000201", "001957", "000496"),
        },
    ),
)


async def test_the_sis_export_is_refused_where_nothing_was_agreed_and_served_where_it_was(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path, SIS) as site:
        status, problem = await asyncio.to_thread(site.status, "/v1/students?fields=first_name,english_learner_status")
        assert (status, problem["code"], problem["clause"]) == (403, "element_not_covered", "/datasets/0/elements")
        status, problem = await asyncio.to_thread(site.status, "/v1/students?fields=password")
        assert (status, problem["code"]) == (400, "unknown_element")

        rows = await asyncio.to_thread(site.all, "/v1/students")

        assert len({row["record_code"] for row in rows}) == len(rows) == 400
        agreed = {"record_code", "first_name", "last_name", "grade_level", "school_identifier", "gpa_cumulative"}
        assert all(set(row) == agreed for row in rows)
        assert sum(row["gpa_cumulative"] is not None for row in rows) == 400

        # A family says no: gone on the next call, and the same refusal as for a code that never existed.
        (code,) = [row["record_code"] for row in rows if (row["first_name"], row["last_name"]) == ("Albert", "Ibarra")]
        assert (await asyncio.to_thread(site.status, f"/v1/students/{code}"))[0] == 200
        await site.stewardship.opt_out("st1", None, directory_only=False)
        gone = await asyncio.to_thread(site.status, f"/v1/students/{code}")
        never = await asyncio.to_thread(site.status, "/v1/students/rc_" + "a" * 26)
        assert gone == never
        assert gone[0] == 404
        assert len(await asyncio.to_thread(site.all, "/v1/students")) == 399
        await site.export_to(tmp_path / "log")
    verified = await asyncio.to_thread(verify_folder, tmp_path / "log", site.log_key)
    assert verified.returncode == 0, verified.stdout


async def test_twelve_thousand_attendance_rows_leave_as_counts_of_six_hundred_students(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path, ATTENDANCE) as site:
        status, problem = await asyncio.to_thread(site.status, "/v1/attendance/events")
        assert (status, problem["code"]) == (403, "dataset_not_covered")

        students = await asyncio.to_thread(site.all, "/v1/students")
        counts = await asyncio.to_thread(site.all, "/v1/attendance")

        assert len(students) == len(counts) == 600
        assert {row["record_code"] for row in counts} == {row["record_code"] for row in students}
        assert sum(row["days_in_session"] for row in counts) == 12_000
        assert sum(row["days_absent"] + row["days_in_attendance"] for row in counts) == 12_000
        await site.export_to(tmp_path / "log")
    verified = await asyncio.to_thread(verify_folder, tmp_path / "log", site.log_key)
    assert verified.returncode == 0, verified.stdout
