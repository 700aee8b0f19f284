"""An opened log in a fresh database; after each test the whole log is recomputed, whatever the test did to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pytest

from audit.checkpoint import CheckpointSigner
from audit.entry import parse
from audit.events import Event
from audit.log import Log, append_change
from audit.reading import leaves
from audit.recheck import Rechecked, recheck
from tests.factories.database import TestDatabase
from tests.factories.log import numbered_leaf, signer_of


@dataclass(frozen=True, slots=True)
class Ledger:
    """A database whose log holds entry 0, and the ways to look at it."""

    database: TestDatabase
    signer: CheckpointSigner
    auditor: asyncpg.Pool
    change: Callable[[bytes], Awaitable[int]]
    """Append a leaf that moves the epoch, in a transaction of the loader."""
    start: Callable[..., Awaitable[Log]]
    """Start a collector of its own, as the app."""

    async def check(self) -> Rechecked:
        """Recompute everything."""
        return await recheck(self.auditor, self.signer.verifier)

    async def numbers(self) -> list[object]:
        """List the numbers in the leaves, in order."""
        size = await self.auditor.fetchval("SELECT size FROM audit.head")
        return [parse(leaf).body["number"] async for leaf in leaves(self.auditor, 0, size)]

    async def once(self) -> set[bytes]:
        """List the replay ids that are spent."""
        return {row["id"] for row in await self.auditor.fetch("SELECT id FROM audit.once")}


@pytest.fixture
async def ledger(database: TestDatabase) -> AsyncIterator[Ledger]:
    engine = await database.engine("loader")
    signer = signer_of()
    database.server.know(signer.vkey)

    async def change(leaf: bytes) -> int:
        async with engine.begin() as connection:
            return await append_change(connection, leaf)

    async with AsyncExitStack() as running:

        async def start(pool: asyncpg.Pool | None = None, **limits: int) -> Log:
            log = Log(pool or await database.pool("app", size=2), signer, **limits)
            await log.start()
            running.push_async_callback(log.stop)
            return log

        opened = Ledger(database, signer, await database.pool("auditor"), change, start)
        await change(numbered_leaf(0, Event.LOG_OPENED))
        yield opened
    await opened.check()
