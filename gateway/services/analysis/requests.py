"""The decisions that the log tells of: read in ranges and streamed, never held, without any student's data."""

import re
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue
from audit.entry import Entry, parse
from audit.events import Event
from audit.reading import leaf_at, leaves
from gateway.services.obligations.history import driver_of, time_of
from policies.analyse.replay import Logged
from policies.told import bearer_told

REQUESTS: Final = (Event.DISCLOSURE, Event.REFUSAL)


async def first_since(connection: AsyncConnection, size: int, since: datetime) -> int:
    """
    Return the first entry that is not older than `since`, `size` if there is none.

    Entries stand in the order of time (a demo's clock apart), so a few of them are read. Raises `EntryMissing`.
    """
    session = await driver_of(connection)
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if time_of(parse(await leaf_at(session, middle))) < since:
            low = middle + 1
        else:
            high = middle
    return low


async def time_at(connection: AsyncConnection, index: int) -> datetime:
    """Return the time of an entry. Raises `EntryMissing`."""
    return time_of(parse(await leaf_at(await driver_of(connection), index)))


async def entries_of(
    connection: AsyncConnection, events: Collection[Event], start: int, stop: int
) -> AsyncGenerator[tuple[int, Entry], None]:
    """
    Go through the entries of these events from entry `start` up to, not including, `stop`.

    Raises `LogDamaged` at a gap and `LeafRefused` for a damaged entry.
    """
    marked = re.compile(b'"event":"(?:%s)"' % b"|".join(re.escape(event.value.encode()) for event in events))
    index = start
    async with aclosing(leaves(await driver_of(connection), start, stop)) as written:
        async for leaf in written:
            if marked.search(leaf):
                entry = parse(leaf)
                if entry.event in events:
                    yield index, entry
            index += 1


async def logged_requests(
    connection: AsyncConnection, start: int, stop: int, catalogue: Catalogue
) -> AsyncGenerator[Logged, None]:
    """Go through the requests in that range; what names no dataset asked for no data. Raises as `entries_of`."""
    async with aclosing(entries_of(connection, REQUESTS, start, stop)) as entries:
        async for index, entry in entries:
            if "dataset" in entry.body:
                yield logged_request(index, entry, catalogue)


def logged_request(index: int, entry: Entry, catalogue: Catalogue) -> Logged:
    """Return the request that an entry tells of."""
    body = entry.body
    disclosed = entry.event == Event.DISCLOSURE
    # A disclosure lists ids, a refusal the names that were asked.
    names = (_name(catalogue, element) if disclosed else element for element in body.get("elements", ()))
    return Logged(
        entry=index,
        at=time_of(entry),
        client=body["client"],
        agreement=body["agreement"],
        purpose=body["purpose"],
        dataset=body["dataset"],
        elements=tuple(names),
        code=None if disclosed else body["code"],
        bearer=bearer_told(body),
        says=body,
    )


def _name(catalogue: Catalogue, element: str) -> str:
    return catalogue.element(element).name if element in catalogue else element
