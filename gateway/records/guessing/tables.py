"""What tables an export holds and how they are written: encoding, delimiter, and where the header stands."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.records.errors import BadSource
from gateway.records.guessing.words import is_known, squeezed
from gateway.records.loading.archive import Archive, export_at
from gateway.records.loading.csvfile import Row, open_csv
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.workbook import sheet_names

ROWS: Final = 20_000
"""How many rows of a table are looked at."""
_TEXTS: Final = (".csv", ".txt", ".tsv", ".tab", ".psv")
_BOOKS: Final = (".xlsx", ".xlsm")
_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_BYTES: Final = 2**18
_SAMPLE_LINES: Final = 200
_TITLE_LINES: Final = 10
_ENOUGH: Final = 0.7
"""The share of lines that have as many cells as the table has columns."""
_WRITTEN_IN_LETTERS: Final = re.compile(r"[^\W\d_][\w \-./()#:%&'?*]{0,60}")
_KNOWN: Final = 2
_MANIFEST: Final = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of an export. `rows` are its first rows: personal data, not printed."""

    name: str
    source: SourceFile
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_whole: bool
    """Whether `rows` are all of them."""
    has_header: bool
    repeats_header: bool
    """Whether the header stands again among the rows; it is not in `rows`."""

    def __repr__(self) -> str:
        return f"Table({self.name!r})"

    def cells(self, column: str) -> tuple[str, ...]:
        """Return the cells of a column that hold anything."""
        place = self.columns.index(column)
        return tuple(row[place] for row in self.rows if row[place])


def tables_of(place: Path) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """
    Return the tables of a file, a folder or a zip archive, and the files that are none. Raises `BadSource`.

    An export that says of itself that it is OneRoster has a mapping already.
    """
    export, names = _opened(place)
    tables: list[Table] = []
    others: list[str] = []
    for path in names:
        if Path(path).name == _MANIFEST and "oneroster.version" in _beginning(export, path)[0]:
            raise BadSource(
                f"{path} says that this is OneRoster: load it with --mapping shipped:oneroster_1p2 (or 1p1)."
            )
        taken = {each.name for each in tables}
        found = [table for table in _tables(export, path, taken) if table.rows]
        tables += found
        others += [] if found else [path]
    return tuple(tables), tuple(others)


def _opened(place: Path) -> tuple[Export, list[str]]:
    export = export_at(place)
    if place.is_dir():
        below = (each for each in sorted(place.rglob("*")) if each.is_file() and not each.name.startswith("."))
        return export, [each.relative_to(place).as_posix() for each in below]
    return export, list(export.paths()) if isinstance(export, Archive) else [place.name]


def _tables(export: Export, path: str, taken: set[str]) -> Iterator[Table]:
    kind, stem = Path(path).suffix.lower(), squeezed(Path(path).stem, keep="_") or "table"
    if kind in _BOOKS:
        sheets = sheet_names(export.open(path), path)
        for sheet in sheets:
            name = stem if len(sheets) == 1 else f"{stem}_{squeezed(sheet, keep='_')}"
            source = SourceFile(path, form="xlsx", sheet=None if len(sheets) == 1 else sheet)
            first = _header_line(_first_cells(export, source))
            yield from _table(export, _free(name, taken), source, first)
    elif kind in _TEXTS:
        text, encoding = _beginning(export, path)
        delimiter = _delimiter(text)
        lines = list(islice(csv.reader(text.splitlines(), delimiter=delimiter), _SAMPLE_LINES))
        source = SourceFile(path, encoding=encoding, delimiter=delimiter)
        yield from _table(export, _free(stem, taken), source, _header_line(lines))


def _table(export: Export, name: str, source: SourceFile, found: tuple[int, tuple[str, ...], bool]) -> Iterator[Table]:
    line, cells, has_header = found
    if not cells:
        return
    columns: tuple[str, ...] = ()
    if not has_header:
        columns = tuple(f"column_{place}" for place, _ in enumerate(cells, start=1))
    elif len(set(cells)) < len(cells):
        # A header that names two columns alike is passed over, and its columns are named here.
        line, columns = line + 1, _distinct(cells)
    stated = SourceFile(
        source.path,
        form=source.form,
        sheet=source.sheet,
        first_line=line,
        columns=columns,
        encoding=source.encoding,
        delimiter=source.delimiter,
    )
    opened = open_csv(export, name, stated)
    taken = [row.cells for row in islice(opened.rows(), ROWS + 1) if isinstance(row, Row)]
    rows = tuple(row for row in taken[:ROWS] if not has_header or row != cells)
    repeats = len(rows) < len(taken[:ROWS])
    yield Table(name, stated, opened.columns, rows, len(taken) <= ROWS, has_header, repeats)


def _beginning(export: Export, path: str) -> tuple[str, str]:
    """Return the beginning of a file as text, and its encoding."""
    with export.open(path) as file:
        raw = file.read(_SAMPLE_BYTES)
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw[: len(raw) // 2 * 2].decode(encoding, "ignore"), encoding
    if b"\0" in raw:
        encoding = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
        return raw[: len(raw) // 2 * 2].decode(encoding, "ignore"), encoding
    try:
        # The last letter may be cut.
        text = raw.decode("utf-8-sig") if len(raw) < _SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "cp1252"
    return text, "utf-8-sig"


def _delimiter(text: str) -> str:
    """Return the letter that parts most lines into the same number of cells, more than one."""

    def worth(letter: str) -> tuple[float, int]:
        widths = [
            len(cells) for cells in islice(csv.reader(text.splitlines(), delimiter=letter), _SAMPLE_LINES) if cells
        ]
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(common) / len(widths) if common > 1 else 0.0, common)

    return max(_DELIMITERS, key=worth)


def _header_line(lines: list[list[str]]) -> tuple[int, tuple[str, ...], bool]:
    """Return the line that the table begins in, its cells, and whether they are names of columns."""
    widths = [len(line) for line in lines if any(cell.strip() for cell in line)]
    if not widths:
        return 1, (), False
    common = max(set(widths), key=lambda width: (widths.count(width), width))
    enough = common if widths.count(common) >= _ENOUGH * len(widths) else max(widths)
    for number, line in enumerate(lines[:_TITLE_LINES], start=1):
        cells = tuple(cell.strip() for cell in line)
        if len(cells) < enough or not any(cells):
            continue
        return number, cells, _are_names(cells, lines[number:])
    return 1, (), False


def _are_names(cells: tuple[str, ...], below: list[list[str]]) -> bool:
    """
    Return whether cells are the names of columns, and not the first row of a table without a header.

    INVARIANT: names of columns are written into drafts, so what may be a person's is none: two are known, or all of
    them, and none of those stands among the cells below it.
    """
    named = [(place, cell) for place, cell in enumerate(cells) if cell]
    known = [(place, cell) for place, cell in named if is_known(cell)]
    # Some systems write the header again within the file.
    others = [line for line in below if [cell.strip() for cell in line] != list(cells)]
    again = any(place < len(line) and line[place].strip() == cell for place, cell in known for line in others)
    return (
        all(_WRITTEN_IN_LETTERS.fullmatch(cell) for _, cell in named)
        and len(known) >= min(_KNOWN, len(named))
        and not again
    )


def _first_cells(export: Export, source: SourceFile) -> list[list[str]]:
    """Return the first rows of a sheet, each in its line."""
    columns = tuple(f"c{place}" for place in range(1_000))
    bare = SourceFile(source.path, form="xlsx", sheet=source.sheet, columns=columns)
    lines: list[list[str]] = []
    for row in islice(open_csv(export, "sheet", bare).rows(), _SAMPLE_LINES):
        lines += [[]] * (row.line - 1 - len(lines))
        cells = list(row.cells) if isinstance(row, Row) else []
        while cells and not cells[-1]:
            cells.pop()
        lines.append(cells)
    return lines


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def _distinct(cells: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    return tuple(_free(cell or f"column {place}", seen) for place, cell in enumerate(cells, start=1))
