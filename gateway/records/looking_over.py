"""
What PostgreSQL's planner knows of the tables of records, renewed where much has changed.

Autovacuum does this within a minute or two; whoever comes before that has statements planned by what was true before a
load, and keeps them planned so for minutes. A page does not depend on it (`gateway.store.database.READING`); loads,
stops, changes and accountings do. INVARIANT: never under the log's head, and no failure of it fails anything: what was
written is written, and the planner merely knows less.
"""

from contextlib import suppress
from typing import Final

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.errors import GatewayError

_FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, GatewayError, OSError)
_TOLD: Final = "SELECT pg_stat_force_next_flush()"
"""What this session has changed is counted at once, and not when it has been idle for some time."""
_DUE: Final = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'records'::regnamespace AND c.relkind = 'r'
      AND pg_stat_get_mod_since_analyze(c.oid) > 50 + 0.1 * greatest(c.reltuples, 0)
    ORDER BY c.relname
"""
"""Tables of which a tenth has changed, and fifty rows: when autovacuum looks them over too."""


async def look_over(connection: asyncpg.Connection) -> list[str]:
    """Have the tables looked over that changed much since they were; return which. As the loader, in no transaction."""
    looked_over: list[str] = []
    with suppress(*_FAILURES):
        await connection.execute(_TOLD)
        for (table,) in await connection.fetch(_DUE):
            await connection.execute("SELECT records.look_over($1)", table)
            looked_over.append(table)
    return looked_over


async def look_over_after(engine: AsyncEngine) -> list[str]:
    """Do the same after a transaction of this engine that is over."""
    with suppress(*_FAILURES):
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as session:
            raw = (await session.get_raw_connection()).driver_connection
            assert isinstance(raw, asyncpg.Connection)
            return await look_over(raw)
    return []
