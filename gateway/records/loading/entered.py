"""Writing rows that log entries date: rosters, consents, opt-outs, placements. In the load's final transaction."""

import asyncpg
from sqlalchemy import ARRAY, BigInteger, any_, func, insert, literal, select, union_all, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.loading.merge import Difference
from gateway.records.loading.targets import TARGETS
from gateway.records.standing import renumbered

_TABLES = [*(target.table for target in TARGETS.values() if target.is_dated_by_entry), renumbered]
_DATES = union_all(*(select(table.c.from_idx, table.c.to_idx) for table in _TABLES)).subquery()
_NEWEST = select(func.coalesce(func.max(func.greatest(_DATES.c.from_idx, _DATES.c.to_idx)), -1))
_NEWEST_SQL = str(
    _NEWEST.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
)


async def newest_entry(connection: asyncpg.Connection | AsyncConnection) -> int:
    """Return the newest entry that dated a roster, consent, opt-out, placement or number; -1 if none did."""
    if isinstance(connection, AsyncConnection):
        return int(await connection.scalar(_NEWEST) or 0)
    return int(await connection.fetchval(_NEWEST_SQL))


async def date_by_entry(connection: AsyncConnection, difference: Difference, idx: int) -> None:
    """End and begin the rows of `difference` as of entry `idx`."""
    table = difference.kind.table
    if difference.end:
        ended = table.c.row_id == any_(literal(difference.end, ARRAY(BigInteger)))
        await connection.execute(update(table).where(ended, table.c.to_idx.is_(None)).values(to_idx=idx))
    if difference.begin:
        rows = [dict(zip(difference.columns, row, strict=True), from_idx=idx) for row in difference.begin]
        await connection.execute(insert(table), rows)
