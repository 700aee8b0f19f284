"""
Many disclosures recorded by hand at once, from a spreadsheet: what left in a year before the gateway (row N5).

A line is one disclosure about one student; lines that differ in nothing but the student are one record. INVARIANT: what
is wrong is said by its line, its column and a reason, and no value of the file is quoted: it names students.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from agreements.canonical import Json
from gateway.services.emergencies.papers import Students
from gateway.services.errors import RecordRefused

COLUMNS: Final = ("student_number", "disclosed_on", "party", "party_kind", "how", "elements", "basis", "interest")
"""The columns that a file must have."""
MORE: Final = ("threat", "further_recipients")
"""The columns that it may have. `further_recipients`: `name: interest`, separated by semicolons, as elements are."""
_MOST: Final = 20_000
"""Lines in one file: a year of a district that sends letters every day."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One record of the file: what was disclosed, about whom, and the first line that says so."""

    line: int
    content: Mapping[str, Json]
    students: Students = field(repr=False)


def read_import(text: str) -> tuple[Imported, ...]:
    """Return the records in a CSV file, in the order of the file. Raises `RecordRefused`, naming the line."""
    grouped: dict[tuple[str, ...], tuple[int, list[str]]] = {}
    for number, row in _rows(text):
        key = tuple(row[name] for name in (*COLUMNS[1:], *MORE))
        grouped.setdefault(key, (number, []))[1].append(row["student_number"])
    if not grouped:
        raise RecordRefused("The file has no line.")
    return tuple(
        Imported(line, _content(line, dict(zip((*COLUMNS[1:], *MORE), key, strict=True))), Students(tuple(numbers)))
        for key, (line, numbers) in grouped.items()
    )


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        names = reader.fieldnames or []
        if len(set(names)) != len(names) or not set(COLUMNS) <= set(names) <= {*COLUMNS, *MORE}:
            raise RecordRefused(f"The columns are {', '.join(COLUMNS)}, and perhaps {', '.join(MORE)}.")
        for count, row in enumerate(reader, start=1):
            if count > _MOST:
                raise RecordRefused(f"The file has more than {_MOST} lines; import it in parts.")
            if None in row or None in row.values():
                raise RecordRefused(f"Line {reader.line_num} has more or fewer cells than there are columns.")
            cells = {name: (row.get(name) or "").strip() for name in (*COLUMNS, *MORE)}
            for name in COLUMNS:
                if not cells[name]:
                    raise RecordRefused(f"Line {reader.line_num}: {name} is empty.")
            if not cells["student_number"].isprintable():
                raise RecordRefused(f"Line {reader.line_num}: student_number holds what cannot be printed.")
            yield reader.line_num, cells
    except csv.Error:
        raise RecordRefused(f"Line {reader.line_num} is no CSV.") from None


def _content(line: int, cells: Mapping[str, str]) -> dict[str, Json]:
    content: dict[str, Json] = {
        "party": {"name": cells["party"], "kind": cells["party_kind"]},
        "disclosed_on": cells["disclosed_on"],
        "how": cells["how"],
        "elements": [each.strip() for each in cells["elements"].split(";") if each.strip()],
        "basis": cells["basis"],
        "interest": cells["interest"],
    }
    if cells["threat"]:
        content["threat"] = cells["threat"]
    if cells["further_recipients"]:
        content["further_recipients"] = [_further(line, each) for each in cells["further_recipients"].split(";")]
    return content


def _further(line: int, words: str) -> dict[str, Json]:
    name, colon, interest = words.partition(":")
    if not (colon and name.strip() and interest.strip()):
        raise RecordRefused(f"Line {line}: further_recipients is 'name: interest', separated by semicolons.")
    return {"name": name.strip(), "interest": interest.strip()}
