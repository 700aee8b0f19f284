"""
What the log says about an agreement, entry by entry: what was disclosed under it, what was refused, how it moved.

The log is gone through in ranges and streamed, never held; only the district's own staff does it, never a partner's
request.
"""

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from datetime import date, datetime
from typing import Final

import asyncpg
from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.destruction import Recorded
from agreements.document import Agreement
from agreements.documents.destruction import Tally
from agreements.obligations import day_of
from audit.entry import Entry, parse
from audit.events import Event
from audit.reading import leaves_with

_AT: Final = text("SELECT idx, leaf FROM audit.entry WHERE idx = ANY(:indexes)").bindparams(
    bindparam("indexes", type_=ARRAY(BigInteger))
)


async def entries_at(connection: AsyncConnection, indexes: Iterable[int]) -> dict[int, Entry]:
    """Return the entries at these indexes, as far as they are there. Raises `LeafRefused` for a damaged one."""
    rows = await connection.execute(_AT, {"indexes": sorted(set(indexes))})
    return {row.idx: parse(row.leaf) for row in rows}


async def entries_about(
    connection: AsyncConnection, agreements: Collection[str], start: int, stop: int, *, event: Event | None = None
) -> AsyncGenerator[tuple[int, Entry], None]:
    """
    Go through the entries that name one of these agreements, from `start` up to, not including, `stop`.

    Leaves are canonical JSON, so what they name stands in their bytes: the database looks into each, those that can
    match are read. The index of the log is not asked, for one that lies can hide an entry (decision 70).
    """
    names = [digest.encode() for digest in agreements]
    mark = b"" if event is None else f'"event":"{event.value}"'.encode()
    async with aclosing(leaves_with(await driver_of(connection), names, start, stop, also=mark)) as written:
        async for index, leaf in written:
            entry = parse(leaf)
            if entry.body.get("agreement") in agreements and event in (None, entry.event):
                yield index, entry


async def has_disclosures(connection: AsyncConnection, agreement: str, start: int, stop: int) -> bool:
    """Return whether anything was disclosed under this agreement; stops at the first."""
    found = entries_about(connection, {agreement}, start, stop, event=Event.DISCLOSURE)
    async with aclosing(found) as disclosures:
        async for _ in disclosures:
            return True
    return False


async def recorded(
    connection: AsyncConnection, agreement: Agreement, start: int, stop: int, *, last_entry: int | None
) -> Recorded:
    """
    Return what the log says about the disclosures up to `last_entry`, and whether there are later ones.

    None for `last_entry` is what a certificate over no disclosure at all names.
    """
    tally = Tally()
    last: date | None = None
    found = entries_about(connection, {agreement.digest}, start, stop, event=Event.DISCLOSURE)
    async with aclosing(found) as disclosures:
        async for index, entry in disclosures:
            day = day_in(agreement, entry)
            if last_entry is None or index > last_entry:
                return Recorded(tally.disclosures, last, day)
            tally.add(index)
            last = day
    return Recorded(tally.disclosures, last, None)


def time_of(entry: Entry) -> datetime:
    """Return the time of an entry, by the database's clock."""
    return datetime.fromisoformat(entry.time)


def day_in(agreement: Agreement, entry: Entry) -> date:
    """Return the day of an entry in the zone of an agreement."""
    return day_of(agreement.term, time_of(entry))


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """Return the driver's own connection, inside the transaction of `connection`."""
    raw = await connection.get_raw_connection()
    session = raw.driver_connection
    assert isinstance(session, asyncpg.Connection)
    return session
