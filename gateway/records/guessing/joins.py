"""Which table could be joined to which: by columns called alike, where one names each of its rows once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.records.guessing.tables import Table
from gateway.records.guessing.words import readings, squeezed

_MOST: Final = 0.9
"""The share of cells that must have a partner, for two columns to mean the same."""
_KEYS: Final = ("", "id", "number", "no", "code", "sourcedid", "uniqueid", "key")


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of `table` may be found by `on`, a column of the other table, in `key`."""

    table: Table
    on: str
    key: str
    is_complete: bool
    """Whether every row has a partner, as far as was looked."""


def links_of(table: Table, tables: Sequence[Table]) -> tuple[Link, ...]:
    """Return what can be joined to `table`, one link to each other table, the surest first."""
    return tuple(link for other in tables if other is not table for link in _links(table, other))


def _links(table: Table, other: Table) -> Iterator[Link]:
    if not (table.has_header and other.has_header):
        return
    found: list[tuple[float, Link]] = []
    for key in other.columns:
        cells = other.cells(key)
        known = set(cells)
        if not cells or len(known) < len(other.rows):
            continue
        for on in table.columns:
            if not _mean_the_same(on, key, other.name):
                continue
            asked = table.cells(on)
            share = sum(cell in known for cell in asked) / len(asked) if asked else 0.0
            if share >= _MOST or (asked and not other.is_whole):
                found.append((share, Link(other, on, key, share == 1.0 and len(asked) == len(table.rows))))
    if found:
        yield max(found, key=lambda each: each[0])[1]


def _mean_the_same(on: str, key: str, table: str) -> bool:
    """Return whether `on` is called as `key` is, or after the table that `key` stands in: person_id for people's id."""
    if set(readings(on)) & set(readings(key)):
        return True
    stem = squeezed(table)
    stems = {stem, stem.removesuffix("s"), {"people": "person"}.get(stem, stem)}
    return squeezed(key) in _KEYS[1:] and any(
        reading in {each + end for each in stems for end in _KEYS} for reading in readings(on)
    )
