"""One family after another says no, in a process of its own, and how long each waits until its no counts."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.coverage import Scope
from gateway.services.stops import opt_out
from gateway.store.database import engine_for
from tests.bench.records_head import SCOPES
from tests.factories.records import promised

EVERY: Final = 0.3
"""Seconds from one withdrawal to the next."""


class Families(msgspec.Struct, frozen=True):
    """Where to withdraw: the loader's address, and the number of the first student."""

    url: str
    first: int


@asynccontextmanager
async def withdrawing(url: str, first: int) -> AsyncIterator[list[float]]:
    """Have the students from number `first` on opt out meanwhile; yield their waits in seconds, known afterwards."""
    waited: list[float] = []
    words = (sys.executable, "-m", "tests.bench.withdrawing")
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(Families(url, first)) + b"\n")
    await process.stdout.readline()  # it has begun
    try:
        yield waited
    finally:
        process.stdin.close()
        said = await process.stdout.read()
        await process.wait()
        waited += msgspec.json.decode(said, type=list[float])


async def _in_force(_connection: AsyncConnection) -> Sequence[Scope]:
    return tuple(promised(each) for each in SCOPES)


async def _withdraw(families: Families, over: asyncio.Event) -> list[float]:
    waited: list[float] = []
    engine = engine_for(families.url)
    async with engine.connect():
        # A server has its connection already: it is not counted.
        sys.stdout.write("\n")
        sys.stdout.flush()
    for number in count(families.first):
        began = time.perf_counter()
        async with engine.begin() as connection:
            await opt_out(connection, f"{number:06}", scopes=_in_force)
        waited.append(time.perf_counter() - began)
        await asyncio.wait([asyncio.create_task(over.wait())], timeout=EVERY)
        if over.is_set():
            break
    await engine.dispose()
    return waited


async def _until_told() -> None:
    over = asyncio.Event()
    families = msgspec.json.decode(sys.stdin.buffer.readline(), type=Families)
    told = asyncio.create_task(asyncio.to_thread(sys.stdin.buffer.read))
    told.add_done_callback(lambda _: over.set())
    sys.stdout.buffer.write(msgspec.json.encode(await _withdraw(families, over)))


if __name__ == "__main__":
    asyncio.run(_until_told())
