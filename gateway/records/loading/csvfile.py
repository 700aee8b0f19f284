"""
Reading a CSV file row by row: a malformed row is refused with its line, and the rows after it are still read.

A stray quotation mark would make an ordinary reader swallow the rest of the file as one cell. Here a row may go on over
a few lines; if it never closes, its first line is refused and reading goes on with the next.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.records.errors import BadSource
from gateway.records.loading.mapping import SourceFile

_LINES_A_ROW = 50
_MAX_LINE = 1_000_000
_STRANGE = "surrogateescape"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: which file and line, and why, in words that hold none of its cells."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, in the order of the file's columns. Personal data: not printed."""

    line: int
    cells: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Row(line={self.line})"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file of an export, opened far enough to know its columns."""

    name: str
    path: Path
    source: SourceFile
    columns: tuple[str, ...]

    def rows(self) -> Iterator[Row | Refused]:
        """Yield each row, or why it is refused, in the file's order."""
        width = len(self.columns)
        for line, found in _records(self.path, self.source):
            if line == 1 and not self.source.columns:
                continue
            if isinstance(found, str):
                yield Refused(self.name, line, found)
            elif len(found) != width:
                yield Refused(self.name, line, f"it has {len(found)} columns where the file has {width}")
            elif any(_is_strange(cell) for cell in found):
                yield Refused(self.name, line, f"it holds bytes that are not {self.source.encoding}")
            else:
                yield Row(line, tuple(cell.strip() for cell in found))


def open_csv(folder: Path, name: str, source: SourceFile) -> CsvFile:
    """
    Open a file of the export in `folder`. Raises `BadSource` if it is not there or has no readable header.

    The file must lie below the folder: a mapping cannot reach elsewhere.
    """
    path = folder / source.path
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BadSource(f"{name}: {source.path} lies outside the export's folder.")
    try:
        if not path.is_file() or not os.access(path, os.R_OK):
            raise BadSource(f"{name}: {source.path} is not there, or cannot be read.")
        columns = source.columns or _header(path, source, name)
    except LookupError:
        raise BadSource(f"{name}: the encoding {source.encoding!r} is not known.") from None
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise BadSource(f"{name}: the column {twice[0]!r} appears twice.")
    return CsvFile(name, path, source, columns)


def _header(path: Path, source: SourceFile, name: str) -> tuple[str, ...]:
    for _, found in _records(path, source):
        if isinstance(found, list):
            return tuple(cell.strip() for cell in found)
        break
    raise BadSource(f"{name}: {source.path} has no header line.")


def _records(path: Path, source: SourceFile) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (first line, cells or why not) of each record; blank lines are none."""
    with path.open(encoding=source.encoding, errors=_STRANGE, newline="") as file:
        waiting: list[tuple[int, str]] = []
        numbered = enumerate(iter(lambda: file.readline(_MAX_LINE), ""), start=1)
        while True:
            number, text = waiting.pop(0) if waiting else next(numbered, (0, ""))
            if not text:
                return
            if not text.strip():
                continue
            taken = [(number, text)]
            found = _parse(text, source)
            while found is None and len(taken) < _LINES_A_ROW:
                more = waiting.pop(0) if waiting else next(numbered, None)
                if more is None:
                    break
                taken.append(more)
                found = _parse("".join(line for _, line in taken), source)
            if found is None:
                # The quotation mark never closed: only the first line is lost, the others get another chance.
                waiting = taken[1:] + waiting
                found = "a quotation mark is opened and never closed"
            yield number, found


def _parse(text: str, source: SourceFile) -> list[str] | str | None:
    """Return the cells of one record, why it has none, or None if it goes on in the next line."""
    if "\0" in text:
        return "it holds a NUL character"
    try:
        return next(csv.reader([text], delimiter=source.delimiter, strict=True), [])
    except csv.Error as error:
        return None if "unexpected end of data" in str(error) else "its quotation marks are misplaced"


def _is_strange(cell: str) -> bool:
    return not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell)
