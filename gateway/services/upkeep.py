"""What a running gateway tidies up: replay ids that nobody could present any more, so that their table is bounded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from audit.once import purge_expired

EVERY_SECONDS: Final = 60.0
MARGIN: Final = timedelta(minutes=15)
"""Kept this much longer than they must be: proofs are judged by the clock of a replica, and that may be slow."""
_AT_ONCE: Final = 10_000


async def forget_spent(pool: asyncpg.Pool, now: datetime) -> int:
    """Delete the replay ids that expired more than `MARGIN` before `now`; return how many there were."""
    gone = 0
    while True:
        found = await purge_expired(pool, now - MARGIN, _AT_ONCE)
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
        except Exception as error:
            logging.getLogger("pactgate").warning("upkeep failed, tried again later", exc_info=error)
