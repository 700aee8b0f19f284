"""
Under which agreements something left, and about how often: found by the log's index, and the first remembered.

For pages. What left stays in the log, so a yes holds for good, and of a no only later entries are read. What is decided
by it reads the log itself (`owed.require_settled`), for an index that lies can hide an entry.
"""

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.events import Event
from audit.facets import Facet
from audit.query import Clause, Query
from audit.search import Counted, count, search
from gateway.services.obligations.history import driver_of, has_disclosures


class LeftUnder:
    """Remembers, for one process, under which agreements something left."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ever: set[str] = set()
        self._until: dict[str, int] = {}

    async def __call__(self, connection: AsyncConnection, agreement: str, start: int, stop: int) -> bool:
        """Return whether anything was disclosed under this agreement. Raises `LogDamaged`."""
        if agreement in self._ever:
            return True
        since = self._until.get(agreement)
        if since is None:
            found = await self._is_found(agreement)
        else:
            found = await has_disclosures(connection, agreement, max(start, since), stop)
        if found:
            self._ever.add(agreement)
        else:
            self._until[agreement] = stop
        return found

    async def _is_found(self, agreement: str) -> bool:
        # A search is a transaction of its own.
        async with self._engine.connect() as connection:
            return bool((await search(await driver_of(connection), Query(_disclosed(agreement)), limit=1)).found)


async def about_how_often(engine: AsyncEngine, agreement: str) -> Counted:
    """Return about how often something was disclosed under an agreement. Raises `LogDamaged`."""
    async with engine.connect() as connection:
        return await count(await driver_of(connection), _disclosed(agreement))


def _disclosed(agreement: str) -> tuple[Clause, ...]:
    # The agreement first: where it is not named, nobody looks for disclosures.
    said = ((Facet.AGREEMENT, agreement), (Facet.EVENT, Event.DISCLOSURE.value))
    return tuple(Clause(frozenset({each})) for each in said)
