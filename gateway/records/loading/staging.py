"""From files to rows ready for a table: joined, filtered, read, checked against each other. No database here."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from gateway.records.errors import BadMapping
from gateway.records.loading.cells import CellRefused, Lookups, Value, read_cell
from gateway.records.loading.csvfile import CsvFile, Refused, Row, open_csv
from gateway.records.loading.forms import require_forms
from gateway.records.loading.mapping import Condition, Load, MappingFile
from gateway.records.loading.targets import NUMBER, TARGETS, columns_of, field_of, fields_of, required_of


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row's values by field. Personal data: not printed."""

    line: int
    values: Mapping[str, Value]

    def __repr__(self) -> str:
        return f"StagedRow(line={self.line})"


@dataclass(slots=True)
class Staged:
    """What one load found: rows to take, rows refused, and the students of refused rows, where they can be told."""

    load: Load
    file: str
    rows: list[StagedRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)


def stage(mapping: MappingFile, load: Load, folder: Path, lookups: Lookups) -> Staged:
    """Read what `load` takes from the export in `folder`. Raises `BadSource`, `BadMapping`."""
    file = open_csv(folder, load.source, mapping.files[load.source])
    tables = [_Joined(folder, mapping, join.file, join.key) for join in load.join]
    staged = Staged(load, file.name)
    rules, kinds = load.rules(), _kinds(load.target)
    _require_columns(load, file, tables)
    for row in file.rows():
        if isinstance(row, Refused):
            staged.refused.append(row)
            continue
        cells = dict(zip(file.columns, row.cells, strict=True))
        # Conditions on the file's own cells come before the joins: a row that is not meant needs no partner.
        if not _is_meant(load, cells, file.columns):
            continue
        try:
            for join, table in zip(load.join, tables, strict=True):
                cells |= table.cells(cells[join.on], optional=join.optional)
            if not _is_meant(load, cells, cells.keys() - file.columns):
                continue
            values: dict[str, Value] = {}
            for name, rule in rules.items():
                cell = rule.constant if rule.column is None else cells[rule.column]
                try:
                    values[name] = read_cell(cell or "", rule, kinds[name], lookups)
                except CellRefused as error:
                    raise CellRefused(f"{rule.column or name!r} {error}") from None
            _require_known(load.target, values)
            _require_order(values)
            require_forms(load.target, values)
        except CellRefused as error:
            _refuse(staged, row, cells, str(error))
            continue
        staged.rows.append(StagedRow(row.line, values))
    return staged


def _refuse(staged: Staged, row: Row, cells: Mapping[str, str], reason: str) -> None:
    staged.refused.append(Refused(staged.file, row.line, reason))
    rule = staged.load.rules().get(NUMBER)
    if rule is not None and rule.column is not None and cells.get(rule.column):
        staged.withheld.add(cells[rule.column])


class _Joined:
    """A second file, by key. A key that appears twice finds nothing: which row was meant cannot be told."""

    def __init__(self, folder: Path, mapping: MappingFile, name: str, key: str) -> None:
        self.file = open_csv(folder, name, mapping.files[name])
        if key not in self.file.columns:
            raise BadMapping(f"The file {name!r} has no column {key!r}.")
        self.columns = tuple(f"{name}.{column}" for column in self.file.columns)
        at = self.file.columns.index(key)
        self._rows: dict[str, tuple[str, ...] | None] = {}
        for row in self.file.rows():
            if isinstance(row, Row):
                self._rows[row.cells[at]] = None if row.cells[at] in self._rows else row.cells

    def cells(self, key: str, *, optional: bool) -> dict[str, str]:
        found = self._rows.get(key)
        if found is None:
            if not optional:
                raise CellRefused(f"has no single row in {self.file.name!r}")
            found = ("",) * len(self.columns)
        return dict(zip(self.columns, found, strict=True))


def _kinds(target: str) -> dict[str, Any]:
    columns = TARGETS[target].table.c
    stored = {NUMBER: NUMBER} | {field_of(name): name for name in columns_of(target) if field_of(name) != NUMBER}
    return {
        name: columns[stored[name]].type if stored[name] in columns else msgspec.UNSET for name in fields_of(target)
    }


def _require_columns(load: Load, file: CsvFile, tables: Iterable[_Joined]) -> None:
    known = {*file.columns, *(column for table in tables for column in table.columns)}
    for column in _columns(load):
        if column not in known:
            raise BadMapping(f"{load.target}: the file {file.name!r} has no column {column!r}.")


def _columns(load: Load) -> Iterator[str]:
    yield from (rule.column for rule in load.rules().values() if rule.column is not None)
    yield from (each.column for each in (*load.only, *load.skip))
    yield from (join.on for join in load.join)


def _is_meant(load: Load, cells: Mapping[str, str], columns: Collection[str]) -> bool:
    """Return whether the conditions on these columns let the row through."""
    only = (_holds(each, cells) for each in load.only if each.column in columns)
    skip = (_holds(each, cells) for each in load.skip if each.column in columns)
    return all(only) and not any(skip)


def _holds(condition: Condition, cells: Mapping[str, str]) -> bool:
    cell = cells[condition.column]
    return cell in condition.values or (condition.filled is not None and bool(cell) is condition.filled)


def _require_known(target: str, values: Mapping[str, Value]) -> None:
    for name in required_of(target):
        if values.get(name) is None:
            raise CellRefused(f"{name} is not known")


_ORDERED = (
    ("entry_date", "exit_date"),
    ("from_date", "to_date"),
    ("program_start_date", "program_exit_date"),
    ("signed_on", "from_date"),
    ("begin_date", "end_date"),
)


def _require_order(values: Mapping[str, Value]) -> None:
    for first, last in _ORDERED:
        begin, end = values.get(first), values.get(last)
        if begin is not None and end is not None and str(begin) > str(end):
            raise CellRefused(f"{first} is after {last}")


def digest_of(values: Iterable[Value | Any]) -> bytes:
    """Return what stands for a row's facts: 16 bytes of SHA-256 over its values in the table's order."""
    return hashlib.sha256(msgspec.json.encode(list(values))).digest()[:16]
