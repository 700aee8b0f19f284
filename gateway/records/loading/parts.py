"""
The files of an export that are one file of the mapping, read one after another in the order of their names.

Systems write large exports in pieces: a file a school, a page of an API's answer. A mapping names them by a pattern.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final, Protocol

import msgspec

from gateway.records.errors import BadSource
from gateway.records.loading.batches import Batch, Refused, Row, one_by_one
from gateway.records.loading.csvfile import open_csv, require_encoding
from gateway.records.loading.export import Export
from gateway.records.loading.jsonfile import JsonFile
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.xmlfile import XmlFile

PARTS: Final = 10_000
"""How many files one file of the mapping may be."""
_PATTERN: Final = re.compile(r"[*?\[]")


class Part(Protocol):
    """One file, opened far enough to know its columns. `taken` is how much of it was read so far."""

    name: str
    columns: tuple[str, ...]
    taken: int

    def batches(self) -> Iterator[Batch]:
        """Yield its rows, and why some are refused, in the file's order. Raises `BadSource`."""


@dataclass(slots=True)
class Parts:
    """The files of one export that are one file of the mapping. `first` is the number of the first of them."""

    name: str
    parts: Sequence[Part]
    size: int
    """Of all of them, in bytes."""
    first: int = 0
    _done: int = 0
    """How much was read of those that are read to their end."""
    _reading: Part | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in the order of the first file."""
        return self.parts[0].columns

    @property
    def taken(self) -> int:
        """How much of them was read so far."""
        return self._done + (self._reading.taken if self._reading is not None else 0)

    def rows(self) -> Iterator[Row | Refused]:
        """Yield each row with the number of its file, or why it is refused. Raises `BadSource`."""
        return one_by_one(self.batches())

    def batches(self) -> Iterator[Batch]:
        """Yield the same some thousand at a time. Raises `BadSource`."""
        for number, part in enumerate(self.parts, start=self.first):
            order = [part.columns.index(column) for column in self.columns]
            self._reading = part
            for some in part.batches():
                refused = [(place, replace(each.in_order(order), part=number)) for place, each in some.refused]
                yield Batch(some.lines, [some.columns[place] for place in order], refused, number)
            self._done, self._reading = self._done + part.taken, None


def paths_of(export: Export, source: SourceFile) -> list[str]:
    """Return the paths of the files that are there. Raises `BadSource`."""
    if export.has(source.path):
        return [source.path]
    if not _PATTERN.search(source.path):
        return []
    # Of an absolute path the folder is `/`, which no export holds.
    folder, stroke, pattern = source.path.rpartition("/")
    names = sorted(name for name in export.names(folder or stroke) if fnmatchcase(name, pattern))
    if len(names) > PARTS:
        raise BadSource(f"More than {PARTS:,} files are named as {source.path}.")
    return [f"{folder}/{name}" if folder else name for name in names]


def open_parts(export: Export, name: str, source: SourceFile, paths: Sequence[str], *, delta: int = 0) -> Parts:
    """Open the files at `paths`, of the export itself or of a delta by its number. Raises `BadSource`."""
    if not paths:
        raise BadSource(f"{name}: {_why_missing(export, source.path)}")
    suffix = f" of delta {delta}" if delta else ""
    names = [(name if paths == [source.path] else path) + suffix for path in paths]
    parts = [
        _open(export, named, msgspec.structs.replace(source, path=path))
        for named, path in zip(names, paths, strict=True)
    ]
    columns = set(parts[0].columns)
    for part in parts:
        if set(part.columns) != columns:
            raise BadSource(f"{part.name}: its columns are not those of {parts[0].name}.")
    return Parts(name + suffix, parts, sum(export.size(path) for path in paths))


def _why_missing(export: Export, path: str) -> str:
    """Return why nothing is read from `path`, as the export itself says it."""
    try:
        export.open(path).close()
    except BadSource as error:
        return str(error)
    return f"{path} is not there, or cannot be read."


def _open(export: Export, name: str, source: SourceFile) -> Part:
    if not source.has_records:
        return open_csv(export, name, source)
    cells = source.reader()
    if source.form == "xml":
        return XmlFile(name, export, source, cells.columns, cells)
    require_encoding(export, source, name)
    return JsonFile(name, export, source, cells.columns, cells)
