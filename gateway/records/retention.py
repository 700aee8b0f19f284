"""
How far back records can be read. What a load ended is kept for a time only; older states of the world are gone.

The log, its commitments and every proof stay as they are (claim 6: afterwards the digest still stands).
"""

import asyncpg
from sqlalchemy import BigInteger, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.errors import PastGone
from gateway.records.parts import Session

readable = table("readable", column("idx", BigInteger), schema="records")
"""One row: the oldest entry as of which records can be read. The app role may read it."""

_OLDEST = select(readable.c.idx)
_OLDEST_SQL = "SELECT idx FROM records.readable"


async def oldest_readable(connection: Session | AsyncConnection) -> int:
    """
    Return the oldest epoch as of which records can be read exactly; -1 while every epoch can.

    As the app or the loader role. In the snapshot in which the rows are read, or in an earlier one and again after it:
    it only rises.
    """
    if isinstance(connection, AsyncConnection):
        return int((await connection.execute(_OLDEST)).scalar_one())
    return int(await connection.fetchval(_OLDEST_SQL))


async def require_readable(session: asyncpg.Connection, epoch: int) -> None:
    """Check that records as of `epoch` are still kept. Raises `PastGone`."""
    if epoch < await oldest_readable(session):
        raise PastGone("versions of records as old as this are kept no longer")
