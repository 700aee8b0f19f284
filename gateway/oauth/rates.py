"""
Rate limits in memory, one bucket a key: by address before a client is known, by client id after.

Each replica counts for itself. The limits protect the log and the processor; they are no promise to anyone.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gateway.oauth.errors import RateExceeded

_MAX_KEYS = 10_000
"""Buckets remembered; the longest unused one is forgotten first, which only ever forgives."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second`."""

    burst: float
    per_second: float


class Buckets:
    """Token buckets under one rate. `clock` is in seconds; a clock that goes back fills nothing in."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, key: str) -> None:
        """Take one from the bucket of `key`. Raises `RateExceeded` if it is empty."""
        now = self._clock()
        level, since = self._filled.pop(key, (self._rate.burst, now))
        level = min(self._rate.burst, level + max(0.0, now - since) * self._rate.per_second)
        enough = level >= 1
        self._filled[key] = (level - 1 if enough else level, now)
        if len(self._filled) > _MAX_KEYS:
            self._filled.popitem(last=False)
        if not enough:
            raise RateExceeded("rate")
