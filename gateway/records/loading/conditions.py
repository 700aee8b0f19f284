"""Which rows are meant: the conditions of a load on the cells of rows, each with the place of its column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.records.loading.batches import Batch
from gateway.records.loading.mapping import Condition

NOWHERE: Final = -1
"""The place of a column that would come from a file that is missing: its cells are empty."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on the cell at a place."""

    place: int
    values: frozenset[str]
    filled: bool | None

    def holding(self, batch: Batch) -> list[bool]:
        """Return of each row whether it meets the condition."""
        cells = batch.columns[self.place] if self.place != NOWHERE else [""] * len(batch.lines)
        if self.filled is None:
            return [cell in self.values for cell in cells]
        return [cell in self.values or bool(cell) is self.filled for cell in cells]


def tests_of(conditions: Iterable[Condition], places: Mapping[str, int], among: Iterable[str]) -> tuple[Test, ...]:
    """Return the conditions on these columns."""
    chosen = set(among)
    return tuple(
        Test(places[each.column], frozenset(each.values), each.filled) for each in conditions if each.column in chosen
    )


def those_meant(batch: Batch, only: Iterable[Test], skip: Iterable[Test]) -> Batch:
    """Return the rows that these conditions let through."""
    for test in only:
        batch = batch.those(test.holding(batch))
    for test in skip:
        batch = batch.those([not holds for holds in test.holding(batch)])
    return batch
