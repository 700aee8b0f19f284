"""
Reading one sheet of an Excel workbook (.xlsx, .xlsm) row by row, as the cells of a CSV file would be written.

Nothing in a workbook is ever computed or run. A formula stands for the result that was kept with it; where none was,
its row is refused. A cell is taken as the file holds it, in one form whatever the workbook's language: a day as
2026-09-01, a whole number without a decimal point, yes and no as true and false.
"""

import datetime as dt
import math
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, Final

import openpyxl

from gateway.records.errors import BadSource
from gateway.records.loading.archive import Archive
from gateway.records.loading.batches import LETTERS as AT_ONCE
from gateway.records.loading.csvrecords import Records
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.trees import NotRead
from gateway.records.loading.workbook_parts import ROWS, judged

LETTERS: Final = 100_000
"""The most letters in a row, as in a line of a CSV file."""
EXACT: Final = 10**15
"""Whole numbers below this are kept to the last digit; a spreadsheet rounds longer ones."""
_OLD: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How compound files begin: workbooks of before 2007, and those with a password."""
_IN_MEMORY: Final = 16 * 2**20
_ZEROS: Final = re.compile("0{2,30}")
_ERROR: Final = "e"
_AT_ONCE: Final = 100
_UNCOMPUTED: Final = "it has a formula without its result: open the workbook, let it compute, and save it"
_SHOWS_ERROR: Final = "a cell holds an error of the spreadsheet, such as #N/A"
_TOO_EXACT: Final = "a cell holds a number with more digits than a spreadsheet keeps: make its column text"


def sheet_records(raw: BinaryIO, source: SourceFile, name: str) -> Iterator[Records]:
    """Yield the cells of each row of the sheet that is not empty, or why not, some at a time. Raises `BadSource`."""
    lines: list[int] = []
    records: list[list[str] | NotRead] = []
    letters = 0
    with _opened(raw, source.path, name) as (book, parts):
        sheet = _sheet(book, source, name)
        uncomputed = parts[sheet._worksheet_path]  # noqa: SLF001 - nothing public says which part it is
        # What a workbook says of its own extent may be wrong; rows are read to the last one there is.
        sheet.reset_dimensions()
        for number, row in enumerate(_quiet(sheet.iter_rows()), start=1):
            if number > ROWS:
                raise BadSource(f"{name}: its sheet has more than {ROWS:,} rows.")
            cells = _cells(row)
            if isinstance(cells, list) and number in uncomputed:
                cells = NotRead(_UNCOMPUTED, tuple(cells))
            if not cells or number < source.first_line:
                continue
            lines.append(number)
            records.append(cells)
            letters += sum(map(len, cells if isinstance(cells, list) else cells.cells)) + len(row)
            if letters >= AT_ONCE:
                yield Records(lines, records, letters)
                lines, records, letters = [], [], 0
    yield Records(lines, records, letters)


def sheet_names(raw: BinaryIO, path: str) -> tuple[str, ...]:
    """Return the names of a workbook's sheets. Raises `BadSource`."""
    with _opened(raw, path, path) as (book, _):
        return tuple(each.title for each in book.worksheets)


@contextmanager
def _opened(raw: BinaryIO, path: str, name: str) -> Iterator[tuple[Any, Mapping[str, frozenset[int]]]]:
    """Yield a workbook that may be read, and the rows of its parts with formulas that lack their result."""
    with _seekable(raw) as file:
        if file.read(len(_OLD)) == _OLD:
            raise BadSource(
                f"{name}: {path} has a password, or is in the form of before 2007 (.xls);"
                " save it as .xlsx without a password."
            )
        parts = judged(Archive(file, path), name)
        with _reading(name):
            with warnings.catch_warnings(action="ignore"):
                book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            yield book, parts


@contextmanager
def _seekable(raw: BinaryIO) -> Iterator[BinaryIO]:
    """Yield the workbook's bytes so that one can go back and forth in them: out of an archive, by way of a file."""
    with raw, tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        if raw.seekable():
            yield _rewound(raw)
            return
        while piece := raw.read(2**20):
            copy.write(piece)
        copy.seek(0)
        yield copy  # type: ignore[misc] # has every method of a binary file


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Say in our words that the library could not read a workbook: its own may quote a cell."""
    try:
        yield
    except BadSource:
        raise
    except Exception:  # noqa: BLE001 - it raises whatever a malformed part leads to
        raise BadSource(f"{name}: it is no workbook that can be read; open it and save it as .xlsx.") from None


def _sheet(book: Any, source: SourceFile, name: str) -> Any:  # noqa: ANN401 - the library has no types
    sheets = {each.title: each for each in book.worksheets}
    if not sheets or source.sheet not in {None, *sheets}:
        raise BadSource(f"{name}: {source.path} has no sheet" + (f" {source.sheet!r}." if source.sheet else "."))
    return next(iter(sheets.values())) if source.sheet is None else sheets[source.sheet]


def _quiet(rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield the rows; what the library warns of is in the cells too."""
    while True:
        with warnings.catch_warnings(action="ignore"):
            some = list(islice(rows, _AT_ONCE))
        if not some:
            return
        yield from some


def _cells(row: Sequence[Any]) -> list[str] | NotRead:
    """Return the cells up to the last that is not empty, or why there are none."""
    cells: list[str] = []
    letters = 0
    why = None
    for cell in row:
        text = None if cell.data_type == _ERROR else _written(cell.value, cell)
        if text is None and why is None:
            why = _SHOWS_ERROR if cell.data_type == _ERROR else _TOO_EXACT
        letters += len(text or "")
        if letters > LETTERS:
            return NotRead(f"its cells have more than {LETTERS:,} letters")
        cells.append(text or "")
    if why is not None:
        return NotRead(why, tuple(cells))
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _written(value: object, cell: Any) -> str | None:  # noqa: ANN401 - the library has no types
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value, str(cell.number_format))
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat()
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def _number(value: float, shown: str) -> str | None:
    """Return a number as it is written elsewhere; with the zeros in front that its cell shows (postal codes)."""
    if not math.isfinite(value) or abs(value) >= EXACT:
        return None
    if value == int(value):
        return str(int(value)).zfill(len(shown) if _ZEROS.fullmatch(shown) else 0)
    # What a spreadsheet itself shows: 15 digits, so that 0.1 + 0.2 is 0.3.
    return format(value, ".15g")


def _rewound(raw: BinaryIO) -> BinaryIO:
    raw.seek(0)
    return raw
