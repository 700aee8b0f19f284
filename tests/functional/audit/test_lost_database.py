"""The database goes away at the worst moments: nobody is told yes, and the log stays whole."""

import asyncio

import asyncpg
import pytest

from audit.draft import Appended, Draft
from audit.errors import AuditError, LogUnavailable
from audit.log import Log, append_change
from audit.reading import require_sound_head
from tests.factories.log import numbered_leaf
from tests.factories.unhurried import HURRIED, head_held
from tests.functional.audit.conftest import Ledger


async def blocked(admin: asyncpg.Connection, waiting_for: str) -> int:
    """Wait until some backend waits for a lock of this kind and return its pid."""
    while True:
        pid = await admin.fetchval("SELECT pid FROM pg_stat_activity WHERE wait_event = $1", waiting_for)
        if pid is not None:
            return int(pid)
        await asyncio.sleep(0.005)


async def test_a_backend_terminated_between_append_and_commit_leaves_nothing_behind(ledger: Ledger) -> None:
    log = await ledger.start()
    owner, admin = await ledger.database.connection("owner"), await ledger.database.connection("admin")
    # A deferred trigger runs inside COMMIT, after the whole append; there it waits for us.
    await owner.execute("""
        CREATE FUNCTION audit.wait() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END$$;
        CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON audit.entry DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION audit.wait()""")
    await owner.execute("SELECT pg_advisory_lock(42)")
    waiting = [asyncio.create_task(log.append(Draft(numbered_leaf(number)))) for number in (1, 2)]
    await admin.execute("SELECT pg_terminate_backend($1)", await blocked(admin, "advisory"))
    for task in waiting:
        with pytest.raises(LogUnavailable):
            await task
    await owner.execute("SELECT pg_advisory_unlock(42); DROP TRIGGER wait ON audit.entry; DROP FUNCTION audit.wait()")
    assert (await ledger.check()).size == 1
    # The next batch takes a fresh connection; nobody restarted anything.
    assert await log.append(Draft(numbered_leaf(3))) == Appended(1, 2)


async def test_a_replica_that_holds_the_head_too_long_makes_others_wait_a_second_and_fail(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await ledger.start()
    blocker = await ledger.database.connection("app")
    async with head_held(blocker):
        with monkeypatch.context() as patch:
            patch.setattr("audit.batch._BEGIN", HURRIED)
            with pytest.raises(LogUnavailable, match="LockNotAvailable"):
                await log.append(Draft(numbered_leaf(1)))
    assert await log.append(Draft(numbered_leaf(2))) == Appended(1, 2)


async def test_a_holder_of_the_head_that_has_gone_silent_is_disconnected(ledger: Ledger) -> None:
    blocker = await ledger.database.connection("app")
    await blocker.execute("BEGIN")
    await blocker.fetch("SELECT audit.lock_head()")
    assert await blocker.fetchval("SHOW idle_in_transaction_session_timeout") == "5s"
    await blocker.execute("ROLLBACK")
    assert await blocker.fetchval("SHOW idle_in_transaction_session_timeout") == "0"


async def test_an_append_is_durable_whatever_the_session_prefers(ledger: Ledger) -> None:
    session = await ledger.database.connection("app")
    for preferred, used in (("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")):
        await session.execute(f"SET synchronous_commit = {preferred}; BEGIN")
        await session.fetch("SELECT audit.lock_head()")
        assert await session.fetchval("SHOW synchronous_commit") == used
        await session.execute("ROLLBACK")


async def test_a_head_cannot_be_locked_where_later_statements_would_see_the_past(ledger: Ledger) -> None:
    session = await ledger.database.connection("app")
    await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    with pytest.raises(asyncpg.PostgresError, match="READ COMMITTED"):
        await session.fetch("SELECT audit.lock_head()")
    await session.execute("ROLLBACK")


async def test_a_database_that_cannot_be_reached_refuses_to_start(ledger: Ledger) -> None:
    pool = await ledger.database.pool("app")
    await pool.close()
    with pytest.raises(LogUnavailable):
        await Log(pool, ledger.signer).start()


async def test_a_transaction_that_does_not_commit_leaves_no_entry(ledger: Ledger) -> None:
    engine = await ledger.database.engine("loader")
    async with engine.connect() as connection:
        await connection.begin()
        assert await append_change(connection, numbered_leaf(1)) == 1
        await connection.rollback()
    checked = await ledger.check()
    assert (checked.size, checked.epoch) == (1, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit.head SET range = decode(repeat('00', 32), 'hex')",
        "UPDATE audit.head SET size = 2",
        "DELETE FROM audit.checkpoint",
        "DELETE FROM audit.head",
    ],
)
async def test_a_head_that_is_not_the_newest_checkpoint_refuses_to_start(ledger: Ledger, damage: str) -> None:
    admin = await ledger.database.connection("admin")
    # Done by a superuser with the guards dropped, and undone, so that the log is whole again when the test ends.
    transaction = admin.transaction()
    await transaction.start()
    await admin.execute(
        f"ALTER TABLE audit.head DISABLE TRIGGER ALL; ALTER TABLE audit.checkpoint DISABLE TRIGGER ALL; {damage}"
    )
    with pytest.raises(AuditError):
        await require_sound_head(admin)
    await transaction.rollback()
    await require_sound_head(admin)


async def test_an_empty_log_is_sound(ledger: Ledger) -> None:
    fresh = await ledger.database.connection("admin")
    transaction = fresh.transaction()
    await transaction.start()
    await fresh.execute("""ALTER TABLE audit.head DISABLE TRIGGER ALL; ALTER TABLE audit.checkpoint DISABLE TRIGGER ALL;
        UPDATE audit.head SET size = 0, range = '', epoch = -1; DELETE FROM audit.checkpoint""")
    await require_sound_head(fresh)
    await transaction.rollback()
