"""The entries that a search finds, as a file: read and sent part by part, so that a long log fills no memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import StreamingResponse

from audit.search import Found
from gateway.console.lists import as_attachment
from gateway.pages.languages import message
from gateway.pages.listing import part, table
from gateway.services.searching.searches import Answer, Searches
from gateway.services.searching.wanted import Wanted

MOST: Final = 10_000
"""Entries in one file: more than anybody reads, and few enough to be sent within a request's time."""
AT_ONCE: Final = 500
COLUMNS: Final = (message("Entry"), message("When"), message("Event"), message("What it says"))


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as it is shown: its number, its time, its event, and what it says in one sentence."""

    index: int
    at: datetime
    event: str
    says: str


async def found_after(searches: Searches, wanted: Wanted, first: Answer) -> AsyncIterator[Sequence[Found]]:
    """Yield what was found first and what follows, `MOST` entries at most. Raises as `Searches.search`."""
    answer, sent = first, 0
    while True:
        yield answer.found
        sent += len(answer.found)
        if answer.next is None or sent >= MOST:
            return
        answer = await searches.search(wanted, limit=min(AT_ONCE, MOST - sent), cursor=answer.next)


def log_file(
    head: Sequence[str], found: AsyncIterator[Sequence[Found]], shown: Callable[[Found], Shown], zone: ZoneInfo
) -> Response:
    """Return the entries as CSV, each line what the page shows of an entry."""

    async def parts() -> AsyncIterator[bytes]:
        yield table(head, (), zone).encode()
        async for some in found:
            rows = (shown(each) for each in some)
            yield part(((each.index, each.at, each.event, each.says) for each in rows), zone).encode()

    return StreamingResponse(parts(), media_type="text/csv", headers=as_attachment("log"))
