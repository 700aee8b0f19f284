"""Replay ids are kept as long as a proof could be presented, meters as long as their day; entries get indexed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from audit.draft import Draft, Meter, Once
from audit.entry import encode
from audit.events import Event
from audit.index import BLOCK, extent
from gateway.services.container import open_services
from gateway.services.upkeep import MARGIN, forget_metered, forget_spent, upkeep
from tests.factories.database import TestDatabase
from tests.factories.installation import TestInstallation
from tests.factories.long_log import append, drafts, numbers
from tests.factories.unhurried import PATIENCE

pytestmark = pytest.mark.claim(4)

AGES = {"long over": -2 * MARGIN, "over": -MARGIN - timedelta(seconds=5), "just over": -MARGIN / 2, "good": MARGIN}


async def spend(installed: TestInstallation) -> datetime:
    """Spend one id of each age; return what time it is."""
    now = datetime.now(UTC)
    written = encode(Event.LOG_CHECKED, now, {})
    async with open_services(
        installed.database.url("app"),
        installed.keys,
        installed.trust,
        readers=2,
        public_url="http://127.0.0.1",
    ) as services:
        assert "upkeep" in {task.get_name() for task in asyncio.all_tasks()}
        for place, age in enumerate(AGES.values()):
            identity = bytes([place]) * 32
            meter = Meter(identity, now + age, 1, 1, written)
            await services.log.append(Draft(written, once=(Once(identity, now + age),), refusal=written, meter=meter))
    return now


async def left(installed: TestInstallation, table: str = "once") -> list[str]:
    """Return which ids are still there."""
    owner = await installed.database.connection("owner")
    rows = await owner.fetch(f"SELECT id FROM audit.{table} ORDER BY id")  # noqa: S608 - one of two names
    return [list(AGES)[row["id"][0]] for row in rows]


async def test_an_id_is_forgotten_only_when_no_slow_replica_would_take_its_proof(installed: TestInstallation) -> None:
    now = await spend(installed)
    assert await left(installed) == list(AGES)
    pool = await installed.database.pool("app")
    assert await forget_spent(pool, now) == 2
    assert await left(installed) == ["just over", "good"]
    # A replica whose clock runs ahead can forget nothing that has not expired by the server's clock.
    assert await forget_spent(pool, now + timedelta(days=1)) == 1
    assert await left(installed) == ["good"]


async def test_a_running_gateway_forgets_by_itself_and_goes_on_after_a_refusal(
    installed: TestInstallation,
) -> None:
    now = await spend(installed)
    pool = await installed.database.pool("app", size=1)
    owner = await installed.database.connection("owner")
    async with upkeep(pool, clock=lambda: now, every=0.01):
        await owner.execute("REVOKE EXECUTE ON FUNCTION audit.purge_once(timestamptz, integer) FROM pactgate_app")
        await asyncio.sleep(0.1)
        await owner.execute("GRANT EXECUTE ON FUNCTION audit.purge_once(timestamptz, integer) TO pactgate_app")
        async with asyncio.timeout(PATIENCE):
            while len(await left(installed)) > 2:  # noqa: ASYNC110 - the work says nothing when it is done
                await asyncio.sleep(0.02)
            while len(await left(installed, "meter")) > 2:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
    assert await left(installed) == await left(installed, "meter") == ["just over", "good"]


async def test_a_meter_is_forgotten_by_the_clock_that_dates_the_entries(installed: TestInstallation) -> None:
    await spend(installed)
    pool = await installed.database.pool("app")
    clerk = await installed.database.connection("loader")
    # A demo whose day is not over yet goes on counting it, whatever the machine's clock says.
    await clerk.execute("UPDATE gateway.installation SET clock_shift = '-1 day'")
    assert await forget_metered(pool) == 0
    await clerk.execute("UPDATE gateway.installation SET clock_shift = '0'")
    assert await forget_metered(pool) == 2
    assert await left(installed, "meter") == ["just over", "good"]


async def test_a_running_gateway_has_the_newest_entries_indexed(database: TestDatabase) -> None:
    pool = await database.pool("app", size=2)
    await append(await database.connection("app"), drafts(BLOCK, numbers(9)))
    auditor = await database.connection("auditor")
    async with upkeep(pool, every=0.01), asyncio.timeout(PATIENCE):
        while not (await extent(auditor)).times:  # noqa: ASYNC110 - the work says nothing when it is done
            await asyncio.sleep(0.02)
