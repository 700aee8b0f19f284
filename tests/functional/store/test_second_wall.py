"""
The second wall, relation by relation as the database lists them: a new table or view is under test once it is made.

The app role finds no row of any student but through a view that asks for the agreement of the transaction.
"""

from pathlib import Path

import asyncpg
import pytest

from gateway.records.coverage import Scope
from policies.population import Column, In
from tests.factories.database import TestDatabase
from tests.factories.hostile_rows import corpus, write_into
from tests.factories.records import AGREEMENT, LINE, OTHER, OTHER_LINE, SmallDistrict, terms

pytestmark = pytest.mark.claim(3)

RELATIONS = """
SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'student_id') AS about_students,
    has_any_column_privilege('pactgate_app', c.oid, 'SELECT') AS readable,
    has_any_column_privilege('pactgate_app', c.oid, 'INSERT, UPDATE, REFERENCES')
        OR has_table_privilege('pactgate_app', c.oid, 'DELETE, TRUNCATE, TRIGGER') AS writable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY 1
"""
COVERED = "SELECT student_id FROM records.population WHERE agreement = $1 AND to_idx IS NULL AND valid @> $2::date"
OF_NOBODY = {
    "records.visible_schools",
    "records.any_contested",
    "records.held_schools",
    "records.moved_schools",
    "records.since_batch",
    "records.lost_since",
    "records.visible_sessions",
    "records.held_sessions",
    "records.moved_sessions",
    "records.readable",
}
"""Views of the records that speak of no student."""
BY_CODE = ("records.coded_", "records.moved_", "records.turned_")
"""Views that say no more of anybody whom the line ever covered than the record code that its partner knows."""
OF_ITS_LINE = "SELECT student_id FROM records.code WHERE line = $1"
SINCE = """SELECT set_config('pactgate.since_epoch', $1, true), set_config('pactgate.since_day', $2, true)"""
EVERYBODY_ON_A_ROSTER = """
    WITH handed AS (
        INSERT INTO gateway.roster_submission (idx, line, client, covers, format, lines, digest, received_at)
        VALUES ($1, $2, 'client', 'whole', 'csv', 1, sha256(''), now()) RETURNING idx
    )
    INSERT INTO gateway.roster_line (submission, number, student_id, found_by, state)
    SELECT h.idx, row_number() OVER (), i.student_id, 'person', 'accepted' FROM handed AS h, records.identity AS i
"""
"""Accepted, whether the agreement covers them or not."""
EVENTS, OUTCOMES = {"attendance_events"}, {"course_grades", "assessments", "discipline", "statements"}
"""Views that the corpus has nothing for; `tests/claims/test_claim_03_no_row_outside_the_population.py` fills them."""


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    """The hostile rows under two agreements, each with students the other does not cover."""
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes += [
        Scope(AGREEMENT, LINE, terms(In(Column.SCHOOL_IDENTIFIER, ("north",)))),
        Scope(OTHER, OTHER_LINE, terms(In(Column.SCHOOL_IDENTIFIER, ("south",)))),
    ]
    await write_into(district, corpus())
    for number, line in enumerate((LINE, OTHER_LINE)):
        await district.owner.execute(EVERYBODY_ON_A_ROSTER, number, line)
    return district


async def relations(database: TestDatabase) -> list[asyncpg.Record]:
    return list(await (await database.connection("owner")).fetch(RELATIONS))


async def views(database: TestDatabase) -> list[str]:
    return [row["name"] for row in await relations(database) if row["kind"] == "v" and row["about_students"]]


async def test_the_app_role_can_read_and_write_no_table_of_records(database: TestDatabase) -> None:
    found = await relations(database)
    tables = [row for row in found if row["kind"] != "v" and row["name"].startswith("records.")]
    assert len(tables) > 15
    assert [row["name"] for row in tables if row["readable"] or row["writable"]] == []
    # Whatever else speaks of students, in whichever schema, is either shut or one of the views under test.
    opened = {row["name"] for row in found if row["about_students"] and (row["readable"] or row["writable"])}
    assert opened == set(await views(database))
    assert [row["name"] for row in found if row["kind"] == "v" and row["writable"]] == []


async def test_every_view_of_records_is_about_students_or_about_nobody(database: TestDatabase) -> None:
    found = {row["name"] for row in await relations(database) if row["kind"] == "v"}
    assert found - OF_NOBODY == set(await views(database))


async def test_without_its_agreement_every_view_is_empty(district: SmallDistrict) -> None:
    app = await district.database.connection("app")
    for agreement in (None, "", "%", "sha256:" + "c" * 64, LINE, OTHER_LINE):
        async with app.transaction():
            if agreement is not None:
                await app.execute("SELECT set_config('pactgate.agreement', $1, true)", agreement)
            for view in await views(district.database):
                found = await app.fetchval(f"SELECT count(*) FROM {view}")  # noqa: S608 - the catalogue's names
                assert found == 0, (view, agreement)


async def test_without_an_earlier_moment_no_view_of_the_past_finds_anything(district: SmallDistrict) -> None:
    app = await district.database.connection("app")
    of_the_past = ("records.held", "records.moved_", "records.turned_")
    for moment in (None, ("", ""), ("0", ""), ("", "2026-03-11")):
        async with app.transaction():
            await app.execute("SELECT set_config('pactgate.agreement', $1, true)", AGREEMENT)
            if moment is not None:
                await app.execute(SINCE, *moment)
            for view in await views(district.database):
                if view.startswith(of_the_past) and not (moment == ("0", "") and view.startswith(BY_CODE)):
                    assert await app.fetchval(f"SELECT count(*) FROM {view}") == 0, view  # noqa: S608 - the catalogue's


async def test_with_its_agreement_every_view_speaks_of_its_own_students_only(district: SmallDistrict) -> None:
    app, found = await district.database.connection("app"), dict[str, set[object]]()
    today = await district.owner.fetchval("SELECT gateway.clock()::date")
    epoch = await district.owner.fetchval("SELECT epoch FROM audit.head")
    for agreement, line in ((AGREEMENT, LINE), (OTHER, OTHER_LINE)):
        covered = {row[0] for row in await district.owner.fetch(COVERED, agreement, today)}
        of_its_line = {row[0] for row in await district.owner.fetch(OF_ITS_LINE, line)}
        for since in (epoch, -1):
            async with app.transaction():
                await app.execute("SELECT set_config('pactgate.agreement', $1, true)", agreement)
                await app.execute(SINCE, str(since), str(today if since == epoch else "1990-01-01"))
                for view in await views(district.database):
                    rows = await app.fetch(f"SELECT * FROM {view}")  # noqa: S608 - the catalogue's names
                    if view.startswith(BY_CODE):
                        assert all(set(row.keys()) == {"student_id", "code"} for row in rows), view
                        assert {row["student_id"] for row in rows} <= of_its_line, view
                    else:
                        assert {row["student_id"] for row in rows} <= covered, view
                    found.setdefault(view, set()).update(row["student_id"] for row in rows)
        assert await app.fetchval("SELECT count(*) FROM records.granted_students") == 0
    # Not vacuously: the corpus fills each view that has something to show.
    empty = {view for view, students in found.items() if not students}
    kinds = ("granted", "held", "moved")
    assert empty == {f"records.{kind}_{each}" for each in EVENTS | OUTCOMES for kind in kinds}


async def test_the_app_role_can_call_nothing_in_records_that_reads_for_it(database: TestDatabase) -> None:
    owner = await database.connection("owner")
    # What runs as its owner could hand out rows that the caller may not read.
    found = await owner.fetch(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'records'"
        " AND has_function_privilege('pactgate_app', p.oid, 'EXECUTE')"
    )
    # Digests and counts of rows, numbers of loads, terms of agreements: no row, and nothing that tells of one.
    digests = {"dated_between", "loaded_between", "batches", "scopes", "misnamed"}
    assert {row[0] for row in found} == {"today", *digests}
