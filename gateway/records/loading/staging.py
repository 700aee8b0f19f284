"""From files to rows ready for a table: joined, filtered, read, checked alone. Some at a time, no database here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, compress
from typing import Any

import msgspec

from gateway.records.errors import BadMapping
from gateway.records.loading.batches import Batch, Refused
from gateway.records.loading.cells import CellRefused, Lookups, Value, reader_for, shape_of
from gateway.records.loading.conditions import NOWHERE, tests_of, those_meant
from gateway.records.loading.csvfile import hint_at_layout
from gateway.records.loading.fields import Field, field_for
from gateway.records.loading.forms import doubtful, require_forms, require_known, require_order
from gateway.records.loading.joining import asked_of, doubt_of, joined, keys_of, shelved
from gateway.records.loading.layers import Exports, SourceRows
from gateway.records.loading.mapping import Load
from gateway.records.loading.shelf import Shelf
from gateway.records.loading.targets import AGREEMENT, NUMBER, kinds_of, later_columns


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken, and the number of the student and the agreement it is about, where they can be told."""

    refused: Refused
    number: str | None = field(default=None, repr=False)
    line: str | None = None


@dataclass(frozen=True, slots=True)
class StagedRows:
    """
    Some rows of one file: their lines, their values by field; and those refused among them. Not printed.

    `read` is how many rows there were: those that are neither here nor refused are left out, as the mapping says.
    """

    lines: Sequence[int]
    values: Mapping[str, Sequence[Value]]
    refused: Sequence[RefusedRow]
    part: int
    read: int

    def __repr__(self) -> str:
        return f"StagedRows({len(self.lines)} taken, {len(self.refused)} refused)"


class Staging:
    """
    What one load takes from an export. Opening it reads headers only.

    Raises `BadSource`, `BadMapping`.
    """

    def __init__(self, load: Load, exports: Exports, lookups: Lookups) -> None:
        self.load = load
        self.file = exports.open(load.source)
        self._joined = [exports.open(join.file) for join in load.join]
        self.is_there = bool(self.file.layers)
        """Whether there is a file to read; an optional one may be missing."""
        self.named: frozenset[str] = frozenset()
        """The agreements that the file's own names for them stand for, whether or not a row has such a name."""
        if not self.is_there:
            return
        columns = (*self.file.columns, *chain.from_iterable(_named(each) for each in self._joined))
        _require_columns(load, self.file, self._joined, columns)
        # A file that is missing has no columns: what would be joined from it is empty.
        places = dict.fromkeys(_columns(load), NOWHERE) | {column: place for place, column in enumerate(columns)}
        self._on = [places[join.on] for join in load.join]
        agreement = load.rules().get(AGREEMENT)
        if agreement is not None and agreement.lookup is not None and agreement.constant is None:
            self.named = frozenset(lookups.get(agreement.lookup, {}).values())
        kinds = kinds_of(load.target)
        self._fields = tuple(
            field_for(name, rule, self.file.source, places, reader_for(rule, kinds[name], lookups))
            for name, rule in load.rules().items()
        )
        own = set(self.file.columns)
        self._only, self._skip = tests_of(load.only, places, own), tests_of(load.skip, places, own)
        self._only_later = tests_of(load.only, places, places.keys() - own)
        self._skip_later = tests_of(load.skip, places, places.keys() - own)
        self._asked = asked_of(load.join, [each.column for each in (*load.only, *load.skip) if each.column not in own])

    def batches(self) -> Iterator[StagedRows]:
        """Yield the rows that are meant, and why some are refused, in the file's order. Raises `BadSource`."""
        with ExitStack() as opened:
            tables = zip(self._joined, self.load.join, strict=True)
            shelves = [opened.enter_context(shelved(file, join.key)) for file, join in tables]
            for batch in self.file.batches():
                refused = [self._refused(each, each.cells) for _, each in batch.refused]
                # Conditions on the file's own cells come before the joins: a row that is not meant needs no partner.
                meant = those_meant(Batch(batch.lines, batch.columns, (), batch.part), self._only, self._skip)
                read = len(batch.lines) + len(batch.refused)
                yield self._staged(self._with_partners(meant, shelves, refused), refused, read)

    def constants(self) -> Mapping[str, Value]:
        """Return the values of the fields that are the same in every row, as far as they can be read."""
        found: dict[str, Value] = {}
        for each in self._fields:
            if each.place is None:
                try:
                    found[each.name] = each.reader.read(each.constant)
                except CellRefused:
                    continue
        return found

    def _with_partners(self, batch: Batch, shelves: Sequence[Shelf], refused: list[RefusedRow]) -> Batch:
        """
        Return the rows with the cells of their partners in other files, as far as they are meant then.

        INVARIANT: a row is not left out, and not let through, by the cells of a partner that could not be read: nobody
        can tell what it says, so the row is refused.
        """
        doubts: list[str | None] = [None] * len(batch.lines)
        tables = zip(self._on, shelves, self.load.join, self._joined, self._asked, strict=True)
        for place, shelf, join, file, is_asked in tables:
            keys = keys_of(batch, place, join)
            found = [shelf.find(key) for key in keys]
            if not join.optional:
                has_one = [each is not None for each in found]
                alone = [at for at, each in enumerate(found) if each is None]
                refused += [self._refused_at(batch, at, f"has no single row in {file.name!r}") for at in alone]
                batch, found, doubts = batch.those(has_one), [*compress(found, has_one)], [*compress(doubts, has_one)]
            elif is_asked:
                for at, one in enumerate(found):
                    if one is None:
                        doubts[at] = doubts[at] or doubt_of(shelf, keys[at], file.name)
            batch = joined(batch, found, len(file.columns))
        if not self._joined:
            return batch
        # Refused with the cells of all its other partners, which may say whose row it is.
        refused += [self._refused_at(batch, at, why) for at, why in enumerate(doubts) if why is not None]
        return those_meant(batch.those([why is None for why in doubts]), self._only_later, self._skip_later)

    def _staged(self, batch: Batch, refused: list[RefusedRow], read: int) -> StagedRows:
        """Return the rows as they will be stored, or why not."""
        values: dict[str, Sequence[Value]] = {}
        wrong: dict[int, RefusedRow] = {}
        for each in self._fields:
            values[each.name], unread = each.values(batch)
            for at, error in unread.items():
                if at not in wrong:
                    shape = shape_of(each.cell(batch, at))
                    wrong[at] = self._refused_at(batch, at, f"{each.called} {error}", each.column or "", shape)
        for at in doubtful(self.load.target, values, len(batch.lines)):
            if at not in wrong and (why := self._lacking({name: column[at] for name, column in values.items()})):
                wrong[at] = self._refused_at(batch, at, why)
        if wrong:
            right = [at not in wrong for at in range(len(batch.lines))]
            values = {name: [*compress(column, right)] for name, column in values.items()}
            batch = batch.those(right)
        told = sorted((*refused, *wrong.values()), key=lambda each: each.refused.line)
        return StagedRows(batch.lines, values, told, batch.part, read)

    def _lacking(self, values: Mapping[str, Value]) -> str | None:
        """Return why the table cannot hold a row of these values, if it cannot."""
        try:
            require_known(self.load.target, values)
            require_order(values)
            require_forms(self.load.target, values)
        except CellRefused as error:
            return str(error)
        return None

    def _refused_at(self, batch: Batch, at: int, reason: str, column: str = "", shape: str = "") -> RefusedRow:
        name, line = self.file.names[batch.part], batch.lines[at]
        return self._refused(Refused(name, line, reason, column, shape, batch.part), batch.cells(at))

    def _refused(self, refused: Refused, cells: Sequence[str]) -> RefusedRow:
        return RefusedRow(refused, _told(self._fields, NUMBER, cells), _told(self._fields, AGREEMENT, cells))


def _told(fields: Iterable[Field], name: str, cells: Sequence[str]) -> str | None:
    """Return what a refused row says in this field, as far as it was joined and can be read."""
    said = next((each for each in fields if each.name == name), None)
    if said is None or (cell := said.told(cells)) is None:
        return None
    try:
        told = said.reader.read(cell)
    except CellRefused:
        return None
    return None if told is None else str(told)


def _named(file: SourceRows) -> tuple[str, ...]:
    return tuple(f"{file.name}.{column}" for column in file.columns)


def _require_columns(load: Load, file: SourceRows, joined: Sequence[SourceRows], columns: Iterable[str]) -> None:
    missing = tuple(f"{table.name}." for table in joined if not table.layers)
    for table, join in zip(joined, load.join, strict=True):
        if table.layers and join.key not in table.columns:
            raise BadMapping(f"The file {table.name!r} has no column {join.key!r}.{hint_at_layout(table.columns)}")
    known = set(columns)
    for column in _columns(load):
        if column not in known and not column.startswith(missing):
            hint = hint_at_layout(file.columns)
            raise BadMapping(f"{load.target}: the file {file.name!r} has no column {column!r}.{hint}")


def _columns(load: Load) -> Iterator[str]:
    for rule in load.rules().values():
        yield from (column for column in (rule.column, rule.fallback) if column is not None)
    yield from (each.column for each in (*load.only, *load.skip))
    yield from (join.on for join in load.join)


_encode_lines = msgspec.json.Encoder().encode_lines


def digest_of(values: Iterable[Value | Any]) -> bytes:
    """Return what stands for a row's facts: 16 bytes of SHA-256 over its values in the table's order."""
    return digests_of([list(values)])[0]


def digests_of(rows: Sequence[Sequence[Value | Any]]) -> list[bytes]:
    """Return the same of each of these rows. JSON holds no line break of its own, so the lines are the rows."""
    return [sha256(line).digest()[:16] for line in _encode_lines(rows).split(b"\n")[:-1]]


def row_digest(target: str, columns: Sequence[str], values: Sequence[Any]) -> bytes:
    """Return what stands for a row of `target`."""
    return row_digests(target, columns, [[value] for value in values])[0]


def row_digests(target: str, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> list[bytes]:
    """
    Return what stands for each row of `target`, of which the columns are given.

    INVARIANT: a row without a word in the columns that came later has the digest it had before they came. Otherwise
    the first load after an upgrade would change every row, and be held.
    """
    later = later_columns(target)
    said = dict(zip(columns, values, strict=True))
    rows: list[tuple[Any, ...]] = list(zip(*[said[name] for name in columns if name not in later], strict=True))
    for name in columns:
        if name in later and any(value not in (None, "") for value in said[name]):
            rows = [
                row if value in (None, "") else (*row, (str(name), value))
                for row, value in zip(rows, said[name], strict=True)
            ]
    return digests_of(rows)
