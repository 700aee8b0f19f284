"""
Rows of a file some thousand at a time, column by column: most of what is asked of a row is asked of a column at once.

A batch is bounded in letters, so that a file of any size is read in the same memory. Whoever wants rows one by one asks
for them; the two ways say the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Final

LETTERS: Final = 2**18
"""How much is read at a time: some thousand rows of most exports."""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    A row that was not taken: which file and line, and why, in words that hold none of its cells.

    Where one cell is to blame, `column` names its column and `shape` is the cell with every letter and digit masked.
    `part` is the number of the file, where several files are one file of the mapping. `cells` is what could be read of
    the row, to tell whose it is. Personal data: not printed.
    """

    file: str
    line: int
    reason: str
    column: str = ""
    shape: str = ""
    part: int = 0
    cells: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"

    def in_order(self, places: Sequence[int]) -> "Refused":
        """Return it with the cells of these places, as far as it has them."""
        cells = tuple(self.cells[place] if place < len(self.cells) else "" for place in places)
        return replace(self, cells=cells if self.cells else ())


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, in the order of the file's columns, and where it stands. Personal data: not printed."""

    line: int
    cells: tuple[str, ...]
    part: int = 0

    def __repr__(self) -> str:
        return f"Row(line={self.line})"


Column = Sequence[str]
"""The cells of some rows under one name."""


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Some rows of one file in its order: their lines, and each column's cells. Personal data: not printed.

    `refused` are the rows among them that could not be read, each with how many rows stand before it.
    """

    lines: Sequence[int]
    columns: Sequence[Column]
    refused: Sequence[tuple[int, Refused]] = ()
    part: int = 0

    def __repr__(self) -> str:
        return f"Batch({len(self.lines)} rows)"

    def cells(self, at: int) -> tuple[str, ...]:
        """Return the cells of one row."""
        return tuple([column[at] for column in self.columns])

    def rows(self) -> Iterator[Row | Refused]:
        """Yield each row, or why it is refused, in the file's order."""
        cells = zip(*self.columns, strict=True) if self.columns else iter([()] * len(self.lines))
        rows = map(Row, self.lines, cells, [self.part] * len(self.lines))
        begun = 0
        for place, refused in self.refused:
            for _ in range(place - begun):
                yield next(rows)
            begun = place
            yield refused
        yield from rows

    def those(self, meant: Sequence[bool]) -> "Batch":
        """Return only the rows that are meant. A refused row stays: nobody knows what it meant."""
        if all(meant):
            return self
        return Batch(
            list(compress(self.lines, meant)),
            [list(compress(column, meant)) for column in self.columns],
            [(sum(meant[:place]), refused) for place, refused in self.refused],
            self.part,
        )


def one_by_one(batches: Iterable[Batch]) -> Iterator[Row | Refused]:
    """Yield the rows of batches."""
    for batch in batches:
        yield from batch.rows()


def batched(rows: Iterable[Row | Refused], width: int) -> Iterator[Batch]:
    """Yield rows that come one by one, of `width` columns, in batches; those of one file in each."""
    lines: list[int] = []
    cells: list[tuple[str, ...]] = []
    refused: list[tuple[int, Refused]] = []
    letters, part = 0, 0
    for row in rows:
        if (letters >= LETTERS or row.part != part) and (lines or refused):
            yield Batch(lines, columns_of(cells, width), refused, part)
            lines, cells, refused, letters = [], [], [], 0
        part = row.part
        letters += sum(map(len, row.cells)) + width
        if isinstance(row, Refused):
            refused.append((len(lines), row))
        else:
            lines.append(row.line)
            cells.append(row.cells)
    if lines or refused:
        yield Batch(lines, columns_of(cells, width), refused, part)


def columns_of(cells: Sequence[Sequence[str]], width: int) -> list[Column]:
    """Return rows of `width` cells each as columns."""
    return list(zip(*cells, strict=True)) if cells else [()] * width
