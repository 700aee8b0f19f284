"""
What a running gateway does beside serving.

It forgets replay ids nobody could present and meters of past days, to keep tables bounded, the names in rosters whose
time is over, and papers that nobody filed in time; and it has the newest entries indexed, to keep searches quick.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from audit.index import catch_up
from audit.meter import purge_meters
from audit.once import purge_expired
from gateway.store.papers import FORGET_PAPERS
from gateway.store.rosters import FORGET_NAMES

EVERY_SECONDS: Final = 60.0
MARGIN: Final = timedelta(minutes=15)
"""Kept this much longer than they must be: proofs are judged by the clock of a replica, and that may be slow."""
_AT_ONCE: Final = 10_000
_CLOCK: Final = "SELECT gateway.clock()"


async def forget_spent(pool: asyncpg.Pool, now: datetime) -> int:
    """Delete the replay ids that expired more than `MARGIN` before `now`; return how many there were."""
    return await _until_none(lambda: purge_expired(pool, now - MARGIN, _AT_ONCE))


async def forget_metered(pool: asyncpg.Pool) -> int:
    """Delete the meters of days that are over by the clock that dates entries; return how many there were."""
    now: datetime = await pool.fetchval(_CLOCK)
    return await _until_none(lambda: purge_meters(pool, now - MARGIN, _AT_ONCE))


async def _until_none(purge: Callable[[], Awaitable[int]]) -> int:
    gone = 0
    while True:
        found = await purge()
        gone += found
        if found < _AT_ONCE:
            return gone


@asynccontextmanager
async def upkeep(
    pool: asyncpg.Pool, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), every: float = EVERY_SECONDS
) -> AsyncIterator[None]:
    """Tidy up now and then while the block lasts. A database that is away is tried again the next time."""
    working = asyncio.create_task(_work(pool, clock, every), name="upkeep")
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _work(pool: asyncpg.Pool, clock: Callable[[], datetime], every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await forget_spent(pool, clock())
            await forget_metered(pool)
            await pool.execute(FORGET_NAMES)
            await pool.execute(FORGET_PAPERS)
            await catch_up(pool)
        except Exception as error:
            logging.getLogger("pactgate").warning("upkeep failed, tried again later", exc_info=error)
