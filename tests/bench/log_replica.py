"""
One replica of the log under closed-loop load, in a process of its own: a plan a line in, a result a line out.

Three ways to append: as shipped, with a timer of 2 ms before each batch, and one transaction an entry ("chain").
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import asyncpg
import msgspec
import uvloop

from audit.batch import write_batch
from audit.draft import Draft, Meter, Once
from audit.errors import LogUnavailable
from audit.log import Log
from tests.factories.log import numbered_leaf, signer_of

TIMER_SECONDS = 0.002
_LATER = datetime(2099, 1, 1, tzinfo=UTC)
_METER = Meter(bytes(32), _LATER, 100, 2**62, numbered_leaf(0))
_SUBJECTS, _OPENING = bytes(16 * 100), bytes(150)


class Plan(msgspec.Struct):
    """One run. `way` is batched, timer or chain; `kind` is entry, or page with all that 100 students bring."""

    way: str
    kind: str
    in_flight: int
    seconds: float


class Result(msgspec.Struct):
    """Entries acknowledged, how many were not, in how many seconds; what they waited; this process's processor time."""

    entries: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    own_seconds: float


class TimedLog(Log):
    """What a timer would make of it. For comparison only."""

    async def _collect(self) -> None:
        while self._tasks is not None or self._queue:
            if self._queue:
                await asyncio.sleep(TIMER_SECONDS)
                await self._commit(self._take())
            else:
                self._arrived.clear()
                await self._arrived.wait()


_LEAF = numbered_leaf(0, filler="x" * 300)
"""About 400 bytes, as in what was measured before."""
_PAGE = numbered_leaf(0, filler="x" * 1_500)
"""As long as the leaf of a page with twelve elements."""


def _draft(kind: str) -> Draft:
    if kind == "entry":
        return Draft(_LEAF)
    once = (Once(secrets.token_bytes(32), _LATER),)
    return Draft(_PAGE, None, once, _LEAF, _SUBJECTS, _OPENING, _METER)


async def _load(plan: Plan, append: Callable[[Draft], Awaitable[object]]) -> Result:
    waited: list[float] = []
    failed = 0
    began, own = time.perf_counter(), time.process_time()
    until = began + plan.seconds

    async def caller() -> None:
        nonlocal failed
        while (now := time.perf_counter()) < until:
            try:
                await append(_draft(plan.kind))
            except LogUnavailable:
                failed += 1
            else:
                waited.append(time.perf_counter() - now)

    await asyncio.gather(*(caller() for _ in range(plan.in_flight)))
    seconds = time.perf_counter() - began
    waited.sort()
    middle, late = (1_000 * waited[int(part * len(waited))] if waited else float("nan") for part in (0.5, 0.99))
    return Result(len(waited), failed, seconds, middle, late, time.process_time() - own)


async def carry_out(url: str, plan: Plan) -> Result:
    """Open what the plan needs, and run it."""
    async with AsyncExitStack() as stack:
        size = plan.in_flight if plan.way == "chain" else 2
        pool = await asyncpg.create_pool(url, min_size=0, max_size=size)
        stack.push_async_callback(pool.close)
        if plan.way == "chain":

            async def step(draft: Draft) -> None:
                async with pool.acquire() as session:
                    try:
                        await write_batch(session, [draft])
                    except asyncpg.PostgresError as error:
                        await session.execute("ROLLBACK")
                        raise LogUnavailable("this one waited too long for the head") from error

            return await _load(plan, step)
        log = (TimedLog if plan.way == "timer" else Log)(pool, signer_of())
        await log.start()
        stack.push_async_callback(log.stop)
        return await _load(plan, log.append)


async def main() -> None:
    """Read plans until there are no more; the first line is the database's URL."""
    url = sys.stdin.readline().strip()
    while line := await asyncio.to_thread(sys.stdin.readline):
        result = await carry_out(url, msgspec.json.decode(line, type=Plan))
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
