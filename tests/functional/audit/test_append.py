"""Appending: order, epochs, replay ids, companions, limits; nothing is answered before its commit."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from audit.commitments import Private, pack_private
from audit.draft import Appended, Draft, Once
from audit.entry import parse
from audit.errors import EpochMoved, LeafRefused, LogBusy, LogUnavailable, Replayed
from audit.log import Log, append_change
from audit.once import purge_expired
from audit.reading import leaves
from tests.factories.database import TestDatabase
from tests.factories.log import numbered_leaf, signer_of
from tests.factories.unhurried import head_held
from tests.functional.audit.conftest import Ledger

LATER = datetime(2099, 1, 1, tzinfo=UTC)


def once(number: int) -> Once:
    return Once(number.to_bytes(32, "big"), LATER)


def draft(number: int, *ids: int, epoch: int | None = 0) -> Draft:
    return Draft(numbered_leaf(number), epoch, tuple(map(once, ids)), refusal=numbered_leaf(-number))


async def taken(log: Log) -> None:
    """Wait until the collector has taken what was queued and is on its way to the head."""
    await asyncio.sleep(0)
    while log._queue:  # noqa: ASYNC110 - the product has no event for this, and needs none
        await asyncio.sleep(0)


async def outcome(log: Log, draft: Draft) -> Appended | EpochMoved | Replayed:
    try:
        return await log.append(draft)
    except (EpochMoved, Replayed) as error:
        return error


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_log_that_is_not_running_refuses(ledger: Ledger, where: str) -> None:
    log = Log(await ledger.database.pool("app"), ledger.signer)
    if where == "after":
        log = await ledger.start()
        await log.stop()
    with pytest.raises(LogUnavailable):
        await log.append(draft(1))
    await log.stop()
    assert (await ledger.check()).size == 1


def test_a_draft_that_could_spoil_the_batch_of_others_cannot_be_made() -> None:
    leaf = numbered_leaf(1)
    for make in (
        lambda: Draft(b""),
        lambda: Draft(bytes(65_536)),
        lambda: Draft(leaf, refusal=b""),
        lambda: Draft(leaf, once=(once(1),)),
        lambda: Draft(leaf, subjects=bytes(17)),
        lambda: Once(b"short", LATER),
        lambda: Once(bytes(32), LATER.replace(tzinfo=None)),
    ):
        with pytest.raises(LeafRefused):
            make()


async def test_rows_read_before_a_change_are_refused_and_nothing_of_them_is_written(ledger: Ledger) -> None:
    log = await ledger.start()
    assert await ledger.change(numbered_leaf(1)) == 1
    with pytest.raises(EpochMoved) as moved:
        await log.append(draft(2, 7, epoch=0))
    assert moved.value.epoch == 1
    with pytest.raises(EpochMoved):  # an epoch that is not yet is not the epoch either
        await log.append(draft(2, 7, epoch=5))
    assert await ledger.once() == set()
    # The same request, read again, spends its id now.
    assert await log.append(draft(2, 7, epoch=1)) == Appended(2, 3)
    assert await ledger.numbers() == [0, 1, 2]


async def test_a_change_that_lets_no_more_and_no_less_leave_keeps_the_epoch(ledger: Ledger) -> None:
    engine = await ledger.database.engine("loader")
    async with engine.begin() as connection:
        assert await append_change(connection, numbered_leaf(1), moves_epoch=False) == 1
    assert (await ledger.check()).epoch == 0


async def test_a_spent_id_in_another_batch_becomes_a_refusal_on_record(ledger: Ledger) -> None:
    log = await ledger.start()
    await log.append(draft(1, 7))
    with pytest.raises(Replayed) as replayed:
        await log.append(Draft(numbered_leaf(2), 0, (once(7), once(8)), numbered_leaf(-2), bytes(16), b"opening"))
    assert replayed.value.index == 2
    assert await ledger.numbers() == [0, 1, -2]
    # What was presented is spent, also by a request that was refused.
    assert await ledger.once() == {once(7).id, once(8).id}
    for table in ("subject", "private"):
        assert await ledger.auditor.fetchval(f"SELECT count(*) FROM audit.{table}") == 0  # noqa: S608 - two names


async def test_a_spent_id_in_the_same_batch_refuses_the_later_one_only(ledger: Ledger) -> None:
    log = await ledger.start()
    drafts = [draft(1, 7), draft(2, 8), draft(3, 9, 7), draft(4, 9), draft(5, 5, 5), draft(6, 6)]
    found = await asyncio.gather(*(outcome(log, each) for each in drafts))
    assert [type(each) for each in found] == [Appended, Appended, Replayed, Replayed, Replayed, Appended]
    assert await ledger.numbers() == [0, 1, 2, -3, -4, -5, 6]


async def test_a_batch_mixes_moved_replayed_and_good_drafts_in_order(ledger: Ledger) -> None:
    log = await ledger.start()
    await log.append(draft(1, 7))
    await ledger.change(numbered_leaf(2))
    drafts = [draft(3, 7, epoch=0), draft(4, 8, epoch=2), draft(5, 7, epoch=2), draft(6, epoch=None), draft(7, 7)]
    found = await asyncio.gather(*(outcome(log, each) for each in drafts))
    assert [type(each) for each in found] == [EpochMoved, Appended, Replayed, Appended, EpochMoved]
    assert [each.index for each in found if not isinstance(each, EpochMoved)] == [3, 4, 5]
    assert await ledger.numbers() == [0, 1, 2, 4, -5, 6]


async def test_the_companions_of_a_draft_stand_beside_its_entry(ledger: Ledger) -> None:
    log = await ledger.start()
    opening = pack_private(Private(bytes(32), bytes(32), bytes(32), b"/v1/students"))
    appended = await log.append(Draft(numbered_leaf(1), 0, subjects=bytes(range(32)), private=opening))
    row = await ledger.auditor.fetchrow(
        "SELECT s.subjects, p.opening FROM audit.subject s JOIN audit.private p USING (idx) WHERE idx = $1",
        appended.index,
    )
    assert row is not None
    assert tuple(row) == (bytes(range(32)), opening)


async def test_batches_form_by_themselves_and_never_exceed_their_limit(ledger: Ledger) -> None:
    log = await ledger.start(max_batch=8)
    await asyncio.gather(*(log.append(draft(number)) for number in range(1, 101)))
    sizes = [row["size"] for row in await ledger.auditor.fetch("SELECT size FROM audit.checkpoint ORDER BY size")]
    steps = [after - before for before, after in pairwise(sizes)]
    assert max(steps) == 8
    assert await ledger.numbers() == list(range(101))


async def test_a_full_queue_refuses_and_loses_nothing_that_waits(ledger: Ledger) -> None:
    log = await ledger.start(max_queue=2)
    blocker = await ledger.database.connection("loader")
    async with head_held(blocker):
        first = asyncio.create_task(log.append(draft(1)))
        await taken(log)
        waiting = [asyncio.create_task(log.append(draft(number))) for number in (2, 3)]
        await asyncio.sleep(0)
        with pytest.raises(LogBusy):
            await log.append(draft(4))
    assert [each.index for each in await asyncio.gather(first, *waiting)] == [1, 2, 3]


async def test_a_request_that_went_away_before_its_turn_is_not_put_on_record(ledger: Ledger) -> None:
    log = await ledger.start()
    tasks = [asyncio.create_task(log.append(draft(number))) for number in (1, 2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await tasks[1] == Appended(1, 2)
    assert await ledger.numbers() == [0, 2]


async def test_a_request_that_goes_away_during_the_commit_harms_nobody(ledger: Ledger) -> None:
    log = await ledger.start()
    blocker = await ledger.database.connection("loader")
    async with head_held(blocker):
        tasks = [asyncio.create_task(log.append(draft(number))) for number in (1, 2)]
        await taken(log)
        tasks[0].cancel()
    assert await tasks[1] == Appended(2, 3)
    # Its entry is there although nothing was sent: over-reporting is the safe side.
    assert await ledger.numbers() == [0, 1, 2]


async def test_stopping_finishes_what_waits_and_signs_the_head(ledger: Ledger) -> None:
    log = await ledger.start()
    tasks = [asyncio.create_task(log.append(draft(number))) for number in range(1, 40)]
    await asyncio.sleep(0)
    await log.stop()
    assert {(await task).index for task in tasks} == set(range(1, 40))
    newest = await ledger.auditor.fetchval("SELECT max(size) FROM audit.signature")
    assert newest == 40


async def test_stopping_ends_although_everybody_who_waited_has_gone(ledger: Ledger) -> None:
    log = await ledger.start()
    blocker = await ledger.database.connection("loader")
    async with head_held(blocker):
        first = asyncio.create_task(log.append(draft(1)))
        await taken(log)
        gone = asyncio.create_task(log.append(draft(2)))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(log.stop())
        await asyncio.sleep(0)
        gone.cancel()
    await asyncio.wait_for(stopping, 20)
    assert await first == Appended(1, 2)
    assert await ledger.numbers() == [0, 1]


async def test_several_collectors_on_one_database_build_one_tree(ledger: Ledger) -> None:
    logs = [await ledger.start() for _ in range(3)]

    async def caller(log: Log, first: int) -> list[int]:
        return [(await log.append(draft(first + turn, first + turn))).index for turn in range(15)]

    indexes = await asyncio.gather(*(caller(logs[n % 3], 100 * (n + 1)) for n in range(12)))
    assert sorted(index for each in indexes for index in each) == list(range(1, 181))
    assert (await ledger.check()).size == 181


async def test_no_disclosure_is_logged_after_a_change_it_had_not_seen(ledger: Ledger) -> None:
    logs = [await ledger.start() for _ in range(2)]
    done = asyncio.Event()

    async def reader(log: Log) -> int:
        written = 0
        while not done.is_set():
            epoch = await ledger.auditor.fetchval("SELECT epoch FROM audit.head")
            try:
                await log.append(Draft(numbered_leaf(1, read=epoch), epoch))
            except EpochMoved:
                continue
            written += 1
        return written

    async def stopper() -> None:
        for _ in range(40):
            await ledger.change(numbered_leaf(2, read=None))
            await asyncio.sleep(0.002)
        done.set()

    *written, _ = await asyncio.gather(*(reader(logs[n % 2]) for n in range(6)), stopper())
    epoch, size = 0, (await ledger.check()).size
    entries = [parse(leaf).body async for leaf in leaves(ledger.auditor, 1, size)]
    for index, body in enumerate(entries, 1):
        if body["number"] == 2:
            epoch = index
        else:
            assert body["read"] == epoch
    assert size == 1 + 40 + sum(filter(None, written))


async def test_expired_ids_are_forgotten_and_others_are_not(ledger: Ledger) -> None:
    log = await ledger.start()
    now = datetime.now(UTC)
    ids = [Once(bytes([n]) * 32, now + timedelta(hours=hours)) for n, hours in enumerate((-3, -2, -1, 1))]
    await log.append(Draft(numbered_leaf(1), 0, tuple(ids), numbered_leaf(-1)))
    app = await ledger.database.pool("app")
    # A caller whose clock is ahead cannot make an id usable again; one whose clock is behind keeps what it may need.
    assert await purge_expired(app, now - timedelta(hours=2, minutes=30)) == 1
    assert await purge_expired(app, now + timedelta(days=1), limit=1) == 1
    assert await purge_expired(app, now + timedelta(days=1)) == 1
    assert await ledger.once() == {ids[3].id}


async def test_an_entry_can_be_appended_as_the_loader_too(database: TestDatabase) -> None:
    log = Log(await database.pool("loader", size=2), signer_of())
    await log.start()
    assert await log.append(Draft(numbered_leaf(0))) == Appended(0, 1)
    await log.stop()
