"""
The first page of each dataset, one in the middle and the last, with ever more students.

Where a page starts must not matter, nor how many students there are. What does cost more with more students stands
beside it: a page that is sorted, a filter that nothing meets, and the count of an agreement's students once an epoch.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import asyncpg
import msgspec

from gateway.records.extent import Extents
from gateway.records.reader import Position
from policies.decision import Permit
from tests.bench.pages import LIMIT
from tests.bench.reading import Reading, Taken, interleaved
from tests.bench.scenes import served

FLAT = 1.3
"""A page is flat if it takes at most this much more than the first one (performance goal 10)."""
GROWING_TURNS = 1
"""Some of it takes half a minute where there are many students."""
_AT: str = """
SELECT code FROM records.population
WHERE agreement = $1 AND to_idx IS NULL ORDER BY code OFFSET $2 LIMIT 1
"""


class Depth(msgspec.Struct):
    """Three pages of one dataset, with so many students."""

    dataset: str
    students: int
    first: Taken
    middle: Taken
    last: Taken

    @property
    def ratio(self) -> float:
        """How much of the database's processor the dearer of the later pages takes, as a multiple of the first."""
        return max(self.middle.database, self.last.database) / self.first.database


class Growing(msgspec.Struct):
    """What grows with the population."""

    what: str
    students: int
    taken: Taken


async def depths(reading: Reading, connection: asyncpg.Connection) -> list[Depth]:
    """Measure the three pages of each dataset that the application serves."""
    students = await _students(reading, connection)
    found = []
    for dataset in served():
        permit = await reading.permit(dataset)
        starts = await _starts(reading, connection, permit, students)
        pages = {
            name: partial(reading.reader.read_page, permit, limit=LIMIT, after=each) for name, each in starts.items()
        }
        taken = await interleaved(pages, reading.backend, reading.turns)
        found.append(Depth(dataset, students, **taken))
    return found


async def growing(reading: Reading, connection: asyncpg.Connection) -> list[Growing]:
    """Measure what reads the whole population."""
    students, reader = await _students(reading, connection), reading.reader
    whole = await reading.permit("students")
    page = await reader.read_page(whole, limit=1)
    by_name = await reading.permit("students", sort="last_name")
    nobody = await reading.permit("students", filters={"last_name": "nobody has this name"})

    async def counted() -> None:
        await Extents(reading.database.pool).students_of(whole, page)

    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "a page sorted by last name": partial(reader.read_page, by_name, limit=LIMIT),
        "a filter that nothing meets": partial(reader.read_page, nobody, limit=LIMIT),
        "counting the students, once an epoch and day": counted,
    }
    bounded = {what: partial(_until_ended, call) for what, call in calls.items()}
    taken = await interleaved(bounded, reading.backend, GROWING_TURNS)
    return [Growing(what, students, each) for what, each in taken.items()]


async def _until_ended(call: Callable[[], Awaitable[object]]) -> None:
    """Wait for a call, or until the gateway's own bound ends it (`gateway.store.database.STATEMENT_SECONDS`)."""
    with suppress(TimeoutError):
        await call()


async def _students(reading: Reading, connection: asyncpg.Connection) -> int:
    counted = "SELECT count(*) FROM records.population WHERE agreement = $1 AND to_idx IS NULL"
    return int(await connection.fetchval(counted, reading.deployment.agreement))


async def _starts(
    reading: Reading, connection: asyncpg.Connection, permit: Permit, students: int
) -> dict[str, Position | None]:
    """
    Return where the three pages start.

    The last one starts as many students before the end as the first one goes through.
    """
    first = await reading.reader.read_page(permit, limit=LIMIT)
    if first.next is None:
        raise RuntimeError(f"{permit.dataset} has only one page: take more students")
    through = await connection.fetchval(
        "SELECT count(*) FROM records.population WHERE agreement = $1 AND to_idx IS NULL AND code <= $2",
        permit.agreement,
        first.next.code,
    )

    async def at(place: int) -> Position:
        code = await connection.fetchval(_AT, permit.agreement, max(0, place))
        assert first.next is not None
        return replace(first.next, code=str(code))

    return {"first": None, "middle": await at(students // 2), "last": await at(students - through - 1)}
