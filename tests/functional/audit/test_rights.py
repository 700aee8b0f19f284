"""Nobody writes a table of the log; the functions refuse what does not continue it; the guards stop even its owner."""

import asyncpg
import pytest

from audit.draft import Draft
from audit.events import Event
from audit.tree import leaf_hash, node_hash
from tests.factories.log import numbered_leaf
from tests.functional.audit.conftest import Ledger

TABLES = ("entry", "head", "checkpoint", "signature", "subject", "private", "once")
KEPT = ("entry", "head", "checkpoint", "signature", "subject")
READABLE = {
    "app": {"entry", "head", "checkpoint", "signature", "private"},
    "loader": {"entry", "head", "checkpoint", "signature", "private", "subject"},
    "auditor": set(TABLES),
}
CALLS = {
    "SELECT audit.lock_head()",
    "SELECT audit.append_batch(1, '{}', '{}', '', '', NULL, '{}', '{}', '{}', '{}')",
    "SELECT audit.keep_signature(1, 'signer', 'note')",
    "SELECT audit.purge_once(now(), 1)",
}


@pytest.mark.ferpa("Z2")
@pytest.mark.parametrize("role", READABLE)
async def test_no_role_writes_a_table_and_each_reads_only_what_it_needs(ledger: Ledger, role: str) -> None:
    session = await ledger.database.connection(role)
    for table in TABLES:
        column = await ledger.auditor.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1", f"audit.{table}"
        )
        forbidden = [
            f"INSERT INTO audit.{table} DEFAULT VALUES",
            f'UPDATE audit.{table} SET "{column}" = "{column}"',  # noqa: S608 - names of ours
            f"DELETE FROM audit.{table}",  # noqa: S608 - names of ours
            f"TRUNCATE audit.{table}",
            f"SELECT * FROM audit.{table} FOR UPDATE",  # noqa: S608 - names of ours
            f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL",
            f"DROP TABLE audit.{table}",
        ]
        reading = f"SELECT count(*) FROM audit.{table}"  # noqa: S608 - names of ours
        if table in READABLE[role]:
            await session.fetchval(reading)
        else:
            forbidden.append(reading)
        for statement in forbidden:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute("CREATE TABLE audit.other ()")


async def test_an_auditor_calls_no_function_and_nobody_calls_the_guards(ledger: Ledger) -> None:
    auditor = await ledger.database.connection("auditor")
    for call in CALLS:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auditor.execute(call)
    public = await ledger.auditor.fetch(
        """SELECT p.proname FROM pg_proc p, aclexplode(p.proacl) a
           WHERE p.pronamespace = 'audit'::regnamespace AND a.grantee = 0"""
    )
    assert public == []


async def test_every_function_of_the_owner_pins_its_search_path(ledger: Ledger) -> None:
    loose = await ledger.auditor.fetch(
        """SELECT proname FROM pg_proc WHERE pronamespace = 'audit'::regnamespace
           AND NOT coalesce(proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'"""
    )
    assert loose == []


@pytest.mark.ferpa("Z2")
@pytest.mark.parametrize("role", ["owner", "admin"])
async def test_the_guards_stop_the_owner_and_a_superuser_in_replica_mode(ledger: Ledger, role: str) -> None:
    log = await ledger.start()
    await log.append(Draft(numbered_leaf(1), subjects=bytes(16)))
    await log.stop()
    session = await ledger.database.connection(role)
    if role == "admin":
        await session.execute("SET session_replication_role = replica")
    statements = [f"DELETE FROM audit.{table}" for table in KEPT]  # noqa: S608 - names of ours
    statements += [f"TRUNCATE audit.{table}" for table in KEPT]
    statements += [
        "UPDATE audit.entry SET leaf = leaf",
        "UPDATE audit.checkpoint SET tree_head = tree_head",
        "UPDATE audit.signature SET note = note",
        "UPDATE audit.subject SET subjects = subjects",
        "UPDATE audit.head SET size = size - 1",
        "UPDATE audit.head SET epoch = epoch",
        "UPDATE audit.head SET size = size + 2, epoch = -1, range = range",
        "INSERT INTO audit.head VALUES (false, 0, '', -1)",
    ]
    for statement in statements:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only grows"):
            await session.execute(statement)


async def test_a_batch_that_does_not_continue_the_log_is_refused(ledger: Ledger) -> None:
    session = await ledger.database.connection("app")
    first, leaf = leaf_hash(numbered_leaf(0, Event.LOG_OPENED)), numbered_leaf(1)
    hashed = leaf_hash(leaf)
    head = node_hash(first, hashed)
    append = "SELECT audit.append_batch($1, $2, $3, $4, $5, $6, '{}', '{}', $7, $8)"
    good = (1, [leaf], [hashed], head, head, None, [b""], [b""])
    for change, error in (
        ({0: 0}, asyncpg.SerializationError),
        ({0: 2}, asyncpg.SerializationError),
        ({5: 0}, asyncpg.SerializationError),
        ({5: 2}, asyncpg.SerializationError),
        ({2: [first]}, asyncpg.CheckViolationError),
        ({1: [b""], 2: [leaf_hash(b"")]}, asyncpg.CheckViolationError),
        ({3: head + head}, asyncpg.CheckViolationError),
        ({4: head[:-1]}, asyncpg.CheckViolationError),
        ({6: [b"short"]}, asyncpg.CheckViolationError),
        ({1: [], 2: [], 6: [], 7: []}, asyncpg.ArraySubscriptError),
        ({1: [leaf, leaf]}, asyncpg.ArraySubscriptError),
        ({6: []}, asyncpg.ArraySubscriptError),
        ({1: None}, asyncpg.ArraySubscriptError),
    ):
        with pytest.raises(error):
            await session.fetchval(append, *(change.get(at, value) for at, value in enumerate(good)))
    with pytest.raises(asyncpg.ArraySubscriptError):
        await session.fetchval(append.replace("'{}', '{}'", "ARRAY[sha256('')], '{}'"), *good)
    assert (await ledger.check()).size == 1
    assert await session.fetchval(append, *good) == []
    assert (await ledger.check()).size == 2


async def test_a_signature_needs_a_checkpoint(ledger: Ledger) -> None:
    session = await ledger.database.connection("app")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await session.execute("SELECT audit.keep_signature(7, 'signer', 'note')")
