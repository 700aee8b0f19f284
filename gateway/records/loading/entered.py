"""Writing rows that log entries date: rosters, consents, opt-outs, placements. In the load's final transaction."""

from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, BigInteger, any_, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.loading.merge import Difference
from gateway.records.loading.targets import TARGETS
from gateway.records.standing import renumbered

_TABLES = [*(target.table for target in TARGETS.values() if target.is_dated_by_entry), renumbered]
_DATES = [select(func.max(date)).scalar_subquery() for table in _TABLES for date in (table.c.from_idx, table.c.to_idx)]
_NEWEST = select(func.coalesce(func.greatest(*_DATES), -1))
"""Each one the end of an index: it is asked under the lock of the log's head."""
_NEWEST_SQL = str(
    _NEWEST.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
)


_STANDING = (
    "SELECT other_id FROM records.renumbered WHERE student_id = ANY ($1::uuid[]) AND kind = 'merged' AND to_idx IS NULL"
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


async def students_of(connection: asyncpg.Connection, difference: Difference) -> set[UUID]:
    """Return whom the rows that begin and end are about, and who stands for those of them that were merged."""
    at = difference.columns.index("student_id")
    query = f"SELECT student_id FROM {difference.kind.table.fullname} WHERE row_id = ANY ($1::bigint[])"  # noqa: S608 - our own name
    ending = await connection.fetch(query, difference.end)
    found = {row[at] for row in difference.begin} | {row[0] for row in ending}
    return found | {row[0] for row in await connection.fetch(_STANDING, list(found))}
