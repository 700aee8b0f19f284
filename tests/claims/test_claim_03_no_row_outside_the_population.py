"""
Claim 3: no row outside the population, judged in the same snapshot in which the rows were read.

The second wall, in the database itself: the app role can read no table, and its views find nothing without the
agreement of the transaction.
"""

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from gateway.records.columns import metadata
from gateway.records.coverage import Scope
from gateway.records.errors import NotPermitted
from gateway.records.reader import Reader
from gateway.services.statements import place_statement
from policies.decision import Denied
from policies.population import Column, In
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    DAY,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    permit,
    terms,
)

pytestmark = pytest.mark.claim(3)

VIEWS = (
    "granted",
    "granted_students",
    "granted_enrollments",
    "granted_academic_summaries",
    "granted_attendance_events",
    "granted_course_grades",
    "granted_assessments",
    "granted_discipline",
    "granted_programs",
    "granted_statements",
    "granted_rosters",
    "granted_placements",
)
NORTH = terms(In(Column.SCHOOL_IDENTIFIER, ("north",)))
SOUTH = terms(In(Column.SCHOOL_IDENTIFIER, ("south",)))


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [Scope(AGREEMENT, LINE, NORTH), Scope(OTHER, OTHER_LINE, SOUTH)]
    of_each = [("1001", "north"), ("1003", "south")]
    await district.load(
        {
            "students": STUDENTS,
            "enrollments": ENROLLMENTS,
            "course_grades": [(who, YEAR, "S1", "a", at, *[None] * 6) for who, at in of_each],
            "assessments": [(who, "T", "Reading", "2025-10-02", "x", at, YEAR, "1", None) for who, at in of_each],
            "discipline": [(who, "i", "Detention", YEAR, at, "2025-10-02", None, None) for who, at in of_each],
            "programs": [(who, "ECS-READ", "04906", "2025-10-02", None) for who, _ in of_each],
        }
    )
    async with district.engine.begin() as connection:
        for who, _ in of_each:
            await place_statement(connection, who, ["000115"], "x")
    return district


@pytest.mark.parametrize("role", ["app", "auditor"])
@pytest.mark.parametrize("table", sorted(table.fullname for table in metadata.sorted_tables))
async def test_only_the_loader_can_read_a_table_of_records(database: TestDatabase, role: str, table: str) -> None:
    connection = await database.connection(role)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"SELECT FROM {table} LIMIT 0")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


async def test_the_auditor_cannot_read_the_views_either(database: TestDatabase) -> None:
    connection = await database.connection("auditor")
    for view in VIEWS:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT FROM records.{view}")


async def test_every_view_of_student_data_is_listed_here(database: TestDatabase) -> None:
    connection = await database.connection("owner")
    found = await connection.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'records'")
    others = {row[0] for row in found} - set(VIEWS)
    # What changes are told by is looked through in `tests/functional/store/test_second_wall.py`.
    of_changes = {name for name in others if name.startswith(("held", "moved_", "turned_", "coded_"))}
    # What a partner learns of its own roster joins the population: `test_second_wall` and `test_rosters`.
    others -= {"granted_roster_lines"}
    of_nobody = {"visible_schools", "visible_sessions", "any_contested", "readable", "since_batch", "lost_since"}
    assert others - of_changes == of_nobody
    assert {name.replace("granted_", "held_") for name in VIEWS if name != "granted"} <= of_changes


@pytest.mark.parametrize("agreement", [None, "", "x", "sha256:" + "c" * 64, AGREEMENT.upper(), "%"])
async def test_without_its_agreement_a_view_finds_nothing(district: SmallDistrict, agreement: str | None) -> None:
    connection = await district.database.connection("app")
    async with connection.transaction():
        if agreement is not None:
            await connection.execute("SELECT set_config('pactgate.agreement', $1, true)", agreement)
        for view in VIEWS:
            assert await connection.fetchval(f"SELECT count(*) FROM records.{view}") == 0  # noqa: S608 - our own names


async def test_with_its_agreement_a_view_finds_its_own_students_only(district: SmallDistrict) -> None:
    connection = await district.database.connection("app")
    async with connection.transaction():
        await connection.execute(f"SET LOCAL pactgate.agreement = '{OTHER}'")
        names = await connection.fetch("SELECT first_name FROM records.granted_students")
        assert [row[0] for row in names] == ["Chí"]
        schools = await connection.fetch("SELECT DISTINCT school_identifier FROM records.granted_enrollments")
        assert [row[0] for row in schools] == ["south"]
        for kind in ("course_grades", "assessments", "discipline", "programs", "statements"):
            found = await connection.fetch(f"SELECT student_id FROM records.granted_{kind}")  # noqa: S608 - our own names
            assert len(found) == 1, kind


@pytest.mark.attack("a pooled connection keeps the last caller's agreement")
async def test_the_agreement_does_not_leak_to_the_next_user_of_a_connection(district: SmallDistrict) -> None:
    async with asyncpg.create_pool(
        district.database.url("app"), min_size=1, max_size=1, reset=_keep_everything
    ) as pool:
        page = await Reader(pool).read_page(permit("first_name", rows=NORTH), limit=10)
        assert len(page.rows) == 3
        assert await pool.fetchval("SELECT coalesce(current_setting('pactgate.agreement', true), '')") == ""
        assert await pool.fetchval("SELECT count(*) FROM records.granted_students") == 0
        assert await pool.fetchval("SHOW plan_cache_mode") == "auto"


async def _keep_everything(_connection: object) -> None:
    """Return a connection to the pool as it is, which asyncpg would otherwise clean up."""


@pytest.mark.attack("a request is cut off between naming the agreement and the end of its transaction")
async def test_a_cancelled_read_leaves_no_agreement_behind(district: SmallDistrict) -> None:
    blocker = await district.database.connection("owner")
    leave = permit("first_name", rows=NORTH)
    async with asyncpg.create_pool(
        district.database.url("app"), min_size=1, max_size=1, reset=_keep_everything
    ) as pool:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE records.population IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(Reader(pool).read_page(leave, limit=10), 0.2)
        assert await pool.fetchval("SELECT count(*) FROM records.granted_students") == 0


async def test_readers_of_two_agreements_side_by_side_see_only_their_own(district: SmallDistrict) -> None:
    async with asyncpg.create_pool(district.database.url("app"), min_size=2, max_size=2) as pool:
        reader = Reader(pool)
        north = permit("school_identifier", rows=NORTH)
        south = permit("school_identifier", rows=SOUTH, agreement=OTHER)
        pages = await asyncio.gather(*(reader.read_page(each, limit=10) for each in (north, south) * 40))
    for number, page in enumerate(pages):
        assert {row["v0"] for row in page.rows} == ({"south"} if number % 2 else {"north"})


@pytest.mark.parametrize(
    "leave",
    [
        None,
        Denied("no_agreement", ""),
        AGREEMENT,
        {"agreement": AGREEMENT},
        permit("first_name", agreement="sha256:' OR true --"),
        permit("first_name", agreement=AGREEMENT + "\n"),
    ],
    ids=["none", "denial", "digest", "lookalike", "injection", "line end"],
)
async def test_the_reader_takes_permits_only(district: SmallDistrict, leave: object) -> None:
    with pytest.raises(NotPermitted):
        await district.reader.read_page(leave, limit=10)  # type: ignore[arg-type] # what must be refused


async def test_a_student_who_moved_is_found_by_the_school_of_today_only(district: SmallDistrict) -> None:
    # 1004 left south in January: gone for the one, and for the other shown at north, where the population is.
    assert {row["first_name"] for row in await district.rows(permit("first_name", rows=NORTH))} == {"Ana", "Bo", "Dua"}
    assert [row["first_name"] for row in await district.rows(permit("first_name", rows=SOUTH, agreement=OTHER))] == [
        "Chí"
    ]


@pytest.mark.parametrize(
    ("day", "hour", "covered"),
    [
        (dt.date(2025, 9, 3), 6, False),  # 23:00 on the 2nd in Los Angeles
        (dt.date(2025, 9, 3), 8, True),
        (dt.date(2026, 6, 13), 6, True),  # 23:00 on the 12th, the last day
        (dt.date(2026, 6, 13), 8, False),
    ],
)
async def test_the_days_are_those_of_the_agreements_zone(
    district: SmallDistrict, day: dt.date, hour: int, covered: bool
) -> None:
    await district.at(day, hour)
    found = await district.rows(permit("first_name", rows=SOUTH, agreement=OTHER))
    assert ("Chí" in {row["first_name"] for row in found}) is covered


async def test_a_school_year_outside_the_agreement_shows_nobody(district: SmallDistrict) -> None:
    assert await district.rows(permit("first_name", rows=replace(NORTH, school_years=("2024-2025",)))) == []
    assert await district.rows(permit("first_name", rows=replace(NORTH, school_years=()))) == []


async def test_a_student_without_a_subject_number_is_shown_to_nobody(district: SmallDistrict) -> None:
    # What the log could not list must not leave.
    await district.owner.execute("DELETE FROM records.subject")
    assert await district.rows(permit("first_name", rows=NORTH)) == []


async def test_epoch_clock_and_rows_come_in_one_answer_even_when_there_are_no_rows(district: SmallDistrict) -> None:
    page = await district.page(permit("first_name", agreement="sha256:" + "c" * 64))
    assert (page.rows, page.more, page.epoch) == (
        [],
        False,
        await district.owner.fetchval("SELECT epoch FROM audit.head"),
    )
    assert page.now.date() == DAY
