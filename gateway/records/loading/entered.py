"""Writing rows that log entries date: rosters, consents, opt-outs, placements. In the load's final transaction."""

import asyncpg
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.loading.merge import Difference
from gateway.records.loading.targets import TARGETS, columns_of
from gateway.records.standing import renumbered, restriction

_TABLES = [*(target.table for target in TARGETS.values() if target.is_dated_by_entry), renumbered, restriction]
_DATES = [select(func.max(date)).scalar_subquery() for table in _TABLES for date in (table.c.from_idx, table.c.to_idx)]
_NEWEST = select(func.coalesce(func.greatest(*_DATES), -1))
"""Each one the end of an index: it is asked under the lock of the log's head."""
_NEWEST_SQL = str(
    _NEWEST.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
)


async def newest_entry(connection: asyncpg.Connection | AsyncConnection) -> int:
    """Return the newest entry that dated a list, a number or a restriction of a parent; -1 if none did."""
    if isinstance(connection, AsyncConnection):
        return int(await connection.scalar(_NEWEST) or 0)
    return int(await connection.fetchval(_NEWEST_SQL))


async def date_by_entry(connection: AsyncConnection, difference: Difference, idx: int) -> None:
    """End and begin the rows of `difference` as of entry `idx`. Only in the session of the load's workspace."""
    table, columns = difference.kind.table.fullname, ", ".join(columns_of(difference.target))
    at = {"idx": idx, "load": difference.number}
    await connection.execute(
        text(
            f"UPDATE {table} AS t SET to_idx = :idx FROM pg_temp.leaving AS l"
            " WHERE l.load = :load AND t.row_id = l.row_id AND t.to_idx IS NULL"
        ),
        at,
    )
    await connection.execute(
        text(
            f"INSERT INTO {table} ({columns}, digest, from_idx) SELECT {columns}, digest, CAST(:idx AS bigint)"
            f" FROM pg_temp.staged_{difference.number}"
        ),
        {"idx": idx},
    )
