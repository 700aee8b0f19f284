"""
Replaying requests under what is supposed: what was decided is decided again, and as it would have been otherwise.

Each request meets the law it cites and the rules that stood when its entry was written, by the clock of that entry; and
beside it, what is supposed.
"""

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.analysis.laws import Laws, Lost
from gateway.services.analysis.past import Past
from gateway.services.analysis.redeciding import Earlier, NoDecision, Redecided, Redeciding
from gateway.services.analysis.requests import REQUESTS, entries_of, first_since
from gateway.services.analysis.supposed import Supposed
from gateway.services.obligations.history import driver_of
from policies.analyse.replay import Tallies, Tally, decided
from policies.memo import Memo
from policies.state import PolicyState

_KEPT: Final = 4
"""States kept of what is supposed: requests come in the order of the log."""
_SHOWN: Final = 20
"""Unexplained entries that are listed; beyond that they are counted."""


@dataclass(slots=True)
class Replayed:
    """
    What a replay found. `unexplained` are entries that the rules of their moment do not lead to: there should be none.

    `not_decided` counts refusals by code that were no decisions of the policies, `earlier` requests to a release that
    did not record what it decided by, `missing` requests that cannot be decided again, by the input that is not there.
    """

    first: int
    last: int
    since: datetime
    requests: int = 0
    decided_again: int = 0
    not_decided: Counter[str] = field(default_factory=Counter)
    earlier: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    unexplained_entries: list[int] = field(default_factory=list)
    differences: tuple[Tally, ...] = ()


async def replay(connection: AsyncConnection, past: Past, supposed: Supposed, period: timedelta) -> Replayed:
    """Replay the last `period` of the log, in the snapshot in which `past` was read. Raises the log's errors."""
    since = past.moment.now - period
    start, stop = await first_since(connection, past.moment.size, since), past.moment.size
    found, tallies = Replayed(start, stop - 1, since), Tallies()
    redeciding = Redeciding(past, Laws(await driver_of(connection)))
    after: Memo[int, PolicyState] = Memo(_KEPT)
    async with aclosing(entries_of(connection, REQUESTS, start, stop)) as entries:
        async for index, entry in entries:
            if "dataset" not in entry.body:
                continue  # it asked for no data
            found.requests += 1
            again = await redeciding.decide(index, entry)
            if not _counted(found, again) or not isinstance(again, Redecided):
                continue
            assert again.request is not None  # it named a dataset
            assert again.decision is not None
            stood = past.stood_before(index, entry.body.get("epoch"))
            would_be = after.get_or_make(past.version_after(stood), lambda stood=stood: supposed.in_place(stood))  # type: ignore[misc] # bound in the loop
            tallies.compare(again.request, again.decision, decided(would_be, again.request))
    found.differences = tallies.all
    return found


def _counted(found: Replayed, again: Redecided | NoDecision | Lost | Earlier) -> bool:
    """Count one request; return whether it was decided again and is what it was."""
    if isinstance(again, NoDecision):
        found.not_decided[again.code] += 1
    elif isinstance(again, Earlier):
        found.earlier += 1
    elif isinstance(again, Lost):
        found.missing[again.what.value] += 1
    else:
        found.decided_again += 1
        if not again.differs:
            return True
        found.unexplained += 1
        if found.unexplained <= _SHOWN:
            found.unexplained_entries.append(again.entry)
    return False
