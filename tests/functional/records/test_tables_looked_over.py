"""After a load, the planner knows of the tables what is true now; and a load does not depend on that."""

from pathlib import Path

import asyncpg
import pytest

from gateway.records.coverage import Scope
from gateway.records.looking_over import look_over, look_over_after
from gateway.store.database import engine_for
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, LINE, SmallDistrict, terms

NUMBERS = [f"{number:03}" for number in range(80)]
KNOWN = """
SELECT c.relname FROM pg_class AS c JOIN pg_stat_user_tables AS s ON s.relid = c.oid
WHERE c.relnamespace = 'records'::regnamespace AND c.reltuples = $1 AND s.last_analyze IS NOT NULL ORDER BY 1
"""


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes = [Scope(AGREEMENT, LINE, terms())]
    return district


def files(first: str = "F") -> dict[str, list[tuple[str, ...]]]:
    """Return 80 students and their stays; the first of them is called `first`."""
    return {
        "students": [(number, first if number == "000" else "F", "L", "01.01.2010", "F", "", "") for number in NUMBERS],
        "enrollments": [(number, "s1", "2025-2026", "9", "2025-09-03", "") for number in NUMBERS],
    }


async def test_only_tables_of_records_are_looked_over_and_only_by_the_loader(district: SmallDistrict) -> None:
    loader = await district.database.connection("loader")
    for name in ("head", "audit.entry", "granted", "student; DROP TABLE records.student", "pg_class"):
        with pytest.raises(asyncpg.UndefinedTableError):
            await loader.execute("SELECT records.look_over($1)", name)
    app = await district.database.connection("app")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("SELECT records.look_over('student')")


async def test_a_load_whose_tables_cannot_be_looked_over_is_loaded_all_the_same(district: SmallDistrict) -> None:
    await district.owner.execute("REVOKE EXECUTE ON FUNCTION records.look_over(text) FROM pactgate_loader")
    report = await district.load(files())
    assert [each.added for each in report.targets] == [80, 80]
    assert await district.owner.fetch(KNOWN, 80.0) == []
    assert await look_over_after(district.engine) == []


async def test_what_cannot_be_asked_any_more_fails_nothing(district: SmallDistrict) -> None:
    gone = await district.database.connection("loader")
    await gone.close()
    assert await look_over(gone) == []
    nowhere = engine_for("postgresql://loader@127.0.0.1:1/nowhere")
    assert await look_over_after(nowhere) == []
    await nowhere.dispose()


async def test_tables_that_a_load_has_filled_are_known_when_it_returns(district: SmallDistrict) -> None:
    await district.load(files())
    known = {row["relname"] for row in await district.owner.fetch(KNOWN, 80.0)}
    assert {"student", "enrollment", "identity", "subject", "population", "code"} <= known


async def test_a_load_that_changes_little_has_nothing_looked_over(district: SmallDistrict) -> None:
    await district.load(files())
    before = await district.owner.fetchval("SELECT sum(analyze_count) FROM pg_stat_user_tables")
    await district.load(files(first="Other"))
    assert await district.owner.fetchval("SELECT sum(analyze_count) FROM pg_stat_user_tables") == before
    assert await look_over(await district.database.connection("loader")) == []
