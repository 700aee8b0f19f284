"""Which rows are meant: the conditions of a load on the cells of a row, each with the place of its column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.records.loading.mapping import Condition

NOWHERE: Final = -1
"""The place of a column that would come from a file that is missing: its cells are empty."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on the cell at a place."""

    place: int
    values: frozenset[str]
    filled: bool | None

    def holds(self, cells: Sequence[str]) -> bool:
        """Return whether the row meets the condition."""
        cell = cells[self.place] if self.place != NOWHERE else ""
        return cell in self.values or (self.filled is not None and bool(cell) is self.filled)


def tests_of(conditions: Iterable[Condition], places: Mapping[str, int], among: Iterable[str]) -> tuple[Test, ...]:
    """Return the conditions on these columns."""
    chosen = set(among)
    return tuple(
        Test(places[each.column], frozenset(each.values), each.filled) for each in conditions if each.column in chosen
    )


def is_meant(cells: Sequence[str], only: Iterable[Test], skip: Iterable[Test]) -> bool:
    """Return whether these conditions let the row through."""
    return all(test.holds(cells) for test in only) and not any(test.holds(cells) for test in skip)
