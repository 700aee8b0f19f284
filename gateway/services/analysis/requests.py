"""The requests that the log tells of: read in ranges and streamed, never held, without any student's data."""

from collections.abc import AsyncGenerator
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

_MARKS: Final = tuple(f'"event":"{event.value}"'.encode() for event in (Event.DISCLOSURE, Event.REFUSAL))


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


async def logged_requests(
    connection: AsyncConnection, start: int, stop: int, catalogue: Catalogue
) -> AsyncGenerator[Logged, None]:
    """
    Go through the requests from entry `start` up to, not including, `stop`; what names no dataset asked for no data.

    Raises `LogDamaged` at a gap and `LeafRefused` for a damaged entry.
    """
    index = start
    async with aclosing(leaves(await driver_of(connection), start, stop)) as written:
        async for leaf in written:
            if any(mark in leaf for mark in _MARKS):
                entry = parse(leaf)
                if entry.event in {Event.DISCLOSURE, Event.REFUSAL} and "dataset" in entry.body:
                    yield _logged(index, entry, catalogue)
            index += 1


def _logged(index: int, entry: Entry, catalogue: Catalogue) -> Logged:
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
        transformations=tuple(body["transformations"]) if disclosed else (),
        ruleset=body["ruleset"] if disclosed else "",
        code=None if disclosed else body["code"],
    )


def _name(catalogue: Catalogue, element: str) -> str:
    return catalogue.element(element).name if element in catalogue else element
