"""
What the pages need of a long log, read beforehand: a while after the start, little by little, and then as it grows.

Without it the first look at a page would read millions of entries. Each part is short, and others get their turn
between two of them: partners are answered on the same event loop.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from gateway.console.desk import ConsoleDesk
from gateway.services.obligations.history import driver_of

EVERY_SECONDS: Final = 60.0
_REST_SECONDS: Final = 0.05
"""Between two parts while there is more to read: half of the time is everybody else's."""


@asynccontextmanager
async def reading_ahead(desk: ConsoleDesk, *, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Read ahead while the block lasts. A database that is away is tried again the next time."""
    working = asyncio.create_task(_work(desk, every), name="console reading ahead")
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def read_ahead(desk: ConsoleDesk) -> bool:
    """Read one part; return whether that was all. Raises what the log raises, and the database."""
    moment, registry = await desk.read()
    async with desk.office.engine.connect() as connection:
        if not await desk.count(connection, moment, registry):
            return False
        await desk.tiles.head(await driver_of(connection), moment.size)
    await desk.owed(moment, registry, anew=True)
    return True


async def _work(desk: ConsoleDesk, every: float) -> None:
    while True:
        is_whole = True
        try:
            is_whole = await read_ahead(desk)
        except Exception as error:
            logging.getLogger("pactgate").warning("reading ahead failed, tried again later", exc_info=error)
        await asyncio.sleep(every if is_whole else _REST_SECONDS)
