"""
How many students, said so that drafts that differ little tell nothing about who differs.

Three things together, none of which is enough alone (decision 9): a number is moved by an amount that depends on the
set of students and on nothing else, then rounded; sets that differ by fewer than some ten to twenty students get one
answer, the first; and `draft_counts` budgets and logs. Pure: the set comes as a size and a sketch.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from policies.guardrails import load_guardrails

FEWEST: Final = load_guardrails().cells.minimum
"""Fewer students than the district's minimum cell size (WAC 392-117-060) are never told, nor told apart."""
_STEP: Final = 10
_FURTHEST: Final = 5
"""The most by which a number is moved before it is rounded: enough that no edge of the rounding is where it seems."""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    The exact size of a set of students, and its sketch. Never shown, logged or stored as it is.

    Bit c of `sketch` says whether an odd number of them falls into cell c. Two sets whose sketches differ in d bits
    differ by d students at least: where sets differ by fewer than ten, so do sketches, always.
    """

    students: int
    sketch: int


@dataclass(frozen=True, slots=True)
class Approximate:
    """About how many students: a multiple of ten, or None for fewer than `FEWEST`."""

    rounded: int | None

    @property
    def words(self) -> str:
        """The number as people read it."""
        return f"fewer than {FEWEST}" if self.rounded is None else f"about {self.rounded}"

    def since(self, before: "Approximate") -> str:
        """Return the difference to another number, from what was shown of both and nothing finer."""
        if self == before:
            return "about as many"
        if self.rounded is None or before.rounded is None:
            return f"{before.words} before"
        difference = self.rounded - before.rounded
        return f"about {abs(difference)} {'more' if difference > 0 else 'fewer'}"


def approximate(tally: Tally) -> Approximate:
    """Return the number that is shown for a set nobody has asked about before. The same set has the same number."""
    if tally.students < FEWEST:
        return Approximate(None)
    moved = tally.students + _drawn(tally, "moved") % (2 * _FURTHEST + 1) - _FURTHEST
    return Approximate(max(FEWEST, (moved + _STEP // 2) // _STEP * _STEP))


def reach(tally: Tally) -> int:
    """
    Return how many bits another sketch must differ in to get a number of its own: ten at least.

    It varies from set to set, so that nobody can stand one student in front of it.
    """
    return FEWEST + _drawn(tally, "reach") % FEWEST


def differing_bits(one: Tally, other: Tally) -> int:
    """Return in how many bits two sketches differ."""
    return (one.sketch ^ other.sketch).bit_count()


def _drawn(tally: Tally, use: str) -> int:
    """Return a number that only those can know who know the random internal ids of all these students."""
    # (1): no randomness of its own: asking again, or in other words, must not average it away.
    told = f"pactgate draft|{use}|{tally.sketch:x}|{tally.students}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8], "big")
