"""
What left and what was refused, counted by day, partner, dataset and reason from the log as it grows.

Each entry is read once a process: what was counted is kept, and the next call goes on behind it. Nobody stands in these
counts: entries name no student.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

import asyncpg
import msgspec

from audit.batch import Session
from audit.events import Event
from audit.reading import leaves

DAYS: Final = 30
_MARKS: Final = (b'"event":"disclosure"', b'"event":"refusal"')
"""One of them stands in the canonical form of every entry that counts; whatever lacks them is passed over unread."""
_AT_ONCE: Final = 256
"""Entries after which others get their turn: below a millisecond of counting."""


@dataclass(frozen=True, slots=True)
class Key:
    """What one count is of. `code` is why it was refused, None for a disclosure."""

    day: date
    client: str
    agreement: str
    dataset: str
    code: str | None


class _Counted(msgspec.Struct):
    """What is looked at of an entry."""

    event: str
    time: datetime
    client: str = ""
    agreement: str = ""
    dataset: str | None = None
    code: str | None = None
    records: int = 0


_read: Final = msgspec.json.Decoder(_Counted).decode


class Activity:
    """
    Requests of the last `DAYS` days and what came of them, each day that of `zone`.

    `counted` is the index of the first entry that was not looked at yet. Of several calls at once one counts, and the
    others go on behind it: INVARIANT: no entry counts twice.
    """

    def __init__(self) -> None:
        self.counted: int | None = None
        self._requests: Counter[Key] = Counter()
        self._records: Counter[Key] = Counter()
        self._counting = asyncio.Lock()

    @property
    def requests(self) -> Mapping[Key, int]:
        """How many requests."""
        return self._requests

    @property
    def records(self) -> Mapping[Key, int]:
        """How many records left by them."""
        return self._records

    async def advance(
        self,
        db: asyncpg.Pool | Session,
        start: int,
        size: int,
        now: datetime,
        zone: tzinfo = UTC,
        *,
        seconds: float = float("inf"),
        elapsed: Callable[[], float] = time.monotonic,
    ) -> bool:
        """
        Count on up to a log of this `size`, for at most about `seconds`; return whether that was all.

        `start` is the entry that the first call begins at. Raises `LogDamaged` at a gap.
        """
        async with self._counting:
            self.counted = start if self.counted is None else self.counted
            ends = elapsed() + seconds
            async for leaf in leaves(db, self.counted, size):
                if any(mark in leaf for mark in _MARKS):
                    self._count(leaf, zone)
                self.counted += 1
                if self.counted % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                    if elapsed() >= ends:
                        break
            self._forget(now.astimezone(zone).date() - timedelta(days=DAYS))
            return self.counted >= size

    def _count(self, leaf: bytes, zone: tzinfo) -> None:
        try:
            found = _read(leaf)
        except msgspec.DecodeError:
            return  # not an entry of ours; the log's own verification says so
        if found.event not in {Event.DISCLOSURE, Event.REFUSAL}:
            return
        day = found.time.astimezone(zone).date()
        key = Key(day, found.client, found.agreement, found.dataset or "", found.code)
        self._requests[key] += 1
        self._records[key] += found.records

    def _forget(self, until: date) -> None:
        for key in [each for each in self._requests if each.day <= until]:
            del self._requests[key], self._records[key]
