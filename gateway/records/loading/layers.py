"""
An export and the deltas that change it, read as one: a later row takes the place of an earlier one with its id.

A delta says what changed since the export before it. Laid over each other from the newest to the oldest they are what a
whole export of today would be, so joins, folds and what ends by being missing work as they do for one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.records.errors import BadMapping, BadSource
from gateway.records.loading.archive import export_at
from gateway.records.loading.batches import Batch, Refused, Row, batched, one_by_one
from gateway.records.loading.csvfile import open_csv
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import Manifest, MappingFile, SourceFile
from gateway.records.loading.parts import Parts, open_parts, paths_of
from gateway.records.loading.shelf import Shelf

ABSENT, BULK, DELTA = "absent", "bulk", "delta"
_PROPERTIES = ("propertyName", "value")
_MOST_PROPERTIES = 1_000


@dataclass(slots=True)
class SourceRows:
    """The rows of one file of the mapping, through all layers. `taken` is how many letters were read so far."""

    name: str
    columns: tuple[str, ...]
    source: SourceFile
    layers: Sequence[Parts]
    """The newest first; none for an optional file that is missing."""
    size: int = field(default=0)
    passed_over: int = field(default=0)
    """How many rows were read so far that are there no more: a delta took their place, or they say so."""

    def __post_init__(self) -> None:
        """Give every file of every layer a number."""
        number = 0
        for layer in self.layers:
            layer.first = number
            number += len(layer.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """What each file is called in a report, by its number."""
        return tuple(part.name for layer in self.layers for part in layer.parts)

    @property
    def taken(self) -> int:
        """How many letters of `size` bytes were read so far."""
        return sum(layer.taken for layer in self.layers)

    def rows(self) -> Iterator[Row | Refused]:
        """Yield each row that stands, or why one is refused. Raises `BadSource`."""
        return one_by_one(self.batches())

    def batches(self) -> Iterator[Batch]:
        """Yield the same some thousand at a time. Raises `BadSource`."""
        if len(self.layers) == 1 and self.source.gone is None:
            yield from self.layers[0].batches()
            return
        seen = Shelf()
        try:
            for layer in self.layers:
                yield from batched(self._standing(layer, seen), len(self.columns))
        finally:
            seen.close()

    def _standing(self, layer: Parts, seen: Shelf) -> Iterator[Row | Refused]:
        order = [layer.columns.index(column) for column in self.columns]
        at = None if self.source.id is None else self.columns.index(self.source.id)
        gone, is_oldest = self.source.gone, layer is self.layers[-1]
        gone_at = None if gone is None else self.columns.index(gone.column)
        for row in layer.rows():
            if isinstance(row, Refused):
                refused = row.in_order(order)
                # INVARIANT: what a row was meant to change does not stand because the row cannot be read.
                own_id = refused.cells[at] if at is not None and refused.cells and len(self.layers) > 1 else ""
                if own_id and seen.has(own_id, before=layer.name):
                    self.passed_over += 1
                    continue
                if own_id and not is_oldest:
                    seen.note(own_id, layer.name)
                yield refused
                continue
            cells = tuple([row.cells[place] for place in order])
            # A row without an id takes nobody's place: other rows that have none are not what it was meant to change.
            if at is not None and cells[at] and len(self.layers) > 1:
                if seen.has(cells[at], before=layer.name):
                    self.passed_over += 1
                    continue
                if not is_oldest:
                    seen.note(cells[at], layer.name)
            if gone is None or gone_at is None or cells[gone_at] not in gone.values:
                yield Row(row.line, cells, row.part)
            else:
                self.passed_over += 1


class Exports:
    """What a mapping reads: an export, and deltas in the order in which they change it."""

    def __init__(self, mapping: MappingFile, places: Sequence[Path]) -> None:
        """Open folders and zip files, and what they say of themselves. Raises `BadSource`."""
        self._mapping = mapping
        self._exports: list[Export] = [export_at(each) for each in places]
        self._said = [_properties(export, mapping.manifest) for export in self._exports]

    def open(self, name: str) -> SourceRows:
        """Open a file of the mapping in every layer. Raises `BadSource`, `BadMapping`."""
        source = self._mapping.files[name]
        layers: list[Parts] = []
        for number, (export, said) in enumerate(zip(self._exports, self._said, strict=True)):
            paths = paths_of(export, source)
            kind = self._kind(source, said, number, there=bool(paths))
            if kind == ABSENT:
                continue
            opened = open_parts(export, name, source, paths, delta=number)
            layers = [opened] if kind == BULK else [opened, *layers]
        if not layers and not source.optional:
            raise BadSource(f"{name}: {source.path} is not there, or cannot be read.")
        columns = layers[-1].columns if layers else ()
        for layer in layers:
            if set(layer.columns) != set(columns):
                raise BadSource(f"{layer.name}: its columns are not those of the export that it changes.")
        needed = [] if source.gone is None else [source.gone.column]
        needed += [] if source.id is None or len(layers) < 2 else [source.id]  # noqa: PLR2004 - a delta and what it changes
        for column in needed if layers else ():
            if column not in columns:
                raise BadMapping(f"The file {name!r} has no column {column!r}.")
        if len(layers) > 1 and source.id is None:
            raise BadMapping(f"The file {name!r} has no id by which a delta could change it.")
        return SourceRows(name, columns, source, layers, sum(each.size for each in layers))

    def _kind(self, source: SourceFile, said: Mapping[str, str], number: int, *, there: bool) -> str:
        if source.declared is None or self._mapping.manifest is None:
            if not there and (source.optional or number):
                return ABSENT
            return DELTA if number else BULK
        kind = said.get(source.declared, ABSENT)
        if kind not in {ABSENT, BULK, DELTA}:
            raise BadSource(f"The manifest says of {source.path} neither absent, bulk nor delta.")
        if kind == DELTA and number == 0:
            raise BadSource(f"{source.path} is a delta: name the export that it changes first.")
        if kind != ABSENT and not there:
            raise BadSource(f"{source.path} is in the manifest and not in the export.")
        return kind


def _properties(export: Export, manifest: Manifest | None) -> Mapping[str, str]:
    """Return what an export says of itself. Raises `BadSource` unless it is what the mapping requires."""
    if manifest is None:
        return {}
    file = open_csv(export, "manifest", SourceFile(manifest.path))
    if file.columns != _PROPERTIES:
        raise BadSource(f"{manifest.path} has other columns than {' and '.join(_PROPERTIES)}.")
    said: dict[str, str] = {}
    for row in file.rows():
        if isinstance(row, Refused) or len(said) >= _MOST_PROPERTIES:
            raise BadSource(f"{manifest.path} cannot be read.")
        said[row.cells[0]] = row.cells[1]
    for name, values in manifest.requires.items():
        if said.get(name) not in values:
            raise BadSource(f"{manifest.path} does not say {name} {' or '.join(values)}.")
    return said
