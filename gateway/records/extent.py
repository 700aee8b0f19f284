"""
How many students an agreement covers today, known when a page needs it.

Counted through the granted view when an epoch's first page wants it, and remembered: between two changes of what may
leave, only the day moves a population.
"""

import asyncio
import datetime as dt
from typing import Final

import asyncpg

from gateway.records.errors import TooManyToSort
from gateway.records.reader import Page
from policies.decision import Permit
from policies.term import pinned_zone

_COUNT: Final = """
    WITH h AS MATERIALIZED (
        SELECT epoch, set_config('pactgate.agreement', $1, true) AS agreement FROM audit.head
    )
    SELECT h.epoch, c.students FROM h, LATERAL (
        SELECT count(*) AS students FROM records.granted
        WHERE h.agreement = current_setting('pactgate.agreement') AND code >= ''
    ) AS c
"""
"""
Names the agreement, then opens the view, as a page does. A student stands there once: no two rows share a day.

The condition on the code is true of all: it asks for the index of pages (`gateway.records.release`).
"""

MOST_SORTED: Final = 250_000
"""Students of a page that is sorted: it puts all of them in order, at 17 us each, and the next page does so again."""
_Known = tuple[int, dt.date, int]
"""Epoch, day where the agreement is at home, students."""


class Extents:
    """Counts populations, each once an epoch and day. Holds a pool of the app role's connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: dict[str, _Known] = {}
        """At most one for each agreement that was ever in force here: permits name no others."""
        self._counting: dict[str, asyncio.Lock] = {}

    async def require_sortable(self, permit: Permit, now: dt.datetime) -> None:
        """Check that a page may be put in order, before it is read. Raises `TooManyToSort`."""
        if permit.sort is not None and (await self.students_at(permit, permit.epoch, now))[0] > MOST_SORTED:
            raise TooManyToSort("a sorted page of a large agreement")

    async def students_of(self, permit: Permit, page: Page) -> tuple[int, int]:
        """Return how many students the agreement of `permit` covers by `page`, as `students_at` does."""
        return await self.students_at(permit, page.epoch, page.now)

    async def students_at(self, permit: Permit, at: int, now: dt.datetime) -> tuple[int, int]:
        """
        Return how many students the agreement of `permit` covers on the day of `now`, and the epoch they are of.

        That epoch may be later than `at`, never earlier: then a page of `at` is outdated anyhow.
        """
        day = now.astimezone(pinned_zone(permit.rows.time_zone)).date()
        known = self._fresh(permit.agreement, at, day)
        if known is None:
            # After a change all pages of an agreement want it at once: one counts, whoever waited finds it done.
            async with self._counting.setdefault(permit.agreement, asyncio.Lock()):
                known = self._fresh(permit.agreement, at, day)
                if known is None:
                    row = await self._pool.fetchrow(_COUNT, permit.agreement)
                    assert row is not None  # the head has one row
                    known = self._known[permit.agreement] = (row["epoch"], day, row["students"])
        epoch, _, students = known
        return students, epoch

    def _fresh(self, agreement: str, epoch: int, day: dt.date) -> _Known | None:
        known = self._known.get(agreement)
        return None if known is None or known[0] < epoch or known[1] != day else known
