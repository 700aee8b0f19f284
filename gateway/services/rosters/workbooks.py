"""A roster kept as an Excel workbook, as JSON: read where the partner is, and sent like any other."""

from pathlib import Path
from typing import Final

import msgspec

from gateway.records.loading.batches import Refused
from gateway.records.loading.csvfile import open_csv
from gateway.records.loading.export import OneFile
from gateway.records.loading.mapping import SourceFile
from gateway.services.rosters.lines import MOST_LINES, RosterUnreadable

SUFFIXES: Final = frozenset({".xlsx", ".xlsm"})


def roster_of_workbook(file: Path) -> bytes:
    """
    Return the body that says what the first sheet of a workbook says; its first line names the columns.

    Raises `RosterUnreadable` for a row that cannot be read, `BadSource` for a workbook that cannot.
    """
    opened = open_csv(OneFile(file), "roster", SourceFile(file.name, form="xlsx"))
    lines: list[dict[str, str]] = []
    for row in opened.rows():
        if isinstance(row, Refused):
            raise RosterUnreadable(f"Line {row.line} of the sheet: {row.reason}.")
        if len(lines) == MOST_LINES:
            raise RosterUnreadable(f"A roster has {MOST_LINES} lines at most.")
        lines.append({name: cell for name, cell in zip(opened.columns, row.cells, strict=True) if cell})
    return msgspec.json.encode({"lines": lines})
