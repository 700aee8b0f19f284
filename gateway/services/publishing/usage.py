"""
In which months an agreement was used, counted from the log as it grows.

Each entry is read once a process: what was counted is kept, and the next call goes on behind it. Only answers that held
records count; who was in them stands in no entry, and so in no count either.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Final

import asyncpg
import msgspec

from audit.batch import Session
from audit.events import Event
from audit.reading import leaves

_MARK: Final = b'"event":"disclosure"'
"""Stands in the canonical form of every disclosure; whatever lacks it is passed over unread."""
_AT_ONCE: Final = 256
"""Entries after which others get their turn: below a millisecond of counting."""


class Band(StrEnum):
    """How many disclosures a month had. Exact counts are not published: months of few would tell of single requests."""

    NONE = "none"
    FEW = "1-9"
    TENS = "10-99"
    HUNDREDS = "100-999"
    THOUSANDS = "1,000 or more"


_FROM: Final = ((1_000, Band.THOUSANDS), (100, Band.HUNDREDS), (10, Band.TENS), (1, Band.FEW))


def band_of(count: int) -> Band:
    """Return the band that `count` disclosures fall into."""
    return next((band for least, band in _FROM if count >= least), Band.NONE)


def month_of(day: date) -> date:
    """Return the first day of the month of `day`."""
    return date(day.year, day.month, 1)


class _Counted(msgspec.Struct):
    """What is looked at of an entry."""

    event: str
    time: datetime
    agreement: str
    records: int


_read: Final = msgspec.json.Decoder(_Counted).decode


class Usage:
    """
    How many disclosures each agreement had in each month of its own zone.

    `seen` is the index of the first entry that was not looked at yet. Not for several calls at once.
    """

    def __init__(self) -> None:
        self.seen = 0
        self._counts: dict[str, Counter[date]] = {}
        self._used: set[str] = set()

    def used(self, agreement: str) -> bool:
        """Return whether anything was answered under this agreement, be it nothing: then destruction is owed."""
        return agreement in self._used

    def months(self, agreement: str) -> Mapping[date, int]:
        """Return the disclosures counted so far under the agreement with this digest, by the first day of the month."""
        return self._counts.get(agreement, {})

    async def advance(
        self,
        db: asyncpg.Pool | Session,
        size: int,
        zones: Mapping[str, tzinfo],
        *,
        seconds: float = float("inf"),
        elapsed: Callable[[], float] = time.monotonic,
    ) -> bool:
        """
        Count the entries up to a log of this `size`, for at most about `seconds`; return whether that was all of them.

        `zones` are those of the agreements, by digest, read after `size` was: so none that has entries is missing.
        Raises `LogDamaged` at a gap.
        """
        ends = elapsed() + seconds
        async for leaf in leaves(db, self.seen, size):
            if _MARK in leaf:
                self._count(leaf, zones)
            self.seen += 1
            if self.seen % _AT_ONCE == 0:
                await asyncio.sleep(0)
                if elapsed() >= ends:
                    break
        return self.seen >= size

    def _count(self, leaf: bytes, zones: Mapping[str, tzinfo]) -> None:
        try:
            found = _read(leaf)
        except msgspec.DecodeError:
            return  # not an entry of ours; the log's own verification says so, not a page for the public
        if found.event != Event.DISCLOSURE:
            return
        self._used.add(found.agreement)
        if found.records > 0:
            month = month_of(found.time.astimezone(zones.get(found.agreement, UTC)).date())
            self._counts.setdefault(found.agreement, Counter())[month] += 1
