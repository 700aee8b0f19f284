"""
Folding: disclosures of the same records to the same party for the same purpose become one line.

The form of 45 CFR 164.528(b)(3): first, last, number and rhythm. INVARIANT: folding loses no disclosure; a line opens
to every one of its entries.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from gateway.services.accounting.lines import About, Line, Occurrence

_WEEKEND: Final = 5
"""Saturday and Sunday are the weekdays 5 and 6."""
_FEW: Final = 3
"""Days from which a rhythm can be told."""
_RHYTHMS: Final = (
    (1.5, "about every day"),
    (4.5, "every few days"),
    (9.5, "about weekly"),
    (18.5, "about every two weeks"),
    (45.5, "about monthly"),
    (135.5, "every few months"),
)
"""The longest usual distance in days, and what it is called; whatever is longer has no name."""
_STEADY: Final = 0.75
"""The share of distances that must be near the usual one; otherwise there is no rhythm to speak of."""


def fold(disclosures: Iterable[tuple[About, Occurrence]]) -> tuple[Line, ...]:
    """Return the lines, the one that began first at the top; the entries of each in the order of the log."""
    grouped: dict[About, list[Occurrence]] = {}
    for about, occurrence in disclosures:
        grouped.setdefault(about, []).append(occurrence)
    lines = [_line(about, occurrences) for about, occurrences in grouped.items()]
    return tuple(sorted(lines, key=lambda line: (line.first, line.occurrences[0].entry)))


def rhythm_of(days: Sequence[date]) -> str:
    """Return how often something happened on these days, in words; `days` holds at least one."""
    distinct = sorted(set(days))
    if len(days) == 1:
        return "once"
    if len(distinct) == 1:
        return "several times on one day"
    if len(distinct) < _FEW:
        return "on two days"
    gaps = [(after - before).days for before, after in pairwise(distinct)]
    if all(day.weekday() < _WEEKEND for day in distinct):
        worked = [_school_days(before, after) for before, after in pairwise(distinct)]
        if len(distinct) > _WEEKEND and sum(each == 1 for each in worked) >= _STEADY * len(worked):
            return "about every school day"
    usual = median(gaps)
    steady = sum(usual / 2 <= each <= usual * 2 for each in gaps) >= _STEADY * len(gaps)
    named = next((name for longest, name in _RHYTHMS if usual <= longest), None)
    return named if named is not None and steady else "from time to time"


def _line(about: About, occurrences: list[Occurrence]) -> Line:
    ordered = tuple(sorted(occurrences, key=lambda each: each.entry))
    return Line(about, ordered, rhythm_of([each.day for each in ordered]))


def _school_days(before: date, after: date) -> int:
    """Return how many days from Monday to Friday lie after `before`, up to `after`."""
    weeks, rest = divmod((after - before).days, 7)
    extra = (before + timedelta(days=each) for each in range(1, rest + 1))
    return weeks * _WEEKEND + sum(day.weekday() < _WEEKEND for day in extra)
