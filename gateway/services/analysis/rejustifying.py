"""
Re-justifying the log: every decision on it is made again, and whatever does not come out as it was written is named.

Read in one snapshot and streamed, so that it takes the same memory however long the log is. It says what is true of
the entries and of what is registered now; that the log itself was not changed is for `pactgate audit verify`.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.entry import Entry, parse
from audit.errors import EntryMissing, LeafRefused
from audit.events import MOVES_EPOCH, Event
from audit.reading import leaf_at
from gateway.services.analysis.laws import Laws, Lost
from gateway.services.analysis.past import Past
from gateway.services.analysis.redeciding import DECISIONS, Earlier, NoDecision, Redecided, Redeciding
from gateway.services.analysis.requests import entries_of
from gateway.services.obligations.history import driver_of

SHOWN: Final = 1_000
"""Entries that are listed; beyond that they are counted."""
_STEP: Final = 1_000
"""Entries between two reports of how far it is."""
EPOCH: Final = "epoch"
"""What differs if the epoch of an entry is not the one it must have been decided at."""
_LOADS: Final = frozenset(
    {Event.RECORDS_LOADED, Event.ROSTER_LOADED, Event.CONSENTS_LOADED, Event.OPT_OUTS_LOADED, Event.PLACEMENTS_LOADED}
)
_CHANGES: Final = ("added", "changed", "ended")

Unjustified = Callable[[Redecided], None]
Progress = Callable[[int], None]


@dataclass(slots=True)
class Rejustified:
    """
    What was found over the entries from `first` to `last`.

    `decided_again` counts entries by event, `no_decision` refusals by code that were not the policies' word, `earlier`
    decisions by event of a release that did not record what it decided by, and `missing` decisions that cannot be made
    again, by the input that is not there.
    """

    first: int
    last: int
    decided_again: Counter[str] = field(default_factory=Counter)
    no_decision: Counter[str] = field(default_factory=Counter)
    earlier: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    missing_entries: list[int] = field(default_factory=list)
    unjustified: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every decision that cites what it was made by was made again and came out as it was written."""
        return not self.unjustified and not self.missing

    def add(self, again: Redecided | NoDecision | Lost | Earlier, entry: Entry, index: int) -> None:
        """Count one entry."""
        if isinstance(again, NoDecision):
            self.no_decision[again.code] += 1
        elif isinstance(again, Earlier):
            self.earlier[entry.event] += 1
        elif isinstance(again, Lost):
            self.missing[again.what.value] += 1
            if len(self.missing_entries) < SHOWN:
                self.missing_entries.append(index)
        else:
            self.decided_again[again.event] += 1
            self._note(again)

    def _note(self, again: Redecided) -> None:
        if again.differs:
            self.unjustified += 1
            if self.unjustified <= SHOWN:
                told = {"entry": again.entry, "event": again.event, "differs": again.differs}
                self.shown.append({**told, "logged": again.logged, "came_out": again.came_out})


async def rejustify(
    connection: AsyncConnection, past: Past, start: int, stop: int, *, told: Unjustified, progress: Progress
) -> Rejustified:
    """
    Make every decision from entry `start` up to, not including, `stop` again, in the snapshot of `past`.

    `told` hears of each entry that is not re-justified, `progress` how many entries were gone through since the last
    time. Raises `LogDamaged`, `LeafRefused` for a damaged entry.
    """
    session = await driver_of(connection)
    found, redeciding = Rejustified(start, stop - 1), Redeciding(past, Laws(session))
    order = _Order(session)
    reported = start
    async with aclosing(entries_of(connection, {*DECISIONS, *MOVES_EPOCH}, start, stop)) as entries:
        async for index, entry in entries:
            if index - reported >= _STEP:
                progress(index - reported)
                reported = index
            if entry.event in MOVES_EPOCH:
                order.moved = index if _surely_moved(entry) else order.moved
                continue
            again = await redeciding.decide(index, entry)
            if isinstance(again, Redecided) and not again.differs and not await order.holds(index, entry):
                again = Redecided(index, entry.event, (EPOCH,), {EPOCH: entry.body.get(EPOCH)}, {EPOCH: order.moved})
            found.add(again, entry, index)
            if isinstance(again, Redecided) and again.differs:
                told(again)
    progress(stop - reported)
    return found


def _surely_moved(entry: Entry) -> bool:
    """Return whether an entry moved the epoch for certain: a load whose counts are all zero may have moved nothing."""
    if entry.event not in _LOADS:
        return True
    return any(counts.get(name) for counts in entry.body.get("targets", {}).values() for name in _CHANGES)


class _Order:
    """Sees to it that the epoch of each decision is that of its place in the log (claim 7)."""

    def __init__(self, session: Any) -> None:  # noqa: ANN401 - asyncpg's own connection
        self._session = session
        self.moved: int | None = None
        """The last entry gone through that moved the epoch."""
        self._known: tuple[int, bool] | None = None

    async def holds(self, index: int, entry: Entry) -> bool:
        """Return whether the decision of `entry` names an epoch that it can have been made at."""
        epoch = entry.body.get(EPOCH)
        if type(epoch) is not int or not 0 <= epoch < index:
            return False
        # A refusal shows nothing, and may have been overtaken by a change on its way into the log. Records may not.
        if entry.event != Event.REFUSAL and self.moved is not None and epoch < self.moved:
            return False
        if self._known is None or self._known[0] != epoch:
            self._known = epoch, await self._moves(epoch)
        return self._known[1]

    async def _moves(self, epoch: int) -> bool:
        try:
            return parse(await leaf_at(self._session, epoch)).event in MOVES_EPOCH
        except (EntryMissing, LeafRefused):
            return False
