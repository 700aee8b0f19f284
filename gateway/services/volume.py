"""
How much one client may take of a dataset in a day: the meter of a page, and what is said when it is full.

The day is UTC's, by the log's clock, for every partner: a ceiling is no term of an agreement. INVARIANT: the log
counts, in the transaction of the entry, so that no two pages on any two replicas pass a ceiling together.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Final

from audit.draft import Meter
from gateway.caller import AnyCaller
from gateway.problems import Problem
from gateway.services.alarms import alarm

EXCEEDED: Final = "volume_exceeded"
"""The code of the refusal that is written when a page would pass its ceiling."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A page as the ceiling sees it: so many `rows` of `dataset`, of which there may be `most` a day."""

    dataset: str
    rows: int
    most: int

    def meter(self, caller: AnyCaller, now: datetime, refusal: bytes) -> Meter | None:
        """Return what the entry of the page spends; None for a page without rows. `refusal` is written if it cannot."""
        if not self.rows:
            return None
        ends = _end_of_day(now)
        whose = f"volume|{caller.client}|{caller.agreement}|{self.dataset}|{ends.isoformat()}"
        return Meter(hashlib.sha256(whose.encode()).digest(), ends, self.rows, self.most, refusal)

    @property
    def facts(self) -> Mapping[str, object]:
        """Return what the refusal's entry says besides who asked."""
        return {"code": EXCEEDED, "dataset": self.dataset, "elements": [], "records": self.rows, "most": self.most}


class VolumeExceeded(Problem):
    """The client has had what it may have today. Made when the refusal is on the log; it alarms the officer."""

    def __init__(self, caller: AnyCaller, dataset: str, now: datetime) -> None:
        said = (
            f"This client has received as much of {dataset} today (UTC) as one client may. Ask the district for more."
        )
        super().__init__(EXCEEDED, said)
        self.retry_after = ceil((_end_of_day(now) - now).total_seconds())
        alarm("volume_exceeded", {"client": caller.client, "agreement": caller.agreement, "dataset": dataset})


def _end_of_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
