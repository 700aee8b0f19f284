"""
Reading a CSV file row by row: a malformed row is refused with its line, and the rows after it are still read.

A stray quotation mark would make an ordinary reader swallow the rest of the file as one cell. Here a row may go on over
a few lines; if it never closes, its first line is refused and reading goes on with the next. What is held at a time is
bounded: a line without an end is refused once, and skipped without being kept.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.records.errors import BadSource
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.workbook import sheet_records

LINE_LETTERS: Final = 100_000
"""The longest line read, in letters. Exports have lines of some hundred."""
COLUMNS: Final = 2_000
_LINES_A_ROW = 50
_STRANGE = "surrogateescape"
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
TOO_LONG: Final = f"its line has more than {LINE_LETTERS:,} letters"
_SEPARATORS: Final = {";": ";", "\t": "\\t", "|": "|"}


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


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, in the order of the file's columns, and where it stands. Personal data: not printed."""

    line: int
    cells: tuple[str, ...]
    part: int = 0

    def __repr__(self) -> str:
        return f"Row(line={self.line})"


@dataclass(slots=True)
class CsvFile:
    """A file of an export, opened far enough to know its columns. `taken` is how many letters were read so far."""

    name: str
    export: Export
    source: SourceFile
    columns: tuple[str, ...]
    taken: int = 0

    def rows(self) -> Iterator[Row | Refused]:
        """Yield each row, or why it is refused, in the file's order. Raises `BadSource`."""
        width, encoding = len(self.columns), self.source.encoding
        has_header = not self.source.columns
        for line, found, length in _records(self.export, self.source, self.name):
            self.taken += length
            if has_header:
                has_header = False
            elif isinstance(found, str):
                yield Refused(self.name, line, found)
            elif len(found) != width and not (self.source.form == "xlsx" and len(found) < width):
                yield Refused(self.name, line, f"it has {len(found)} columns where the file has {width}")
            elif any(_is_strange(cell) for cell in found):
                yield Refused(self.name, line, f"it holds bytes that are not {encoding}")
            else:
                yield Row(line, (*[_tidy(cell) for cell in found], *[""] * (width - len(found))))


def open_csv(export: Export, name: str, source: SourceFile) -> CsvFile:
    """Open a file of the export. Raises `BadSource` if it is not there or has no readable header."""
    require_encoding(export, source, name)
    columns = source.columns or _header(export, source, name)
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise BadSource(f"{name}: the column {twice[0]!r} appears twice.")
    return CsvFile(name, export, source, columns)


def hint_at_delimiter(columns: tuple[str, ...]) -> str:
    """Return a sentence for a file that seems to be written with another delimiter, or nothing."""
    likely = [named for letter, named in _SEPARATORS.items() if len(columns) == 1 and letter in columns[0]]
    return f" It has one column only; is its delimiter '{likely[0]}'?" if likely else ""


def require_encoding(export: Export, source: SourceFile, name: str) -> None:
    """Check that the encoding is one of text, and that a file to be read as UTF-8 is not UTF-16. Raises `BadSource`."""
    if source.form == "xlsx":
        return
    try:
        "".encode(source.encoding)
        codec = codecs.lookup(source.encoding).name
    except LookupError:
        raise BadSource(f"{name}: the encoding {source.encoding!r} is not known.") from None
    with export.open(source.path) as file:
        begin = file.read(2)
    # A letter of the first thousands has one NUL of two bytes.
    if codec.startswith("utf-8") and (begin in _WIDE or (len(begin), begin.count(0)) == (2, 1)):
        said = "utf-16" if begin in _WIDE else "utf-16-be" if begin.startswith(b"\0") else "utf-16-le"
        raise BadSource(f"{name}: {source.path} is UTF-16; its mapping says so with encoding = '{said}'.")


def _header(export: Export, source: SourceFile, name: str) -> tuple[str, ...]:
    for _, found, _ in _records(export, source, name):
        if isinstance(found, str):
            break
        if len(found) > COLUMNS:
            raise BadSource(f"{name}: {source.path} has more than {COLUMNS:,} columns.")
        # A column without a name can be named by its place.
        return tuple(_tidy(cell) or f"column {place}" for place, cell in enumerate(found, start=1))
    raise BadSource(f"{name}: {source.path} has no header line.")


def _records(export: Export, source: SourceFile, name: str) -> Iterator[tuple[int, list[str] | str, int]]:
    """Yield (first line, cells or why not, letters read) of each record; blank lines are none. Raises `BadSource`."""
    raw = export.open(source.path)
    if source.form == "xlsx":
        yield from (each for each in sheet_records(raw, source, name) if each[0] >= source.first_line)
        return
    with io.TextIOWrapper(raw, encoding=source.encoding, errors=_STRANGE, newline="") as file:
        waiting: list[tuple[int, str]] = []
        numbered = enumerate(lines_of(file, source, name), start=1)
        while True:
            number, text = waiting.pop(0) if waiting else next(numbered, (0, ""))
            if not text:
                return
            if number < source.first_line or text.isspace():
                continue
            taken = [(number, text)]
            if len(text) > LINE_LETTERS:
                yield number, TOO_LONG, len(text)
                continue
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
                taken = taken[:1]
                found = "a quotation mark is opened and never closed"
            yield number, found, sum([len(line) for _, line in taken])


def lines_of(file: io.TextIOWrapper, source: SourceFile, name: str) -> Iterator[str]:
    """Yield the lines; of one that is too long only its beginning, which is too long itself. Raises `BadSource`."""
    try:
        while line := file.readline(LINE_LETTERS + 1):
            yield line
            while len(line) > LINE_LETTERS and not line.endswith(("\n", "\r")):
                line = file.readline(LINE_LETTERS + 1)
    except UnicodeDecodeError:
        raise BadSource(f"{name}: {source.path} holds bytes that are not {source.encoding}.") from None


def _parse(text: str, source: SourceFile) -> list[str] | str | None:
    """Return the cells of one record, why it has none, or None if it goes on in the next line."""
    if "\0" in text:
        return "it holds a NUL character"
    if '"' not in text:
        return text.rstrip("\r\n").split(source.delimiter)
    try:
        return next(csv.reader([text], delimiter=source.delimiter, strict=True), [])
    except csv.Error as error:
        return None if "unexpected end of data" in str(error) else "its quotation marks are misplaced"


def _tidy(cell: str) -> str:
    """Return a cell without spaces round it, each letter in one form (NFC) however it was composed."""
    return cell.strip() if cell.isascii() else unicodedata.normalize("NFC", cell.strip())


def _is_strange(cell: str) -> bool:
    return not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell)
