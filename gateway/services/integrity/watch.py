"""
Watches that the facts in the tables are those of the log: all of them at start, then what is new, and range by range.

It reads on a connection of its own, in one snapshot a step, so that a page never waits for it. Digests are computed in
the database; no row comes here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

import asyncpg

from audit.entry import parse
from audit.errors import LeafRefused
from audit.reading import changes
from gateway.records.parts import FIRST, LAST, read_dated, read_loaded
from gateway.records.retention import oldest_readable
from gateway.services.integrity.comparing import compare, compare_batches, compare_terms
from gateway.services.integrity.findings import Code, Finding
from gateway.services.integrity.ledger import Ledger
from gateway.services.standing.registry import Alarm, Moment, Registry
from gateway.store.session import connect

ROWS_AT_ONCE: Final = 50_000
"""Rows of one range, about: a few hundred milliseconds of one of the database's processes."""
EVERY_SECONDS: Final = 5.0
_ENTRIES_AT_ONCE: Final = 4096
_BATCHES: Final = "SELECT batch, idx, visible FROM records.batches()"
_SCOPES: Final = "SELECT agreement, line, time_zone FROM records.scopes()"
_MISNAMED: Final = "SELECT records.misnamed()"
_DATED, _LOADED, _REST = "dated", "loaded", "rest"

Findings = frozenset[Finding]


class Registered(Protocol):
    """Gives what is in force; `anew` although nothing seems to have changed."""

    async def __call__(self, *, anew: bool = False) -> tuple[Registry, Moment]: ...  # noqa: D102 - said above


_Range = tuple[str, int, int]


class Watch:
    """
    Compares, and keeps what does not hold until a later comparison finds that it holds again.

    `registry` gives what is in force; `distrust` is told whenever what does not hold changes.

    `also` is asked once a round to look at what else is in force, and raises its own alarms.
    """

    def __init__(
        self,
        url: str,
        registry: Registered,
        distrust: Callable[[Findings], None],
        alarm: Alarm,
        *,
        rows_at_once: int = ROWS_AT_ONCE,
        also: Callable[[Registry, Moment], Awaitable[None]] | None = None,
    ) -> None:
        self._url = url
        self._registry = registry
        self._distrust = distrust
        self._alarm = alarm
        self._rows_at_once = rows_at_once
        self._also = also
        self._comparing = asyncio.Lock()  # an older snapshot never overwrites what a newer one found
        self._ledger = Ledger()
        self._found: dict[str, Findings] = {_DATED: frozenset(), _LOADED: frozenset(), _REST: frozenset()}
        self._round: Iterator[_Range] = iter(())

    @property
    def findings(self) -> Findings:
        """What does not hold now."""
        return frozenset().union(*self._found.values())

    async def check(self) -> Findings:
        """Compare everything in one snapshot and return what does not hold: for the start, and for commands."""
        await self._compare([(_DATED, FIRST, LAST), (_LOADED, FIRST, LAST)], anew=True)
        return self.findings

    async def step(self) -> None:
        """Compare what is new, and the next range of the rest: bounded work."""
        newest = max(self._ledger.batches, default=0)
        ranges = [(_DATED, self._ledger.until + 1, LAST), (_LOADED, newest + 1, LAST)]
        following = next(self._round, None)
        if following is None:
            self._round = self._ranges()
            await self._compare([*ranges, next(self._round)], anew=True)
        else:
            await self._compare([*ranges, following], anew=False)

    async def _compare(self, ranges: list[_Range], *, anew: bool) -> None:
        async with self._comparing:
            registry, moment = await self._registry(anew=anew)
            if anew and self._also is not None:
                await self._also(registry, moment)
            before, found = self.findings, dict(self._found)
            async with self._snapshot() as session:
                await learn(session, self._ledger)
                for kind, first, last in ranges:
                    kept = {each for each in found[kind] if not first <= each.at <= last}
                    found[kind] = frozenset(kept) | await self._compared(session, kind, first, last)
                found[_REST] = await self._rest(session, registry)
            self._found = found
            for finding in sorted(self.findings - before):
                self._alarm(finding.code, finding.facts)
            if self.findings != before:
                self._distrust(self.findings)

    def _ranges(self) -> Iterator[_Range]:
        """Return one round over everything."""
        for finding in sorted(self.findings):  # once a round: an alarm that was missed comes again
            self._alarm(finding.code, finding.facts)
        for first, last in list(self._ledger.dated.ranges(self._rows_at_once)):
            yield _DATED, first, last
        for first, last in list(self._ledger.loaded.ranges(self._rows_at_once)):
            yield _LOADED, first, last

    async def _compared(self, session: asyncpg.Connection, kind: str, first: int, last: int) -> Findings:
        if kind == _DATED:
            return compare(self._ledger.dated, await read_dated(session, first, last), first, last)
        # What is dated by a load that comes after all visible ones is being prepared, and seen by nobody.
        newest = max(self._ledger.batches, default=0)
        found = [part for part in await read_loaded(session, first, last) if part.at <= newest]
        return compare(self._ledger.loaded, found, first, last)

    async def _rest(self, session: asyncpg.Connection, registry: Registry) -> Findings:
        """Return what does not hold of the few rows that no entry dates."""
        batches = [(row["batch"], row["idx"], row["visible"]) for row in await session.fetch(_BATCHES)]
        signed = {
            digest: (agreement.id, agreement.term.time_zone)
            for digest, each in registry.history.items()
            for agreement in [each.verified.agreement]
        }
        kept = [(row["agreement"], row["line"], row["time_zone"]) for row in await session.fetch(_SCOPES)]
        found = compare_batches(self._ledger, batches) | compare_terms(kept, signed)
        if await oldest_readable(session) != self._ledger.readable_from:
            found |= {Finding(Code.VISIBLE_MOVED, self._ledger.readable_from, "readable_from")}
        if await session.fetchval(_MISNAMED):
            found |= {Finding(Code.RENAMED, self._ledger.visible, "identity")}
        return found

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[asyncpg.Connection]:
        async with connect(self._url) as session, session.transaction(isolation="repeatable_read", readonly=True):
            yield session


async def learn(session: asyncpg.Connection, ledger: Ledger) -> None:
    """Let the ledger take every entry that it has not seen. In the snapshot in which the rows are read."""
    while found := await changes(session, ledger.until, _ENTRIES_AT_ONCE):
        for change in found:
            try:
                ledger.take(change.index, parse(change.leaf), change.opening)
            except LeafRefused:
                ledger.until = change.index  # what it dated is claimed by nobody then


@asynccontextmanager
async def watching(watch: Watch, *, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Step now and then while the block lasts. A database that is away is tried again the next time."""
    working = asyncio.create_task(_work(watch, every), name="watch")
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _work(watch: Watch, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await watch.step()
        except Exception as error:
            logging.getLogger("pactgate").warning("facts were not compared, tried again later", exc_info=error)
