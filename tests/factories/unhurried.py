"""Waiting for what must happen, however long it takes: a second is nothing where many tests share a few cores."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg
import pytest
from sqlalchemy import text

from audit import batch, change, log

PATIENCE: Final = 60.0
"""Seconds after which what was waited for will not happen any more."""
HURRIED: Final = batch._BEGIN
"""How a batch of the log begins on a database of its own, for tests of its limits."""
_SILENT: Final = "set_config('idle_in_transaction_session_timeout', '60s', true)"
_LOCK_HEAD: Final = batch.LOCK_HEAD.replace(" FROM", f", {_SILENT} FROM")


@contextmanager
def unhurried_log() -> Iterator[None]:
    """Lift the limits that whoever writes to the log has, and that it sets for whoever holds the head and is idle."""
    unhurried = HURRIED
    for limit in ("lock_timeout = '1s'", "statement_timeout = '2s'"):
        assert limit in HURRIED
        unhurried = unhurried.replace(limit, f"{limit.split()[0]} = '60s'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_BEGIN", unhurried)
        patch.setattr(log, "BATCH_SECONDS", 90.0)
        patch.setattr(batch, "LOCK_HEAD", _LOCK_HEAD)
        patch.setattr(change, "_LOCK", text(_LOCK_HEAD))
        yield


async def until(is_so: Callable[[], object]) -> None:
    """Wait until this is so; `TimeoutError` if it does not come to be."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - the product has no event for this, and needs none
            await asyncio.sleep(0.005)


@asynccontextmanager
async def head_held(holder: asyncpg.Connection) -> AsyncIterator[None]:
    """Hold the head of the log, and not only for the idle seconds after which the server ends a holder."""
    async with holder.transaction():
        await holder.fetch("SELECT audit.lock_head()")
        await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield
