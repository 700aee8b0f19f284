"""
What the log says that rows there are: for each entry and each load the parts that it commits to, as they were read.

A claim that was read once is kept: whoever alters what stands beside an entry afterwards changes nothing here.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Final

from audit.entry import Entry
from audit.events import Event
from gateway.records.columns import is_loaded, metadata
from gateway.records.errors import OpeningRefused
from gateway.records.loading.targets import TARGETS
from gateway.records.parts import FIRST, LAST, Part, parts_of
from gateway.services.sealing import COMMITMENT

LOADED: Final = frozenset(table.name for table in metadata.sorted_tables if is_loaded(table))
"""Tables whose rows are dated by the number of a load rather than by its entry."""
_LOADS: Final = frozenset(target.event for target in TARGETS.values())
"""Events whose entries make a load visible."""
_DATING: Final = frozenset(
    {
        *_LOADS,
        *(Event.CONSENT_WITHDRAWN, Event.OPTED_OUT, Event.POPULATION_REBUILT),
        *(Event.CONSENT_GIVEN, Event.RIGHTS_RESTRICTED, Event.RIGHTS_RESTORED),
        *(Event.AGREEMENT_ACTIVATED, Event.AGREEMENT_REPLACED, Event.AGREEMENT_TERMINATED),
        *(Event.STATEMENT_PLACED, Event.STATEMENT_ENDED),
        *(Event.STUDENTS_MERGED, Event.NUMBER_REUSED, Event.NUMBER_KEPT),
    }
)
"""Events whose entries date rows, and have committed to them since they do."""


class Claims:
    """Parts by what dates them; None where an entry's commitment cannot be opened."""

    def __init__(self) -> None:
        self._parts: dict[int, frozenset[Part] | None] = {}
        self._order: list[int] = []

    def put(self, at: int, parts: frozenset[Part] | None) -> None:
        """Take a claim, in the place of an earlier one."""
        if at not in self._parts:
            insort(self._order, at)
        self._parts[at] = parts

    def between(self, first: int, last: int) -> Iterator[tuple[int, frozenset[Part] | None]]:
        """Go through the claims in a range, both ends included."""
        for at in self._order[bisect_left(self._order, first) : bisect_right(self._order, last)]:
            yield at, self._parts[at]

    def ranges(self, rows: int) -> Iterator[tuple[int, int]]:
        """Cut everything that may date a row into ranges of about this many rows each, without a gap."""
        first, held = FIRST, 0
        for at in list(self._order):
            held += sum(part.rows for part in self._parts[at] or ())
            if held >= rows:
                yield first, at
                first, held = at + 1, 0
        yield first, LAST


class Ledger:
    """The claims of the log up to the entry `until`."""

    def __init__(self) -> None:
        self.until = -1
        self.dated = Claims()
        self.loaded = Claims()
        self.batches: dict[int, int] = {}
        """Each load that became visible, with its entry."""
        self.visible = 0
        """The newest load."""
        self.readable_from = -1
        """The oldest entry as of which records are kept."""
        self._sealed_from: int | None = None
        self.adopted = False
        """Whether rows older than the commitments were adopted."""
        self.is_older = False
        """Whether entries dated rows before the first one that commits to them: a database of an earlier release."""

    def take(self, index: int, entry: Entry, opening: bytes | None) -> None:
        """Take what the next entry says."""
        batch = entry.body.get("batch")
        if isinstance(batch, int):
            self.batches[batch] = index
            if entry.event in _LOADS:
                self.visible = batch
        if entry.event == Event.RECORDS_RETIRED and isinstance(oldest := entry.body.get("readable_from"), int):
            self.readable_from = oldest
        commitment = entry.body.get(COMMITMENT)
        if commitment is None and self._sealed_from is None and entry.event in _DATING:
            self.is_older = True
        if isinstance(commitment, str):
            self._claim(index, batch if isinstance(batch, int) else None, entry, commitment, opening or b"")
        self.until = index

    def _claim(self, index: int, batch: int | None, entry: Entry, commitment: str, opening: bytes) -> None:
        try:
            parts = parts_of(opening, commitment)
        except OpeningRefused:
            self.dated.put(index, None)
            if batch is not None:
                self.loaded.put(batch, None)
            return
        if entry.event == Event.FACTS_ADOPTED:
            self._adopt(index, parts)
            return
        # An entry claims what it dates itself. INVARIANT: no later entry speaks for it, whoever writes one.
        self._sealed_from = index if self._sealed_from is None else self._sealed_from
        self.dated.put(index, frozenset(part for part in parts if part.table not in LOADED and part.at == index))
        if batch is not None:
            self.loaded.put(batch, frozenset(part for part in parts if part.table in LOADED and part.at == batch))

    def _adopt(self, index: int, parts: Iterable[Part]) -> None:
        """
        Take an adoption: what entries dated before any of them committed to rows.

        INVARIANT: the first one counts, where there is something older, and it says nothing about later rows; otherwise
        whoever changes rows could have the changed ones adopted.
        """
        if self.adopted or not self.is_older:
            return
        self.adopted, end = True, index if self._sealed_from is None else self._sealed_from
        _put_all(self.dated, (part for part in parts if part.table not in LOADED and part.at < end))
        _put_all(self.loaded, (part for part in parts if part.table in LOADED and self.batches.get(part.at, end) < end))


def _put_all(claims: Claims, parts: Iterable[Part]) -> None:
    grouped: dict[int, set[Part]] = {}
    for part in parts:
        grouped.setdefault(part.at, set()).add(part)
    for at, found in grouped.items():
        claims.put(at, frozenset(found))
