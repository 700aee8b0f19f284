"""
The gateway's connections: one engine for administration, two pools for the request path.

Reading and logging have pools of their own, so that slow reads cannot keep a refusal from being logged.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.store.session import CONNECT_SECONDS, connect, open_connection

STATEMENT_SECONDS = 30.0
"""A statement of the request path that takes longer has lost its caller."""
READING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "jit": "off",
    }
)
"""
How a page is planned: once, and by indexes alone, whatever the planner knows of the tables at that moment.

Planning anew costs more than the page, and compiling it more still. A page is a short way along one index and to each
row by another; with tables that look small, or of which nothing is known yet, the planner would rather read them whole,
and go on doing so when they have grown (decision 0047).
"""


@dataclass(frozen=True, slots=True)
class Database:
    """
    An open database, as one role.

    `engine` is for administration: one `engine.begin()` is one transaction. `pool` reads for partners; `log_pool`
    appends to the log.
    """

    engine: AsyncEngine
    pool: asyncpg.Pool
    log_pool: asyncpg.Pool

    @classmethod
    async def open(cls, url: str, *, readers: int = 16, writers: int = 2) -> Self:
        """
        Open the database at `url` (`postgresql://…`, or `postgresql:///name?host=/socket/folder`).

        Connections are made when first used, at most `readers` and `writers` of them; one is made now, to find out
        whether the server answers, takes the login and is new enough.

        Raises `DatabaseUnavailable`, `LoginRefused`, `DatabaseUnsupported`.
        """
        async with connect(url) as connection:
            await connection.fetchval("SELECT 1")
        return cls(
            engine=engine_for(url),
            pool=await _pool(url, readers, server_settings=dict(READING), reset=_nothing_to_reset),
            log_pool=await _pool(url, writers),
        )

    async def close(self) -> None:
        """Close every connection; one that still works after ten seconds is cut off."""
        await self.engine.dispose()
        for pool in (self.pool, self.log_pool):
            await _close(pool)


def engine_for(url: str) -> AsyncEngine:
    """Return an engine whose errors hold no values: a parameter may be a student's name."""
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: open_connection(url),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=4,
    )


async def _pool(url: str, size: int, **options: Any) -> asyncpg.Pool:  # noqa: ANN401 - asyncpg's own options
    opened: asyncpg.Pool = await asyncpg.create_pool(  # type: ignore[call-overload] # the stub wants each option by name
        url, connect=open_connection, min_size=0, max_size=size, command_timeout=STATEMENT_SECONDS, **options
    )
    return opened


async def _nothing_to_reset(_connection: object) -> None:
    """
    Give a reading connection back as it is.

    INVARIANT: who uses the reading pool sets nothing that outlives the statement. asyncpg's own reset costs a round
    trip, and after it PostgreSQL examines the next page's plan anew: together a fifth of a page.
    """


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CONNECT_SECONDS)
    except TimeoutError:
        pool.terminate()
