"""
What clients gain and lose between two states: each client, dataset, element and stretch of time of both.

`agreements.difference` compares what two documents say; this compares what clients get, whatever it comes from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from agreements.strictness import RANK
from policies.analyse.obtained import Obtained


class Kind(StrEnum):
    """What became of it."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """
    One element that a client gains (`before` is None), loses (`after` is None) or receives in another way.

    In force from `begins` until just before `ends`; both sides are shown whole, also where they reach further.
    """

    before: Obtained | None
    after: Obtained | None
    begins: datetime
    ends: datetime

    @property
    def kind(self) -> Kind:
        """What became of it."""
        if self.before is None:
            return Kind.GAINED
        return Kind.LOST if self.after is None else Kind.CHANGED

    @property
    def side(self) -> Obtained:
        """What it is about: what is gained or as it will be, else what is lost."""
        side = self.after or self.before
        assert side is not None
        return side


Key = tuple[str, str, str, str, str, str]


def changes(before: Iterable[Obtained], after: Iterable[Obtained], since: datetime) -> tuple[Change, ...]:
    """
    Return what changes from `since` on, in the order of partners, clients, lines, datasets, elements and time.

    A later version of an agreement is the same line: what it goes on giving is no change, whatever its digest.
    """
    was, now = _by_key(before), _by_key(after)
    return tuple(
        change for key in sorted({*was, *now}) for change in _compared(was.get(key, []), now.get(key, []), since)
    )


def _by_key(found: Iterable[Obtained]) -> dict[Key, list[Obtained]]:
    grouped: dict[Key, list[Obtained]] = {}
    for each in found:
        key = (each.partner, each.client, each.line, each.dataset, each.element, each.purpose)
        grouped.setdefault(key, []).append(each)
    return grouped


def _compared(was: list[Obtained], now: list[Obtained], since: datetime) -> Iterator[Change]:
    edges = {edge for each in (*was, *now) for edge in (each.begins, each.ends) if edge > since}
    cuts = sorted({since, *edges})
    open_change: Change | None = None
    for begins, ends in pairwise(cuts):
        before, after = _most_open(was, begins), _most_open(now, begins)
        if _way(before) == _way(after):
            continue
        if open_change is not None and _continues(open_change, before, after, begins):
            open_change = Change(open_change.before, open_change.after, open_change.begins, ends)
            continue
        if open_change is not None:
            yield open_change
        open_change = Change(before, after, begins, ends)
    if open_change is not None:
        yield open_change


def _continues(change: Change, before: Obtained | None, after: Obtained | None, begins: datetime) -> bool:
    return (change.ends, _way(change.before), _way(change.after)) == (begins, _way(before), _way(after))


def _most_open(found: Iterable[Obtained], at: datetime) -> Obtained | None:
    """Return what tells most at an instant: two versions may both be in force for a while."""
    return max((each for each in found if each.holds_at(at)), key=lambda each: RANK[each.transformation], default=None)


def _way(side: Obtained | None) -> str | None:
    return None if side is None else side.transformation
