"""From files to rows ready for a table: joined, filtered, read, checked alone. One row at a time, no database here."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec

from gateway.records.errors import BadMapping
from gateway.records.loading.cells import CellRefused, Lookups, Value, reader_for, shape_of
from gateway.records.loading.conditions import NOWHERE, is_meant, tests_of
from gateway.records.loading.csvfile import Refused, Row, hint_at_delimiter
from gateway.records.loading.forms import require_forms, require_known, require_order
from gateway.records.loading.layers import Exports, SourceRows
from gateway.records.loading.mapping import Load, SourceFile
from gateway.records.loading.shelf import Cells, Shelf
from gateway.records.loading.targets import AGREEMENT, NUMBER, kinds_of, later_columns


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row's values by field. Personal data: not printed."""

    line: int
    values: Mapping[str, Value]
    part: int = 0

    def __repr__(self) -> str:
        return f"StagedRow(line={self.line})"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken, and the number of the student and the agreement it is about, where they can be told."""

    refused: Refused
    number: str | None = field(default=None, repr=False)
    line: str | None = None


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field is read: from which cell (None: a constant), and by what."""

    name: str
    called: str
    """What a report calls it: its column, and where that stands in a record."""
    column: str | None
    place: int | None
    second: int | None
    cell: str
    read: Callable[[str], Value]


class Staging:
    """
    What one load takes from an export, row by row. Opening it reads headers only.

    Raises `BadSource`, `BadMapping`.
    """

    def __init__(self, load: Load, exports: Exports, lookups: Lookups) -> None:
        self.load = load
        self.file = exports.open(load.source)
        self._joined = [exports.open(join.file) for join in load.join]
        self.is_there = bool(self.file.layers)
        """Whether there is a file to read; an optional one may be missing."""
        if not self.is_there:
            return
        columns = (*self.file.columns, *chain.from_iterable(_named(each) for each in self._joined))
        _require_columns(load, self.file, self._joined, columns)
        # A file that is missing has no columns: what would be joined from it is empty.
        places = dict.fromkeys(_columns(load), NOWHERE) | {column: place for place, column in enumerate(columns)}
        self._on = [places[join.on] for join in load.join]
        kinds = kinds_of(load.target)
        self._fields = tuple(
            _Field(
                name,
                _called(rule.column, self.file.source) if rule.column else repr(name),
                rule.column,
                None if rule.column is None else places[rule.column],
                None if rule.fallback is None else places[rule.fallback],
                rule.constant or "",
                reader_for(rule, kinds[name], lookups),
            )
            for name, rule in load.rules().items()
        )
        own = set(self.file.columns)
        self._only, self._skip = tests_of(load.only, places, own), tests_of(load.skip, places, own)
        self._only_later = tests_of(load.only, places, places.keys() - own)
        self._skip_later = tests_of(load.skip, places, places.keys() - own)

    def rows(self) -> Iterator[StagedRow | RefusedRow]:
        """Yield each row that is meant, or why it is refused, in the file's order. Raises `BadSource`."""
        with ExitStack() as opened:
            shelves = [opened.enter_context(_shelved(file, join.key)) for file, join in self._tables()]
            for row in self.file.rows():
                if isinstance(row, Refused):
                    yield RefusedRow(row, self._told(row.cells, NUMBER), self._told(row.cells, AGREEMENT))
                # Conditions on the file's own cells come before the joins: a row that is not meant needs no partner.
                elif is_meant(row.cells, self._only, self._skip):
                    yield from self._taken(row, shelves)

    def constants(self) -> Mapping[str, Value]:
        """Return the values of the fields that are the same in every row, as far as they can be read."""
        found: dict[str, Value] = {}
        for each in self._fields:
            if each.place is None:
                try:
                    found[each.name] = each.read(each.cell)
                except CellRefused:
                    continue
        return found

    def _tables(self) -> Iterator[tuple[SourceRows, Any]]:
        return zip(self._joined, self.load.join, strict=True)

    def _taken(self, row: Row, shelves: Sequence[Shelf]) -> Iterator[StagedRow | RefusedRow]:
        """Yield the row as it will be stored, or why not; nothing for one that is not meant."""
        cells = row.cells
        try:
            for place, shelf, join, file in zip(self._on, shelves, self.load.join, self._joined, strict=True):
                key = cells[place] if place != NOWHERE else ""
                if join.item is not None:
                    key = key.split(",")[0 if join.item == "first" else -1].strip()
                cells += _partner(shelf, key, file, optional=join.optional)
            if self._joined and not is_meant(cells, self._only_later, self._skip_later):
                return
            values = {}
            for each in self._fields:
                cell = each.cell if each.place is None else _cell(cells, each)
                try:
                    values[each.name] = each.read(cell)
                except CellRefused as error:
                    reason = f"{each.called} {error}"
                    refused = self._refused(row, reason, each.column or "", shape_of(cell))
                    yield RefusedRow(refused, self._told(cells, NUMBER), self._told(cells, AGREEMENT))
                    return
            require_known(self.load.target, values)
            require_order(values)
            require_forms(self.load.target, values)
        except CellRefused as error:
            refused = self._refused(row, str(error))
            yield RefusedRow(refused, self._told(cells, NUMBER), self._told(cells, AGREEMENT))
            return
        yield StagedRow(row.line, values, row.part)

    def _refused(self, row: Row, reason: str, column: str = "", shape: str = "") -> Refused:
        return Refused(self.file.names[row.part], row.line, reason, column, shape, row.part)

    def _told(self, cells: Sequence[str], name: str) -> str | None:
        """Return what a refused row says in this field, as far as it was joined and can be read."""
        for each in self._fields:
            if each.name == name and (each.place is None or 0 <= each.place < len(cells)):
                try:
                    told = each.read(each.cell if each.place is None else cells[each.place])
                except CellRefused:
                    return None
                return None if told is None else str(told)
        return None


def _called(column: str, source: SourceFile) -> str:
    paths = source.named_paths.get(column, ())
    return repr(column) + (f" ({' or '.join(paths)})" if paths and paths != (column,) else "")


def _cell(cells: Sequence[str], of: _Field) -> str:
    """Return a field's cell, or that of its second column where the first one is empty."""
    cell = cells[of.place] if of.place is not None and of.place != NOWHERE else ""
    if cell or of.second is None or of.second == NOWHERE:
        return cell
    return cells[of.second]


def _partner(shelf: Shelf, key: str, file: SourceRows, *, optional: bool) -> Cells:
    found = shelf.find(key)
    if found is not None:
        return found
    if not optional:
        raise CellRefused(f"has no single row in {file.name!r}")
    return ("",) * len(file.columns)


def _named(file: SourceRows) -> tuple[str, ...]:
    return tuple(f"{file.name}.{column}" for column in file.columns)


@contextmanager
def _shelved(file: SourceRows, key: str) -> Iterator[Shelf]:
    """Yield the rows of a second file by key."""
    shelf = Shelf()
    try:
        for row in file.rows():
            if isinstance(row, Row):
                shelf.put(row.cells[file.columns.index(key)], row.cells)
        yield shelf
    finally:
        shelf.close()


def _require_columns(load: Load, file: SourceRows, joined: Sequence[SourceRows], columns: Iterable[str]) -> None:
    missing = tuple(f"{table.name}." for table in joined if not table.layers)
    for table, join in zip(joined, load.join, strict=True):
        if table.layers and join.key not in table.columns:
            raise BadMapping(f"The file {table.name!r} has no column {join.key!r}.{hint_at_delimiter(table.columns)}")
    known = set(columns)
    for column in _columns(load):
        if column not in known and not column.startswith(missing):
            hint = hint_at_delimiter(file.columns)
            raise BadMapping(f"{load.target}: the file {file.name!r} has no column {column!r}.{hint}")


def _columns(load: Load) -> Iterator[str]:
    for rule in load.rules().values():
        yield from (column for column in (rule.column, rule.fallback) if column is not None)
    yield from (each.column for each in (*load.only, *load.skip))
    yield from (join.on for join in load.join)


_encode = msgspec.json.Encoder().encode


def digest_of(values: Iterable[Value | Any]) -> bytes:
    """Return what stands for a row's facts: 16 bytes of SHA-256 over its values in the table's order."""
    return hashlib.sha256(_encode(list(values))).digest()[:16]


def row_digest(target: str, columns: Sequence[str], values: Sequence[Any]) -> bytes:
    """
    Return what stands for a row of `target`.

    INVARIANT: a row without a word in the columns that came later has the digest it had before they came. Otherwise
    the first load after an upgrade would change every row, and be held.
    """
    later = later_columns(target)
    if not later:
        return digest_of(values)
    said = dict(zip(columns, values, strict=True))
    own = [value for name, value in said.items() if name not in later]
    return digest_of(
        [*own, *([str(name), said[name]] for name in columns if name in later and said[name] not in (None, ""))]
    )
