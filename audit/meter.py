"""Meters whose period is over are forgotten."""

from datetime import datetime

import asyncpg

from audit.batch import Session

_PURGE = "SELECT audit.purge_meters($1, $2)"


async def purge_meters(db: asyncpg.Pool | Session, now: datetime, limit: int = 10_000) -> int:
    """
    Delete at most `limit` meters that have expired; returns how many. Call again while it returns `limit`.

    `now` is the clock by which entries are dated; a meter that has not also expired by the server's clock stays.
    """
    gone: int = await db.fetchval(_PURGE, now, limit)
    return gone
