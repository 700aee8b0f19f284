"""How one field of a load is filled: from which column of a batch, and by what its cells are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.records.loading.batches import Batch, Column
from gateway.records.loading.cells import CellReader, CellRefused, Value
from gateway.records.loading.conditions import NOWHERE
from gateway.records.loading.mapping import FieldRule, SourceFile


@dataclass(frozen=True, slots=True)
class Field:
    """A field, and from which cells it is read; with no place it is the same in every row."""

    name: str
    called: str
    """What a report calls it: its column, and where that stands in a record."""
    column: str | None
    place: int | None
    second: int | None
    """The place of the column that counts where the first one is empty."""
    constant: str
    reader: CellReader

    def values(self, batch: Batch) -> tuple[list[Value], dict[int, CellRefused]]:
        """Return the field's value in each row, and the places of the rows in which it cannot be read."""
        rows = len(batch.lines)
        if self.place is None:
            return self.reader.column([self.constant] * rows)
        first, *others = self._columns(batch) or [[""] * rows]
        for other in others:
            first = [one or more for one, more in zip(first, other, strict=True)]
        return self.reader.column(first)

    def cell(self, batch: Batch, at: int) -> str:
        """Return the cell from which one row's value is read."""
        if self.place is None:
            return self.constant
        return next((column[at] for column in self._columns(batch) if column[at]), "")

    def told(self, cells: Sequence[str]) -> str | None:
        """
        Return the cell from which the value of a refused row is read, of the cells that it was found to have.

        None if that cell is not among them: a row that was refused before it was joined has those of its own file only.
        """
        if self.place is None:
            return self.constant
        for place in self._places:
            if place >= len(cells):
                return None
            if cells[place]:
                return cells[place]
        return ""

    def _columns(self, batch: Batch) -> list[Column]:
        """Return the columns that the field is read from, the one that counts first."""
        return [batch.columns[place] for place in self._places]

    @property
    def _places(self) -> list[int]:
        """The places of the columns that are there, the one that counts first."""
        return [place for place in (self.place, self.second) if place is not None and place != NOWHERE]


def field_for(name: str, rule: FieldRule, source: SourceFile, places: Mapping[str, int], reader: CellReader) -> Field:
    """Return how the field `name` is filled under `rule` from the columns at these places."""
    return Field(
        name,
        _called(rule.column, source) if rule.column else repr(name),
        rule.column,
        None if rule.column is None else places[rule.column],
        None if rule.fallback is None else places[rule.fallback],
        rule.constant or "",
        reader,
    )


def _called(column: str, source: SourceFile) -> str:
    paths = source.named_paths.get(column, ())
    return repr(column) + (f" ({' or '.join(paths)})" if paths and paths != (column,) else "")
