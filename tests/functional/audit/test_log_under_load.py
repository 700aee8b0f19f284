"""While writers write: every published size stays provable, every entry stays in its place, a full queue says so."""

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.batch import write_batch
from audit.draft import Appended, Draft
from audit.paths import TileHeads
from audit.reading import consistency, inclusion, leaf_at, signed_checkpoint
from audit.tree import leaf_hash, require_consistency, require_inclusion
from tests.factories.cohort import TUTORING
from tests.factories.database import TestDatabase, TestServer
from tests.factories.gateway import Gateway
from tests.factories.log import numbered_leaf
from tests.factories.unhurried import PATIENCE, head_held
from tests.functional.audit.conftest import Ledger
from tests.prove.answered import require_on_record

pytestmark = [pytest.mark.claim(4), pytest.mark.claim(5)]

_NEWEST = "SELECT size, tree_head FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
_HEADS = "SELECT size, tree_head FROM audit.checkpoint"
NAME = "log_grows"


async def test_what_was_published_stays_provable_while_replicas_write(ledger: Ledger) -> None:
    logs, tiles, chance = [await ledger.start() for _ in range(2)], TileHeads(), Random(5)  # noqa: S311 - repeatable
    told: dict[int, int] = {}
    writing = True

    async def writer(first: int) -> None:
        for number in range(first, first + 100):
            told[number] = (await logs[number % 2].append(Draft(numbered_leaf(number)))).index

    async def reader() -> int:
        seen: list[tuple[int, bytes]] = []
        while writing:
            row = await ledger.auditor.fetchrow(_NEWEST)
            assert row is not None
            size, head = row["size"], row["tree_head"]
            # Of the tree that was there when we looked, however far it has grown since.
            index = chance.randrange(size)
            hashed = leaf_hash(await leaf_at(ledger.auditor, index))
            require_inclusion(hashed, index, size, await inclusion(ledger.auditor, index, size, tiles), head)
            if seen:
                old, old_head = chance.choice(seen)
                require_consistency(old, old_head, size, head, await consistency(ledger.auditor, old, size))
            seen.append((size, head))
        return len(seen)

    reading = [asyncio.create_task(reader()) for _ in range(3)]
    await asyncio.gather(*(writer(1_000 * n) for n in range(1, 9)))
    writing = False
    assert min(await asyncio.gather(*reading)) >= 3
    counted = await require_on_record(ledger.auditor, ledger.signer.verifier, told)
    assert counted.answered == 800
    newest = await signed_checkpoint(ledger.auditor, ledger.signer)
    assert newest is None or newest.size <= counted.log.size


def test_every_old_size_stays_provable_however_the_log_grows(postgres: TestServer) -> None:
    with asyncio.Runner() as runner:
        database = TestDatabase(postgres, NAME)
        runner.run(postgres.create(NAME))
        session, tiles = runner.run(database.connection("app")), TileHeads()
        grown = {0: b""}

        async def grow(batches: list[int], places: list[float]) -> None:
            for batch in batches:
                start = max(grown)
                await write_batch(session, [Draft(numbered_leaf(start + n)) for n in range(batch)])
                grown.clear()
                grown.update({row["size"]: row["tree_head"] for row in await session.fetch(_HEADS)})
            sizes = sorted(grown)
            for place in places:
                old, size = sorted((sizes[int(place * len(sizes))], sizes[int(place * 7919 % 1 * len(sizes))]))
                require_consistency(old, grown[old], size, grown[size], await consistency(session, old, size))
                index = int(place * size)
                path = await inclusion(session, index, size, tiles)
                require_inclusion(leaf_hash(numbered_leaf(index)), index, size, path, grown[size])

        @settings(max_examples=25, derandomize=True, deadline=None, database=None)
        @given(
            st.lists(st.integers(1, 40) | st.sampled_from([1, 255, 256, 257, 512]), min_size=1, max_size=3),
            st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=4),
        )
        def stays_provable(batches: list[int], places: list[float]) -> None:
            runner.run(grow(batches, places))

        try:
            stays_provable()
        finally:
            runner.run(database.close())
            runner.run(postgres.drop(NAME))


async def test_a_full_queue_is_503_over_http_and_nothing_of_it_is_on_record(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students?limit=1")
    size, log = await gateway.size(), gateway.services.log
    log._max_queue = 3  # as shipped it is 4096
    holder = await gateway.database.connection("loader")
    async with head_held(holder):
        asking = [asyncio.create_task(gateway.send(TUTORING, "GET", "/v1/students?limit=1")) for _ in range(12)]
        await gateway.blocked()
        async with asyncio.timeout(PATIENCE):
            while sum(task.done() for task in asking) < 12 - 3 - 1:  # noqa: ASYNC110 - the refused are answered at once
                await asyncio.sleep(0.002)
    answers = await asyncio.gather(*asking)
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["code"] for answer in refused} == {"log_busy"}
    assert len(refused) >= 8
    assert all(answer.status_code == 200 for answer in answers if answer not in refused)
    assert await gateway.size() == size + 12 - len(refused)


async def test_a_queue_that_was_full_takes_entries_again(ledger: Ledger) -> None:
    log = await ledger.start(max_queue=1)
    said = await asyncio.gather(*(log.append(Draft(numbered_leaf(n))) for n in range(1, 9)), return_exceptions=True)
    assert sum(isinstance(each, Appended) for each in said) == 1
    assert await log.append(Draft(numbered_leaf(9))) == Appended(2, 3)
