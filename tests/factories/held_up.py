"""The log, which can be made to wait: so that something comes between the read of a request and its entry."""

import asyncio

from audit.draft import Appended, Draft
from audit.log import Log
from tests.factories.unhurried import until


class HeldUp:
    """The log, which entries reach only while nothing is held up; `waiting` counts those that wait."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._open = asyncio.Event()
        self._open.set()
        self.waiting = 0

    async def append(self, draft: Draft) -> Appended:
        """Put an entry on record, once it may pass."""
        self.waiting += 1
        await self._open.wait()
        self.waiting -= 1
        return await self._log.append(draft)

    def hold(self) -> None:
        """Let nothing pass."""
        self._open.clear()

    def let_go(self) -> None:
        """Let everything pass."""
        self._open.set()

    async def until(self, waiting: int) -> None:
        """Wait until so many entries wait."""
        await until(lambda: self.waiting >= waiting)
