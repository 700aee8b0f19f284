"""
Reading a table row by row: a malformed row is refused with its line, and the rows after it are still read.

A stray quotation mark would make an ordinary reader swallow the rest of the file as one cell. Here a row may go on over
a few lines; if it never closes, or is no row of the file then, its first line is refused and reading goes on with the
next (`csvrecords`).
"""

import codecs
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.records.errors import BadSource
from gateway.records.loading.batches import Batch, Column, Refused, Row, columns_of, one_by_one
from gateway.records.loading.csvrecords import Records, records_of
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.trees import NotRead
from gateway.records.loading.workbook import sheet_records

COLUMNS: Final = 2_000
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS: Final = {";": ";", "\t": "\\t", "|": "|"}


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
        return one_by_one(self.batches())

    def batches(self) -> Iterator[Batch]:
        """Yield the same some thousand at a time. Raises `BadSource`."""
        has_header = not self.source.columns
        for some in _records(self.export, self.source, self.name, len(self.columns)):
            self.taken += some.letters
            begin = 1 if has_header else 0
            has_header = has_header and not some.found
            yield self._batch(some.lines[begin:], some.found[begin:], is_ascii=some.is_ascii)

    def _batch(self, lines: Sequence[int], found: Sequence[list[str] | NotRead], *, is_ascii: bool) -> Batch:
        width = len(self.columns)
        rows = [each for each in found if isinstance(each, list) and len(each) == width]
        if len(rows) == len(found):
            columns = columns_of(rows, width)
            if is_ascii or not any(map(_is_strange, columns)):
                return Batch(lines, [_tidy(column) for column in columns])
        rows = []
        own: list[int] = []
        refused: list[tuple[int, Refused]] = []
        for line, each in zip(lines, found, strict=True):
            if isinstance(each, NotRead):
                refused.append((len(own), Refused(self.name, line, each.why, cells=_told(each.cells))))
            elif (why := self._why(each)) is not None:
                refused.append((len(own), Refused(self.name, line, why, cells=_told(each))))
            else:
                own.append(line)
                rows.append([*each, *[""] * (width - len(each))])
        return Batch(own, [_tidy(column) for column in columns_of(rows, width)], refused)

    def _why(self, cells: list[str]) -> str | None:
        """Return why these are no row's cells, if they are none's."""
        width = len(self.columns)
        if len(cells) != width and not (self.source.form == "xlsx" and len(cells) < width):
            return f"it has {len(cells)} columns where the file has {width}"
        return f"it holds bytes that are not {self.source.encoding}" if _is_strange(cells) else None


def open_csv(export: Export, name: str, source: SourceFile) -> CsvFile:
    """Open a file of the export. Raises `BadSource` if it is not there or has no readable header."""
    require_encoding(export, source, name)
    columns = source.columns or _header(export, source, name)
    # INVARIANT: no name of a column is quoted: in a file without a header it is a cell of the first student's row.
    if twice := next(((columns.index(each), at) for at, each in enumerate(columns) if each in columns[:at]), None):
        raise BadSource(f"{name}: its columns {twice[0] + 1} and {twice[1] + 1} have the same name.")
    return CsvFile(name, export, source, columns)


def hint_at_layout(columns: Sequence[str]) -> str:
    """Return a sentence for a file that seems to be written with another delimiter or encoding, or nothing."""
    if _is_strange(columns):
        return " The names of its columns hold bytes of another encoding; is it 'cp1252'?"
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
    for some in _records(export, source, name):
        if not some.found:
            continue
        found = some.found[0]
        if isinstance(found, NotRead):
            break
        if len(found) > COLUMNS:
            raise BadSource(f"{name}: {source.path} has more than {COLUMNS:,} columns.")
        # A column without a name can be named by its place.
        return tuple(cell or f"column {place}" for place, cell in enumerate(_tidy(found), start=1))
    raise BadSource(f"{name}: {source.path} has no header line.")


def _records(export: Export, source: SourceFile, name: str, width: int | None = None) -> Iterator[Records]:
    """Yield the records of a table, or why there are none, some at a time. Raises `BadSource`."""
    raw = export.open(source.path)
    if source.form == "xlsx":
        return sheet_records(raw, source, name)
    return records_of(raw, source, name, width)


def _tidy(column: Column) -> list[str]:
    """Return cells without spaces round them, each letter in one form (NFC) however it was composed."""
    cells = list(map(str.strip, column))
    return cells if "".join(cells).isascii() else [unicodedata.normalize("NFC", cell) for cell in cells]


def _told(cells: Column) -> tuple[str, ...]:
    """Return the cells of a row that is refused, to tell whose it is; none that no database could hold."""
    return tuple(_tidy(["" if "\0" in cell or _is_strange([cell]) else cell for cell in cells]))


def _is_strange(column: Column) -> bool:
    """Return whether some cell holds bytes that are none of the encoding's letters."""
    try:
        "".join(column).encode()
    except UnicodeEncodeError:
        return True
    return False
