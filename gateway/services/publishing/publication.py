"""
The public register as this process last read it: read anew when somebody asks, and at most once a minute.

INVARIANT: strangers ask for it, so asking costs nothing: between two readings no request reaches the database, one
reading takes a bounded time and counts the log for a part of it only, and after one that failed none is tried at once.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.elements import load_catalogue
from agreements.lifecycle import Standing
from audit.batch import Session
from gateway.problems import Problem
from gateway.services.grants import Grants
from gateway.services.office import Office
from gateway.services.publishing.duties import duties_of
from gateway.services.publishing.listing import Listed, public_register
from gateway.services.publishing.public_register import PublicRegister
from gateway.services.publishing.usage import Usage
from gateway.services.standing.promises import OVER
from gateway.services.standing.registry import Moment, Registry

LASTS_SECONDS: Final = 60.0
"""Row A10: an agreement in force appears within a minute, whatever caches lie in between."""
_COUNTING_SECONDS: Final = 1.0
"""Of each minute; what is left is counted the next time, and until then no month is shown."""
_READING_SECONDS: Final = 10.0
"""A reading that takes longer is given up: well before the requests that wait for it are."""
_AFTER_FAILURE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Issue:
    """The register, the same object while nothing changes, and for how many whole seconds it may be passed on."""

    register: PublicRegister
    seconds: int


class Publication:
    """
    Holds the newest register this process has read.

    `elapsed` is in seconds and only ever grows; a reading is given up after `patience` seconds.
    """

    def __init__(
        self,
        grants: Grants,
        engine: AsyncEngine,
        pool: asyncpg.Pool,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        patience: float = _READING_SECONDS,
    ) -> None:
        self._grants = grants
        self._engine = engine
        self._pool = pool
        self._elapsed = elapsed
        self._patience = patience
        self._usage = Usage()
        self._reading = asyncio.Lock()
        self._register: PublicRegister | None = None
        self._until = self._failing_until = float("-inf")

    async def read(self) -> Issue:
        """
        Return the register, at most a minute old.

        Raises `Problem`, `TimeoutError`, and what the database and the log raise.
        """
        async with self._reading:  # one reads, whoever waits finds it done
            began = self._elapsed()
            if self._register is None or began >= self._until:
                self._register, self._until = await self._newest(), began + LASTS_SECONDS
            return Issue(self._register, max(0, int(self._until - self._elapsed())))

    async def _newest(self) -> PublicRegister:
        if self._elapsed() < self._failing_until:
            raise Problem("database_unavailable")
        try:
            async with asyncio.timeout(self._patience):
                found = await self._reading_anew()
        except BaseException:
            # Trying is work too, that of a reading that was cut off as well: a stranger cannot have it done for every
            # request while the database is away.
            self._failing_until = self._elapsed() + _AFTER_FAILURE_SECONDS
            raise
        return self._register if found == self._register and self._register is not None else found

    async def _reading_anew(self) -> PublicRegister:
        registry, moment = await self._grants.registry()
        counted = await self._usage.advance(
            self._pool, moment.size, _zones(registry), seconds=_COUNTING_SECONDS, elapsed=self._elapsed
        )
        async with self._engine.connect() as connection:
            return await _register(connection, moment, registry, self._usage, counted=counted)


async def register_of(office: Office) -> PublicRegister:
    """Return the register as it stands now, the whole log counted: for a command, not for the request path."""
    usage = Usage()
    moment, registry = await office.desk.registry()
    async with office.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, Session)
        await usage.advance(raw, moment.size, _zones(registry))
        return await _register(connection, moment, registry, usage, counted=True)


async def _register(
    connection: AsyncConnection, moment: Moment, registry: Registry, usage: Usage, *, counted: bool
) -> PublicRegister:
    """Join what the register is made of. Until the log is `counted`, no month is shown, no destruction called due."""
    catalogue = load_catalogue()
    months = {digest: usage.months(digest) for digest in registry.history} if counted else None
    duties = await duties_of(connection, moment, registry, catalogue, usage.used if counted else None)
    listed = tuple(_listed(registry))
    return public_register(listed, moment.now, catalogue=catalogue, months=months, duties=duties)


def _listed(registry: Registry) -> Iterator[Listed]:
    stopped = {stop.concerns for stop in registry.suspensions}
    for digest, each in registry.history.items():
        is_stopped = digest in stopped or each.verified.agreement.partner.id in stopped
        stands = Standing.SUSPENDED if is_stopped and each.standing not in OVER else each.standing
        received = each.verified.received.at
        yield Listed(each.verified, stands.value, received, each.activated, each.replaced_by, each.until)


def _zones(registry: Registry) -> dict[str, ZoneInfo]:
    return {digest: ZoneInfo(each.verified.agreement.term.time_zone) for digest, each in registry.history.items()}
