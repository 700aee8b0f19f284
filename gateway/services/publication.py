"""
The public register as this process last read it: read anew when somebody asks, and at most once a minute.

INVARIANT: strangers ask for it, so asking costs nothing: between two readings no request reaches the database, and one
reading counts the log for a bounded time only.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg

from agreements.elements import load_catalogue
from audit.batch import Session
from gateway.problems import Problem
from gateway.services.grants import Grants
from gateway.services.office import Office
from gateway.services.public_register import Duties, Listed, PublicRegister, public_register
from gateway.services.registry import Registry
from gateway.services.usage import Usage

LASTS_SECONDS: Final = 60.0
"""Row A10: an agreement in force appears within a minute, whatever caches lie in between."""
_COUNTING_SECONDS: Final = 1.0
"""Of each minute; what is left is counted the next time, and until then no month is shown."""
_AFTER_FAILURE_SECONDS: Final = 5.0
_SIZE: Final = "SELECT size FROM audit.head"
_NOTHING_DUE: Final[Mapping[str, Duties]] = {}


@dataclass(frozen=True, slots=True)
class Issue:
    """The register, the same object while nothing changes, and for how many whole seconds it may be passed on."""

    register: PublicRegister
    seconds: int


class Publication:
    """Holds the newest register this process has read. `elapsed` is in seconds and only ever grows."""

    def __init__(self, grants: Grants, pool: asyncpg.Pool, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._grants = grants
        self._pool = pool
        self._elapsed = elapsed
        self._usage = Usage()
        self._reading = asyncio.Lock()
        self._register: PublicRegister | None = None
        self._until = self._failing_until = float("-inf")

    async def read(self) -> Issue:
        """Return the register, at most a minute old. Raises `Problem`, and what the database and the log raise."""
        async with self._reading:  # one reads, whoever waits finds it done
            began = self._elapsed()
            if self._register is None or began >= self._until:
                self._register, self._until = await self._newest(), began + LASTS_SECONDS
            return Issue(self._register, max(0, int(self._until - self._elapsed())))

    async def _newest(self) -> PublicRegister:
        if self._elapsed() < self._failing_until:
            raise Problem("database_unavailable")
        try:
            size = await self._pool.fetchval(_SIZE)
            registry, moment = await self._grants.registry()
            counted = await self._usage.advance(
                self._pool, size, _zones(registry), seconds=_COUNTING_SECONDS, elapsed=self._elapsed
            )
        except Exception:
            # Trying is work too: a stranger cannot have it done for every request while the database is away.
            self._failing_until = self._elapsed() + _AFTER_FAILURE_SECONDS
            raise
        found = _register(registry, moment.now, self._usage if counted else None)
        return self._register if found == self._register and self._register is not None else found


async def register_of(office: Office) -> PublicRegister:
    """Return the register as it stands now, the whole log counted: for a command, not for the request path."""
    usage = Usage()
    async with office.engine.connect() as pooled:
        raw = (await pooled.get_raw_connection()).driver_connection
        assert isinstance(raw, Session)
        size = await raw.fetchval(_SIZE)
        moment, registry = await office.onboarding.registry()
        await usage.advance(raw, size, _zones(registry))
    return _register(registry, moment.now, usage)


def _register(registry: Registry, now: datetime, usage: Usage | None) -> PublicRegister:
    """Join what the register is made of. `usage` is None while the log is still being counted."""
    listed = tuple(_listed(registry))
    months = None if usage is None else {digest: usage.months(digest) for digest in registry.granted}
    return public_register(listed, now, catalogue=load_catalogue(), months=months, duties=_NOTHING_DUE)


def _listed(registry: Registry) -> Iterator[Listed]:
    stopped = {stop.concerns for stop in registry.suspensions}
    for digest, granted in registry.granted.items():
        standing = "suspended" if digest in stopped else "active"
        yield Listed(granted.agreement, standing, granted.agreement.received_at)


def _zones(registry: Registry) -> dict[str, ZoneInfo]:
    return {
        digest: ZoneInfo(granted.agreement.agreement.term.time_zone) for digest, granted in registry.granted.items()
    }
