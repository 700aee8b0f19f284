"""What tables an export holds, each with its first rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.records.errors import BadSource
from gateway.records.guessing.layout import SAMPLE_LINES, beginning, delimiter, first_rows, header_line
from gateway.records.guessing.words import squeezed
from gateway.records.loading.archive import Archive, export_at
from gateway.records.loading.batches import Row
from gateway.records.loading.csvfile import open_csv
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.workbook import sheet_names

ROWS: Final = 20_000
"""How many rows of a table are looked at."""
_TEXTS: Final = (".csv", ".txt", ".tsv", ".tab", ".psv")
_BOOKS: Final = (".xlsx", ".xlsm")
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
        if Path(path).name == _MANIFEST and "oneroster.version" in beginning(export, path)[0]:
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
            first = header_line(_first_cells(export, source))
            yield from _table(export, _free(name, taken), source, first)
    elif kind in _TEXTS:
        text, encoding = beginning(export, path)
        parted_by = delimiter(text)
        source = SourceFile(path, encoding=encoding, delimiter=parted_by)
        yield from _table(export, _free(stem, taken), source, header_line(first_rows(text, parted_by)))


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


def _first_cells(export: Export, source: SourceFile) -> list[list[str]]:
    """Return the first rows of a sheet, each in its line."""
    columns = tuple(f"c{place}" for place in range(1_000))
    bare = SourceFile(source.path, form="xlsx", sheet=source.sheet, columns=columns)
    lines: list[list[str]] = []
    for row in islice(open_csv(export, "sheet", bare).rows(), SAMPLE_LINES):
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
