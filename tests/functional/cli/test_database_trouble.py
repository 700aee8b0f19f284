"""What the database refuses a command, in words an operator can act on; a fault of our own stays a fault."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from gateway.cli.run import run
from gateway.store.database import engine_for
from gateway.store.errors import DatabaseUnavailable
from gateway.store.session import connect
from tests.factories.command_line import CommandLine
from tests.factories.database import TestServer


@pytest.fixture
def empty(postgres: TestServer, active: CommandLine, tmp_path: Path) -> Iterator[CommandLine]:
    """The files of an installation, and a database the migrations never saw."""
    asyncio.run(postgres.create("cli_empty", template=None))
    yield CommandLine.on(postgres, "cli_empty", tmp_path)
    asyncio.run(postgres.drop("cli_empty"))
    assert active.folder == tmp_path


def test_a_database_without_our_tables_is_a_sentence(empty: CommandLine) -> None:
    for command in (["audit", "verify"], ["audit", "show"]):
        assert "pactgate db upgrade" in empty.refused(*command)
    assert "pactgate init" in empty.refused("agreement", "show")


def test_a_right_somebody_took_away_is_a_sentence(active: CommandLine) -> None:
    active.sql("REVOKE SELECT ON audit.entry FROM pactgate_auditor")
    assert "pactgate db roles" in active.refused("audit", "show")
    active.sql("REVOKE SELECT ON agreements.document FROM pactgate_loader")
    assert "pactgate db roles" in active.refused("agreement", "show")


def test_a_database_that_is_away_is_a_sentence(active: CommandLine) -> None:
    nowhere = "postgresql://pactgate_loader:hunter2@127.0.0.1:1/pactgate"
    said = active.with_settings(PACTGATE_LOADER_URL=nowhere).refused("agreement", "show")
    assert "does not answer" in said
    assert "hunter2" not in said


def test_a_connection_lost_on_the_way_is_a_sentence(active: CommandLine) -> None:
    async def lose(*, notice_late: bool) -> None:
        async with connect(active.server.url("auditor", active.database)) as reading:
            with suppress(asyncpg.AdminShutdownError if notice_late else ZeroDivisionError):
                await reading.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            await reading.fetchval("SELECT 1")

    for notice_late in (False, True):
        with pytest.raises(DatabaseUnavailable):
            run(lose(notice_late=notice_late))


def test_a_fault_of_our_own_stays_a_fault(active: CommandLine) -> None:
    async def fail() -> None:
        async with connect(active.server.url("auditor", active.database)) as reading:
            await reading.fetchval("SELECT 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        run(fail())

    async def fail_in_a_transaction() -> None:
        engine = engine_for(active.server.url("loader", active.database))
        try:
            async with engine.connect() as connection:
                await connection.exec_driver_sql("SELECT 1 / 0")
        finally:
            await engine.dispose()

    with pytest.raises(DBAPIError):
        run(fail_in_a_transaction())
