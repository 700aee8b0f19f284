"""What one partner obtains over all its agreements together, and which two of them add up to more than either."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from agreements.strictness import RANK
from policies.analyse.linking import Joinable
from policies.analyse.obtained import Obtained


@dataclass(frozen=True, slots=True)
class Holding:
    """
    One element of a partner: the most that any of its agreements tells of it, and what each of them does.

    Two ways of leaving can tell more together than either: an age and a birth year narrow a birth date (`ways`).
    """

    dataset: str
    element: str
    name: str
    most_open: str
    ways: tuple[str, ...]
    by: tuple[Obtained, ...]


@dataclass(frozen=True, slots=True)
class AddsUp:
    """
    Two lines of one partner that give it more together than either: what only one and only the other tells.

    `joined_by` names the sets that both give out whole. If there is none, the partner has both but cannot join the
    rows by anything we gave it.
    """

    one: str
    other: str
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    joined_by: tuple[str, ...]


def together(found: Iterable[Obtained], partner: str) -> tuple[Holding, ...]:
    """Return what `partner` obtains in all, by dataset and element; columns that are left empty are nothing."""
    held: dict[tuple[str, str], list[Obtained]] = {}
    for each in found:
        if each.partner == partner and each.tells:
            held.setdefault((each.dataset, each.element), []).append(each)
    holdings = []
    for (dataset, element), pieces in sorted(held.items()):
        ways = sorted({each.transformation for each in pieces}, key=RANK.__getitem__)
        holdings.append(Holding(dataset, element, pieces[0].name, ways[-1], tuple(ways), tuple(pieces)))
    return tuple(holdings)


def adding_up(holdings: Iterable[Holding], joined: Sequence[Joinable]) -> tuple[AddsUp, ...]:
    """Return the pairs of one partner's lines of which each tells something that the other does not."""
    told: dict[str, set[str]] = {}
    for each in holdings:
        for piece in each.by:
            told.setdefault(piece.line, set()).add(f"{each.dataset}:{each.element}:{piece.transformation}")
    pairs = []
    for one, other in combinations(sorted(told), 2):
        only_one, only_other = told[one] - told[other], told[other] - told[one]
        if only_one and only_other:
            by = tuple(each.by.name for each in joined if {one, other} <= {side.line for side in each.sides})
            pairs.append(AddsUp(one, other, tuple(sorted(only_one)), tuple(sorted(only_other)), by))
    return tuple(pairs)
