"""Replay ids that nobody could present any more are forgotten."""

from datetime import datetime

import asyncpg

from audit.batch import Session

_PURGE = "SELECT audit.purge_once($1, $2)"


async def purge_expired(db: asyncpg.Pool | Session, now: datetime, limit: int = 10_000) -> int:
    """
    Delete at most `limit` replay ids that have expired; returns how many. Call again while it returns `limit`.

    `now` is the clock by which they were issued; an id that has not also expired by the server's clock stays.
    """
    gone: int = await db.fetchval(_PURGE, now, limit)
    return gone
