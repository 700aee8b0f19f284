"""Meters: what entries add up to in a day never passes its most, on whatever replica and in whatever batch they are."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from audit.draft import Appended, Draft, Meter, Once
from audit.errors import EpochMoved, LeafRefused, MeterFull, Replayed
from audit.log import Log
from audit.meter import purge_meters
from tests.factories.log import numbered_leaf
from tests.functional.audit.conftest import Ledger

LATER = datetime(2099, 1, 1, tzinfo=UTC)
ONE, OTHER = bytes(31) + b"1", bytes(31) + b"2"


def meter(amount: int, most: int = 10, identity: bytes = ONE, *, number: int = 0) -> Meter:
    return Meter(identity, LATER, amount, most, numbered_leaf(-number))


def draft(number: int, amount: int, most: int = 10, identity: bytes = ONE, *, once: int = 0, epoch: int = 0) -> Draft:
    ids = (Once(once.to_bytes(32, "big"), LATER),) if once else ()
    spends = meter(amount, most, identity, number=number)
    return Draft(numbered_leaf(number), epoch, ids, numbered_leaf(-1000 - number), bytes(16), b"opening", meter=spends)


async def outcome(log: Log, draft: Draft) -> type[object]:
    try:
        return type(await log.append(draft))
    except (EpochMoved, Replayed, MeterFull) as error:
        return type(error)


async def together(log: Log, *drafts: Draft) -> list[type[object]]:
    """Append drafts in one batch."""
    found = await asyncio.gather(*(outcome(log, each) for each in drafts))
    return list(found)


async def spent(ledger: Ledger) -> dict[bytes, int]:
    return {row["id"]: row["spent"] for row in await ledger.auditor.fetch("SELECT id, spent FROM audit.meter")}


def test_a_meter_that_could_spoil_the_batch_of_others_cannot_be_made() -> None:
    good: dict[str, Any] = {"id": ONE, "expires_at": LATER, "amount": 1, "most": 0, "refusal": b"leaf"}
    assert Meter(**good).amount == 1
    wrongs: tuple[dict[str, Any], ...] = (
        {"id": b"short"},
        {"expires_at": LATER.replace(tzinfo=None)},
        {"amount": 0},
        {"amount": 2**63},
        {"most": -1},
        {"most": 2**63},
        {"refusal": b""},
    )
    for wrong in wrongs:
        with pytest.raises(LeafRefused):
            Meter(**good | wrong)


async def test_what_would_pass_the_most_becomes_its_refusal_and_adds_nothing(ledger: Ledger) -> None:
    log = await ledger.start()
    assert await log.append(draft(1, 7)) == Appended(1, 2)
    with pytest.raises(MeterFull) as full:
        await log.append(draft(2, 4))
    assert full.value.index == 2
    assert await spent(ledger) == {ONE: 7}
    # What still fits goes through, up to the last one; another's meter is its own.
    assert await together(log, draft(3, 3), draft(4, 1), draft(5, 1, identity=OTHER)) == [
        Appended,
        MeterFull,
        Appended,
    ]
    assert await spent(ledger) == {ONE: 10, OTHER: 1}
    assert await ledger.numbers() == [0, 1, -2, 3, -4, 5]
    rows = await ledger.auditor.fetch("SELECT idx FROM audit.subject ORDER BY idx")
    assert [row["idx"] for row in rows] == [1, 3, 5]


async def test_drafts_of_one_batch_add_up_in_the_order_of_the_log(ledger: Ledger) -> None:
    log = await ledger.start()
    # The third does not fit after the first two; the smaller one behind it does, and then the meter is full.
    found = await together(log, draft(1, 4), draft(2, 4), draft(3, 3), draft(4, 2), draft(5, 1))
    assert found == [Appended, Appended, MeterFull, Appended, MeterFull]
    assert await spent(ledger) == {ONE: 10}
    assert await ledger.numbers() == [0, 1, 2, -3, 4, -5]


async def test_each_draft_is_held_to_its_own_most(ledger: Ledger) -> None:
    log = await ledger.start()
    found = await together(log, draft(1, 5, most=20), draft(2, 1, most=5), draft(3, 5, most=20))
    assert found == [Appended, MeterFull, Appended]
    assert await spent(ledger) == {ONE: 10}


async def test_a_replayed_or_outdated_draft_adds_nothing(ledger: Ledger) -> None:
    log = await ledger.start()
    await log.append(draft(1, 1, once=7))
    found = await together(
        log, draft(2, 5, once=7), draft(3, 9, once=8), draft(4, 5, epoch=5), draft(5, 1, once=9), draft(6, 1, once=9)
    )
    assert found == [Replayed, Appended, EpochMoved, MeterFull, Replayed]
    assert await spent(ledger) == {ONE: 10}
    assert await ledger.numbers() == [0, 1, -1002, 3, -5, -1006]
    # What was refused for its amount has spent the proof it came with.
    with pytest.raises(Replayed):
        await log.append(draft(7, 1, most=99, once=9))


async def test_two_replicas_racing_never_pass_the_most_and_waste_none_of_it(ledger: Ledger) -> None:
    logs = [await ledger.start(max_batch=size) for size in (3, 7, 64)]
    drafts = [draft(number, 1 + number % 3, most=150) for number in range(1, 241)]
    found = await asyncio.gather(*(outcome(logs[at % 3], each) for at, each in enumerate(drafts)))
    assert set(found) == {Appended, MeterFull}
    amounts = [(each.meter.amount, kind) for each, kind in zip(drafts, found, strict=True) if each.meter]
    left = sum(amount for amount, kind in amounts if kind is Appended)
    assert await spent(ledger) == {ONE: left}
    assert left <= 150 < left + min(amount for amount, kind in amounts if kind is MeterFull)
    kinds = dict(zip(range(1, 241), found, strict=True))
    entries = (number for number in await ledger.numbers() if number)
    assert all((kinds[abs(number)] is Appended) is (number > 0) for number in entries if isinstance(number, int))


async def test_a_batch_that_does_not_continue_the_log_spends_nothing(ledger: Ledger) -> None:
    session = await ledger.database.connection("app")
    append = "SELECT audit.append_batch(9, $1, $1, '', '', NULL, '{}', '{}', $1, $1, $2, $3, $4, $5)"
    with pytest.raises(asyncpg.SerializationError):
        await session.fetchval(append, [b""], [ONE], [LATER], [1], [1])
    with pytest.raises(asyncpg.ArraySubscriptError):
        await session.fetchval(append, [b""], [ONE], [LATER], [1], [])
    for less in (0, -1):
        with pytest.raises(asyncpg.ArraySubscriptError):
            await session.fetchval(append, [b""], [ONE], [LATER], [less], [1])
    assert await spent(ledger) == {}


async def test_nobody_writes_a_meter_but_the_log(ledger: Ledger) -> None:
    for role in ("app", "loader", "auditor"):
        session = await ledger.database.connection(role)
        for statement in ("DELETE FROM audit.meter", "UPDATE audit.meter SET spent = 1", "TRUNCATE audit.meter"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(statement)


async def test_a_meter_is_forgotten_only_when_its_day_is_over_by_both_clocks(ledger: Ledger) -> None:
    log, now = await ledger.start(), datetime.now(UTC)
    for place, ends in enumerate((now - timedelta(days=1), now + timedelta(hours=1))):
        ending = Meter(bytes([place]) * 32, ends, 1, 1, numbered_leaf(0))
        await log.append(Draft(numbered_leaf(place), meter=ending))
    pool = await ledger.database.pool("app", size=1)
    assert await purge_meters(pool, now - timedelta(days=2)) == 0
    assert await purge_meters(pool, now + timedelta(days=2)) == 1
    assert await spent(ledger) == {bytes([1]) * 32: 1}
