"""
Rate limits in memory, one bucket a key: by address before a client is known, by client after.

Each replica counts for itself. The limits protect the log and the processor; they are no promise to anyone.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from gateway.oauth.errors import RateExceeded

_MAX_KEYS = 10_000
"""Buckets remembered; the longest unused one is forgotten first, which only ever forgives."""
_LONGEST = 3_600
"""Seconds; what a bucket that never fills says instead of for ever."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second`."""

    burst: float
    per_second: float

    def seconds(self, amount: float) -> int:
        """Return how long it takes until `amount` has come back, in whole seconds and at least one."""
        if amount >= self.per_second * _LONGEST:
            return _LONGEST
        return max(1, ceil(amount / self.per_second))


@dataclass(frozen=True, slots=True)
class Level:
    """What is left of a bucket after one was taken."""

    left: float
    rate: Rate

    @property
    def fields(self) -> tuple[tuple[bytes, bytes], ...]:
        """The header fields that tell it (draft-ietf-httpapi-ratelimit-headers-10): `RateLimit-Policy`, `RateLimit`."""
        rate = self.rate
        policy = f'"requests";q={int(rate.burst)};w={rate.seconds(rate.burst)}'
        left = f'"requests";r={int(self.left)};t={rate.seconds(rate.burst - self.left)}'
        return (b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())


@dataclass(slots=True)
class _Bucket:
    level: float
    since: float
    refused: bool = False


class Buckets:
    """Token buckets under one rate. `clock` is in seconds; a clock that goes back fills nothing in."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._filled: OrderedDict[str, _Bucket] = OrderedDict()

    def spend(self, key: str) -> Level:
        """Take one from the bucket of `key` and return what is left. Raises `RateExceeded` if it is empty."""
        bucket = self._filling(key)
        if bucket.level < 1:
            first, bucket.refused = not bucket.refused, True
            raise self._exceeded(bucket.level, first=first)
        bucket.level -= 1
        bucket.refused = False
        return Level(bucket.level, self._rate)

    def require(self, key: str) -> None:
        """Check that there is something in the bucket of `key`, and take nothing. Raises `RateExceeded`."""
        if key in self._filled and (level := self._filling(key).level) < 1:
            raise self._exceeded(level, first=False)

    def _exceeded(self, level: float, *, first: bool) -> RateExceeded:
        fields = Level(level, self._rate).fields
        return RateExceeded("rate", retry_after=self._rate.seconds(1 - level), fields=fields, first=first)

    def _filling(self, key: str) -> _Bucket:
        now = self._clock()
        bucket = self._filled.pop(key, None) or _Bucket(self._rate.burst, now)
        bucket.level = min(self._rate.burst, bucket.level + max(0.0, now - bucket.since) * self._rate.per_second)
        bucket.since = now
        self._filled[key] = bucket
        if len(self._filled) > _MAX_KEYS:
            self._filled.popitem(last=False)
        return bucket
