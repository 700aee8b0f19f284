"""An entry that moves the epoch by the log's own door: what was read before it is not written after it."""

import asyncio
from datetime import UTC, datetime

import pytest

from audit.draft import Appended, Draft, Once
from audit.errors import EpochMoved, Replayed
from tests.factories.log import numbered_leaf
from tests.functional.audit.conftest import Ledger

pytestmark = pytest.mark.claim(7)

LATER = datetime(2099, 1, 1, tzinfo=UTC)
_EPOCH = "SELECT epoch FROM audit.head"


def draft(number: int, *, epoch: int, moves: bool = False, spends: int = 0) -> Draft:
    """Return an entry that rests on what was read at `epoch`."""
    once = (Once(spends.to_bytes(32, "big"), LATER),) if spends else ()
    return Draft(numbered_leaf(number), epoch, once, refusal=numbered_leaf(-number), moves_epoch=moves)


async def test_what_waits_behind_it_is_refused_and_what_was_before_it_is_written(ledger: Ledger) -> None:
    log = await ledger.start()
    waiting = [
        *(draft(number, epoch=0) for number in (1, 2)),
        draft(3, epoch=0, moves=True),
        *(draft(number, epoch=0) for number in (4, 5)),
        draft(6, epoch=0, moves=True),
        draft(7, epoch=3),
    ]
    outcomes = await asyncio.gather(*(log.append(each) for each in waiting), return_exceptions=True)
    told = [each.index if isinstance(each, Appended) else type(each) for each in outcomes]
    assert told == [1, 2, 3, EpochMoved, EpochMoved, EpochMoved, 4]
    assert await ledger.auditor.fetchval(_EPOCH) == 3
    assert (await ledger.check()).size == 5


async def test_one_that_is_refused_moves_nothing(ledger: Ledger) -> None:
    log = await ledger.start()
    await log.append(draft(1, epoch=0, spends=9))
    with pytest.raises(Replayed):
        await log.append(draft(2, epoch=0, moves=True, spends=9))
    assert await ledger.auditor.fetchval(_EPOCH) == 0
    await log.append(draft(3, epoch=0, moves=True, spends=8))
    assert await ledger.auditor.fetchval(_EPOCH) == 3
