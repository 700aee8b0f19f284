"""
Claim 5, in the running product: an old copy of the database, or a rewritten one, is not served and not written to.

What tells is the checkpoint kept outside the database. Whoever sets the log back here owns the database and may drop
every guard in it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from audit.tree import CompactRange
from gateway.kept import KeptCheckpoint, KeptCheckpointUnusable
from gateway.logs import FIELDS
from gateway.services.alarms import alarm
from gateway.services.container import open_services
from gateway.services.continuity import keep_head, keeping
from gateway.services.errors import LogSetBack
from gateway.services.installation import AlreadyInstalled, install
from gateway.services.office import open_office
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase
from tests.factories.gateway import Gateway
from tests.factories.installation import TestInstallation
from tests.factories.unhurried import PATIENCE, until

pytestmark = pytest.mark.claim(5)

URL = "http://127.0.0.1"
SET_BACK = """
    ALTER TABLE audit.entry DISABLE TRIGGER USER; ALTER TABLE audit.head DISABLE TRIGGER USER;
    ALTER TABLE audit.checkpoint DISABLE TRIGGER USER; ALTER TABLE audit.subject DISABLE TRIGGER USER;
    ALTER TABLE audit.signature DISABLE TRIGGER USER"""


async def disclose(gateway: Gateway, times: int) -> None:
    for _ in range(times):
        assert (await gateway.get(TUTORING, "/v1/students?limit=1")).status_code == 200


async def start(gateway: Gateway, database: TestDatabase, kept: KeptCheckpoint | None) -> None:
    made = gateway.deployment
    async with open_services(database.url("app"), made.keys, made.trust, readers=2, public_url=URL, kept=kept):
        pass


async def administer(gateway: Gateway, database: TestDatabase) -> None:
    async with open_office(database.url("loader"), gateway.deployment.trust, alarm, gateway.kept):
        pass


@asynccontextmanager
async def copied(database: TestDatabase) -> AsyncIterator[TestDatabase]:
    """Make a copy of the database as it is now, as a backup is; nobody may be connected."""
    copy = TestDatabase(database.server, f"{database.name}_old")
    await database.server.create(copy.name, template=database.name)
    try:
        yield copy
    finally:
        await copy.close()
        await database.server.drop(copy.name)


async def truncate(database: TestDatabase, size: int, edge: CompactRange) -> None:
    """Cut the log to its first entries, whole in itself, with every guard out of the way."""
    owner = await database.connection("owner")
    async with owner.transaction():
        await owner.execute(SET_BACK)
        for table, column in (("entry", "idx"), ("subject", "idx"), ("private", "idx")):
            await owner.execute(f"DELETE FROM audit.{table} WHERE {column} >= $1", size)  # noqa: S608 - fixed names
        for table in ("checkpoint", "signature"):
            await owner.execute(f"DELETE FROM audit.{table} WHERE size > $1", size)  # noqa: S608 - fixed names
        await owner.execute(
            "UPDATE audit.head SET size = $1::bigint, range = $2, epoch = least(epoch, $1::bigint - 1)",
            size,
            edge.pack(),
        )


def alarms(caplog: pytest.LogCaptureFixture) -> set[object]:
    return {getattr(each, FIELDS, {}).get("alarm") for each in caplog.records}


async def test_an_old_copy_is_neither_served_nor_written_to(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve()
    await disclose(gateway, 3)
    await gateway.close()
    await gateway.database.close()
    async with copied(gateway.database) as old:
        await gateway.serve()
        await disclose(gateway, 3)
        await gateway.close()
        for act in (start(gateway, old, gateway.kept), administer(gateway, old)):
            with pytest.raises(LogSetBack, match="entries, a checkpoint that was kept elsewhere had") as refused:
                await act
            assert "pactgate recovery" in refused.value.remedy
        # Nor when it has grown past what was kept: it has another past now.
        await start(gateway, old, None)
        loader = await old.engine("loader")
        forked = replace_database(gateway, old)
        await loader.dispose()
        await forked.serve()
        await disclose(forked, 12)
        await forked.close()
        for act in (start(gateway, old, gateway.kept), administer(gateway, old)):
            with pytest.raises(LogSetBack, match="kept elsewhere"):
                await act
    # The copy that went on is.
    await start(gateway, gateway.database, gateway.kept)
    await administer(gateway, gateway.database)


def replace_database(gateway: Gateway, database: TestDatabase) -> Gateway:
    """Return a gateway like this one over another database, whose operator knows nothing of what was kept."""
    return Gateway(gateway.deployment, database, gateway.home / "elsewhere")


async def test_a_log_cut_short_by_who_owns_the_database_is_refused(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve()
    await disclose(gateway, 1)
    pool = await gateway.database.pool("app", size=2)
    await keep_head(pool, gateway.kept, gateway.deployment.signer)
    before = gateway.kept.read()
    assert before is not None
    edge = gateway.kept.edge(before)
    assert edge is not None
    await disclose(gateway, 2)
    await gateway.close()
    await truncate(gateway.database, before.size, edge)
    for act in (start(gateway, gateway.database, gateway.kept), administer(gateway, gateway.database)):
        with pytest.raises(LogSetBack):
            await act
    # In itself it is whole: nothing inside the database tells.
    await gateway.verify()


async def test_a_log_set_back_under_a_running_gateway_stops_it(
    idle_gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = idle_gateway
    await gateway.serve()
    await disclose(gateway, 1)
    pool = await gateway.database.pool("app", size=2)
    first = KeptCheckpoint(gateway.home / "first", gateway.deployment.signer.verifier)
    await keep_head(pool, first, gateway.deployment.signer)
    before = first.read()
    assert before is not None
    edge = first.edge(before)
    assert edge is not None
    await disclose(gateway, 2)
    await keep_head(pool, gateway.kept, gateway.deployment.signer)
    # What the log signs just now must not fall into the middle of the deed.
    assert gateway.services.log._tasks is not None
    gateway.services.log._tasks[1].cancel()
    await truncate(gateway.database, before.size, edge)
    async with keeping(pool, gateway.services.log, gateway.kept, every=0.01):
        await until(lambda: caplog.records)
    assert alarms(caplog) == {"log_set_back"}
    size = await gateway.size()
    answer = await gateway.get(TUTORING, "/v1/students?limit=1")
    assert (answer.status_code, answer.json()["code"]) == (503, "log_unavailable")
    assert await gateway.size() == size
    caplog.clear()


async def test_a_running_gateway_keeps_its_head_and_a_stop_keeps_the_last_one(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    assert gateway.kept.read() is None
    await gateway.serve()
    await disclose(gateway, 2)
    pool = await gateway.database.pool("app", size=2)
    async with keeping(pool, gateway.services.log, gateway.kept, every=0.01):
        async with asyncio.timeout(PATIENCE):
            while (kept := gateway.kept.read()) is None or kept.size < await gateway.size():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    await disclose(gateway, 1)
    await gateway.close()
    kept = gateway.kept.read()
    assert kept is not None
    assert kept.size == await gateway.size()
    assert gateway.kept.edge(kept) is not None


async def test_a_checkpoint_that_cannot_be_kept_is_told_and_tried_again(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    (gateway.home / "file").touch()
    broken = replace(gateway.kept, file=gateway.home / "file" / "checkpoint")
    pool = await gateway.database.pool("app", size=2)
    log = gateway.services.log
    async with keeping(pool, log, broken, every=0.01):
        await until(lambda: alarms(caplog))
    assert alarms(caplog) == {"kept_checkpoint_unusable"}
    caplog.clear()
    await pool.close()
    async with keeping(pool, log, gateway.kept, every=60):
        pass
    assert [each.levelno for each in caplog.records] == [logging.WARNING]
    await disclose(gateway, 1)


async def test_a_damaged_file_is_not_taken_for_none(idle_gateway: Gateway) -> None:
    idle_gateway.kept.file.write_text("gone\n")
    for act in (
        start(idle_gateway, idle_gateway.database, idle_gateway.kept),
        administer(idle_gateway, idle_gateway.database),
    ):
        with pytest.raises(KeptCheckpointUnusable):
            await act


async def test_an_office_without_the_key_keeps_what_was_signed(installed: TestInstallation) -> None:
    kept = KeptCheckpoint(installed.home / "checkpoint", installed.trust_verifier)
    async with open_office(installed.database.url("loader"), installed.trust, alarm, kept):
        pass
    found = kept.read()
    assert found is not None
    assert found.size == 1


async def test_a_log_that_was_opened_is_not_opened_again_on_an_empty_database(
    installed: TestInstallation, empty_database: TestDatabase
) -> None:
    kept = KeptCheckpoint(installed.home / "checkpoint", installed.trust_verifier)
    async with open_office(installed.database.url("loader"), installed.trust, alarm, kept):
        pass
    trust = installed.trust
    again = install(
        empty_database.url("owner"),
        empty_database.url("loader"),
        installed.home / "trust.json",
        installed.keys,
        trust.officers,
        origin=trust.origin,
        demo=True,
        checkpoint_file=kept.file,
    )
    with pytest.raises(AlreadyInstalled, match="opened before"):
        await again
