"""Rows of a second file beside those of a batch: found by key, each where its partner stands."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from gateway.records.loading.batches import Batch, Row, columns_of
from gateway.records.loading.conditions import NOWHERE
from gateway.records.loading.layers import SourceRows
from gateway.records.loading.mapping import Join
from gateway.records.loading.shelf import Cells, Shelf


@contextmanager
def shelved(file: SourceRows, key: str) -> Iterator[Shelf]:
    """
    Yield the rows of a second file by key. Raises `BadSource`.

    INVARIANT: nothing is no key. Two rows without one have nothing in common, so a blank key finds nobody.
    INVARIANT: a row that cannot be read is not taken for one that is not there: whoever may have it is told apart.
    """
    shelf = Shelf()
    try:
        at = file.columns.index(key) if file.layers else NOWHERE
        for row in file.rows():
            told = row.cells[at] if len(row.cells) > at else ""
            if isinstance(row, Row):
                if told:
                    shelf.put(told, row.cells)
            elif told:
                shelf.spoil(told)
            else:
                shelf.unread = shelf.unread or f"{row.file}:{row.line}"
        yield shelf
    finally:
        shelf.close()


def keys_of(batch: Batch, place: int, join: Join) -> Sequence[str]:
    """Return the key of each row's partner, which stands in the column at `place`, or is one of several there."""
    if place == NOWHERE:
        return [""] * len(batch.lines)
    if join.item is None:
        return batch.columns[place]
    at = 0 if join.item == "first" else -1
    return [cell.split(",")[at].strip() for cell in batch.columns[place]]


def asked_of(joins: Sequence[Join], conditions: Iterable[str]) -> list[bool]:
    """Return of each join whether it is by its cells, or by those of one that hangs on it, that rows are meant."""
    wanted = set(conditions)
    asked: list[bool] = []
    for join in reversed(joins):
        asked.append(any(column.startswith(f"{join.file}.") for column in wanted))
        if asked[-1]:
            wanted.add(join.on)
    return asked[::-1]


def doubt_of(shelf: Shelf, key: str, name: str) -> str | None:
    """Return why a key that finds nothing in a file may have a row there all the same; None if it has none."""
    if not key:
        return None
    if shelf.knows(key):
        return f"has no single row in {name!r}"
    return f"may have the row at {shelf.unread}, which cannot be read" if shelf.unread else None


def joined(batch: Batch, partners: Sequence[Cells | None], width: int) -> Batch:
    """Return the rows with the cells of their partners behind their own, of `width` columns; empty where is none."""
    nothing = ("",) * width
    cells = [nothing if partner is None else partner for partner in partners]
    return Batch(batch.lines, [*batch.columns, *columns_of(cells, width)], batch.refused, batch.part)
