"""The gateway's own tables keep what they promise whoever writes, the owner included."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gateway.store.database import Database
from gateway.store.errors import DatabaseUnavailable, DatabaseUnsupported, LoginRefused
from gateway.store.session import connect, open_connection
from tests.factories.database import TestDatabase

NOW = datetime(2026, 9, 1, tzinfo=UTC)
INSTALL = "INSERT INTO gateway.installation (origin, demo, initialised_at) VALUES ('log.example', $1, $2)"
CLIENT = "client:00000000-0000-4000-8000-000000000001"


async def test_only_a_demo_may_shift_the_clock(database: TestDatabase) -> None:
    loader = await database.connection("loader")
    await loader.execute(INSTALL, False, NOW)
    with pytest.raises(asyncpg.CheckViolationError):
        await loader.execute("UPDATE gateway.installation SET clock_shift = '1 day'")


async def test_a_demo_shifts_the_clock_for_everybody(database: TestDatabase) -> None:
    loader = await database.connection("loader")
    app = await database.connection("app")
    plain, server = await app.fetchrow("SELECT gateway.clock(), statement_timestamp()") or (None, None)
    assert plain == server
    await loader.execute(INSTALL, True, NOW)
    await loader.execute("UPDATE gateway.installation SET clock_shift = '-400 days'")
    row = await app.fetchrow("SELECT statement_timestamp() - gateway.clock() AS behind")
    assert row is not None
    assert row["behind"] == timedelta(days=400)


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize("role", ["owner", "admin"])
async def test_what_an_installation_is_stays(database: TestDatabase, role: str, demo: bool) -> None:
    connection = await database.connection(role)
    await connection.execute(INSTALL, demo, NOW)
    for change in (
        "UPDATE gateway.installation SET demo = NOT demo",
        "UPDATE gateway.installation SET origin = 'other.example'",
        "UPDATE gateway.installation SET initialised_at = now()",
        "DELETE FROM gateway.installation",
        "TRUNCATE gateway.installation",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(change)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(INSTALL, demo, NOW)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO gateway.installation VALUES (false, 'x', true, '0', now())")


async def test_the_triggers_hold_even_in_replica_mode(database: TestDatabase) -> None:
    admin = await database.connection("admin")
    await admin.execute(INSTALL, True, NOW)
    await admin.execute("SET session_replication_role = replica")
    with pytest.raises(asyncpg.RestrictViolationError):
        await admin.execute("DELETE FROM gateway.installation")


async def test_clients_and_their_status_are_only_added_to(database: TestDatabase) -> None:
    loader = await database.connection("loader")
    await loader.execute(
        "INSERT INTO gateway.client VALUES ($1, 'partner:bridge', 'Nightly', $2, $2, 3)", CLIENT, b"\1" * 32
    )
    await loader.execute("INSERT INTO gateway.client_status VALUES ($1, 'active', 3)", CLIENT)
    await loader.execute("INSERT INTO gateway.partner_status VALUES ('partner:bridge', 'suspended', 4)")
    for change in (
        "UPDATE gateway.client SET name = ''",
        "DELETE FROM gateway.client_status",
        "DELETE FROM gateway.partner_status",
        "UPDATE gateway.partner_status SET status = 'active'",
        "TRUNCATE gateway.client",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await loader.execute(change)
    owner = await database.connection("owner")
    for change in (
        "UPDATE gateway.client SET idx = 9",
        "DELETE FROM gateway.client",
        "TRUNCATE gateway.client CASCADE",
        "UPDATE gateway.client_status SET idx = 9",
        "DELETE FROM gateway.client_status",
        "TRUNCATE gateway.client_status",
        "UPDATE gateway.partner_status SET idx = 9",
        "DELETE FROM gateway.partner_status",
        "TRUNCATE gateway.partner_status",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(change)


@pytest.mark.parametrize(
    "values",
    [
        "('client:1', 'partner:a', '', $1, $1, 1)",
        "('" + CLIENT + "', 'Partner A', '', $1, $1, 1)",
        "('" + CLIENT + "', 'partner:a', '', '', $1, 1)",
        "('" + CLIENT + "', 'partner:a', '', $1, '', 1)",
        "('" + CLIENT + "', 'partner:a', '', $1, $1, -1)",
    ],
)
async def test_a_client_in_another_form_is_refused(database: TestDatabase, values: str) -> None:
    loader = await database.connection("loader")
    with pytest.raises(asyncpg.CheckViolationError):
        await loader.execute(f"INSERT INTO gateway.client VALUES {values}", b"\1" * 32)  # noqa: S608 - fixed words


async def test_the_auditor_sees_the_installation_and_no_client(database: TestDatabase) -> None:
    auditor = await database.connection("auditor")
    await auditor.fetch("SELECT * FROM gateway.installation")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.fetch("SELECT * FROM gateway.client")


async def test_a_database_that_is_away_is_said_to_be_away_without_its_password() -> None:
    for url in (
        "postgresql://pactgate_app:hunter2@127.0.0.1:1/pactgate",
        "postgresql://pactgate_app:hunter2@/pactgate?host=/nowhere",
        "postgresql://pactgate_app:hunter2@127.0.0.1:port/pactgate",
    ):
        with pytest.raises(DatabaseUnavailable) as away:
            await Database.open(url)
        assert "hunter2" not in str(away.value)
        assert away.value.__cause__ is None


async def test_a_database_that_does_not_exist_is_a_sentence(database: TestDatabase) -> None:
    with pytest.raises(DatabaseUnavailable, match="no such database"):
        await Database.open(database.server.url("owner", "nowhere"))


async def test_a_server_that_is_too_old_is_refused(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.session.OLDEST_VERSION", 99)
    with pytest.raises(DatabaseUnsupported, match="is version 18; 99 is the oldest"):
        await Database.open(database.url("app"))


async def test_an_open_database_reads_logs_and_administers(database: TestDatabase) -> None:
    opened = await database.open("app")
    async with opened.engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT current_user")).scalar_one() == "pactgate_app"
    for pool in (opened.pool, opened.log_pool):
        assert await pool.fetchval("SELECT current_setting('timezone') || current_user") == "UTCpactgate_app"


async def test_closing_cuts_off_whoever_still_works(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = await Database.open(database.url("app"))
    held = await opened.pool.acquire()
    monkeypatch.setattr("gateway.store.database.CONNECT_SECONDS", 0.1)
    await opened.close()
    with pytest.raises(asyncpg.InterfaceError):
        await held.fetchval("SELECT 1")


async def test_a_pool_that_loses_its_server_says_so_in_our_words(database: TestDatabase) -> None:
    opened = await database.open("app")
    admin = await database.connection("admin")
    await admin.execute("ALTER ROLE pactgate_app NOLOGIN")
    try:
        with pytest.raises(LoginRefused):
            await opened.pool.fetchval("SELECT 1")
    finally:
        await admin.execute("ALTER ROLE pactgate_app LOGIN")


async def test_errors_of_the_engine_hold_no_values(database: TestDatabase) -> None:
    engine = await database.engine("app")
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="hidden") as refused:
            await connection.exec_driver_sql("SELECT $1::int / 0", (4711,))
    assert "4711" not in str(refused.value)


async def test_one_connection_is_closed_with_its_block(database: TestDatabase) -> None:
    async with connect(database.url("app")) as connection:
        pass
    assert connection.is_closed()
    alone = await open_connection(database.url("app"))
    await alone.close()
