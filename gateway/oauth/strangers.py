"""Counting refusals of strangers: the log gets a summary now and then, so that nobody can fill it from outside."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from audit.entry import leaf
from audit.errors import AuditError
from audit.events import Event
from audit.log import Draft
from gateway.oauth.journal import Journal


class Strangers:
    """
    Refusals of callers who proved nothing, by reason.

    `clock` gives the time of the entry. Reasons are constants of ours, so the counter cannot grow without end.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._since = clock()

    def count(self, reason: str) -> None:
        """Count one refusal."""
        self._counts[reason] += 1

    async def flush(self, log: Journal) -> None:
        """Write one `strangers.refused` entry if there is anything to say. On failure the counts are kept."""
        if not self._counts:
            return
        counts, since, now = self._counts, self._since, self._clock()
        self._counts, self._since = Counter(), now
        entry = leaf(
            Event.STRANGERS_REFUSED,
            now,
            since=since.isoformat(),
            total=counts.total(),
            reasons=dict(sorted(counts.items())),
        )
        try:
            await log.append(Draft(leaf=entry))
        except AuditError:
            self._counts += counts
            self._since = since

    async def flush_every(self, seconds: float, log: Journal) -> None:
        """Flush until cancelled; whoever cancels flushes what is left."""
        while True:
            await asyncio.sleep(seconds)
            await self.flush(log)
