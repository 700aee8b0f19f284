"""Rows of a second file beside those of a batch: found by key, each where its partner stands."""

from collections.abc import Iterator, Sequence
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
    """
    shelf = Shelf()
    try:
        at = file.columns.index(key) if file.layers else NOWHERE
        for row in file.rows():
            if isinstance(row, Row) and row.cells[at]:
                shelf.put(row.cells[at], row.cells)
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


def joined(batch: Batch, partners: Sequence[Cells | None], width: int) -> Batch:
    """Return the rows with the cells of their partners behind their own, of `width` columns; empty where is none."""
    nothing = ("",) * width
    cells = [nothing if partner is None else partner for partner in partners]
    return Batch(batch.lines, [*batch.columns, *columns_of(cells, width)], batch.refused, batch.part)
