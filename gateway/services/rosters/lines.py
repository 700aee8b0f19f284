"""
A roster as a partner sends it: JSON, or CSV as spreadsheets save it, read line by line.

A roster is taken whole or refused whole. What is refused is named by line and column, and never by what stands there.
Nothing is believed and nothing looked up: whom a line means is found later, in the district (`matching`).
"""

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

MOST_LINES: Final = 2_000
MOST_BYTES: Final = 262_144
"""Of one roster; room for `MOST_LINES` and long names."""
REQUIRED: Final = ("given_name", "family_name", "birth_date")
OPTIONAL: Final = ("school", "grade", "student_number", "reference", "from_date", "to_date")
COLUMNS: Final = (*REQUIRED, *OPTIONAL)

_LETTERS: Final = {"given_name": 100, "family_name": 100, "school": 120, "grade": 20, "student_number": 64}
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_BIRTH, _FIRST_DAY, _LAST_DAY = dt.date(1980, 1, 1), dt.date(2000, 1, 1), dt.date(2199, 12, 31)
_JOINERS: Final = frozenset("\u200c\u200d")
"""Of all characters that are not seen, those that Persian and Indian names are written with."""
_COMPUTED: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet computes."""
_DELIMITERS: Final = ",;\t"


class RosterUnreadable(Exception):
    """A roster cannot be taken. The message names line and column and quotes nothing."""


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One child as the partner knows it. `number` is the line's place in the roster, from 1."""

    number: int
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    school: str | None = field(default=None, repr=False)
    grade: str | None = field(default=None, repr=False)
    student_number: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    from_date: dt.date | None = None
    to_date: dt.date | None = None


def read_roster(body: bytes, form: str) -> tuple[RosterLine, ...]:
    """Return the lines of a roster; `form` is `json` or `csv`. Raises `RosterUnreadable`."""
    if len(body) > MOST_BYTES:
        raise RosterUnreadable(f"A roster has {MOST_BYTES} bytes at most.")
    rows = _json_rows(body) if form == "json" else _csv_rows(body)
    lines = tuple(_line(number, row) for number, row in enumerate(rows, start=1))
    if not lines:
        raise RosterUnreadable("The roster has no line.")
    _require_own_references(lines)
    return lines


def _json_rows(body: bytes) -> Iterable[Mapping[str, Any]]:
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RosterUnreadable("The body is no JSON text.") from None
    rows = content.get("lines") if isinstance(content, dict) and content.keys() == {"lines"} else None
    if not isinstance(rows, list):
        raise RosterUnreadable('The body is an object with one member, "lines": a list of objects.')
    if len(rows) > MOST_LINES:
        raise RosterUnreadable(f"A roster has {MOST_LINES} lines at most.")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not row.keys() <= set(COLUMNS):
            raise RosterUnreadable(f"Line {number}: a line is an object with members among {', '.join(COLUMNS)}.")
    return rows


def _csv_rows(body: bytes) -> Iterable[Mapping[str, Any]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RosterUnreadable('The file is not UTF-8; save it as "CSV UTF-8".') from None
    if "\0" in text:
        raise RosterUnreadable("The file holds a NUL character.")
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) != len(names) or not set(REQUIRED) <= set(names) <= set(COLUMNS):
            raise RosterUnreadable(f"The first line names the columns, each once, among {', '.join(COLUMNS)}.")
        rows: list[Mapping[str, Any]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise RosterUnreadable(f"Line {len(rows) + 1}: {len(names)} cells are expected.")
            rows.append({name: cell.strip() for name, cell in zip(names, cells, strict=True) if cell.strip()})
            if len(rows) > MOST_LINES:
                raise RosterUnreadable(f"A roster has {MOST_LINES} lines at most.")
    except csv.Error:
        raise RosterUnreadable("The file is no CSV: a quote is not closed, or a cell is too long.") from None
    return rows


def _line(number: int, row: Mapping[str, Any]) -> RosterLine:
    for name in REQUIRED:
        if not row.get(name):
            raise RosterUnreadable(f"Line {number}, {name}: it is missing.")
    cells: dict[str, Any] = {}
    for name, cell in row.items():
        if cell is None:
            continue
        if not isinstance(cell, str):
            raise RosterUnreadable(f"Line {number}, {name}: it is a text.")
        try:
            cells[name] = _value(name, unicodedata.normalize("NFC", cell))
        except ValueError as error:
            raise RosterUnreadable(f"Line {number}, {name}: {error}") from None
    line = RosterLine(number, **cells)
    if line.from_date and line.to_date and line.to_date < line.from_date:
        raise RosterUnreadable(f"Line {number}, to_date: it lies before from_date.")
    return line


def _value(name: str, cell: str) -> str | dt.date:
    """Return what a cell says. Raises `ValueError`, which quotes nothing."""
    if name == "birth_date":
        return _day(cell, _FIRST_BIRTH)
    if name in {"from_date", "to_date"}:
        return _day(cell, _FIRST_DAY)
    if name == "reference":
        if not _REFERENCE.fullmatch(cell):
            raise ValueError("it has up to 64 letters of ASCII, digits, and . _ : - after the first.")
        return cell
    if not 0 < len(cell) <= _LETTERS[name]:
        raise ValueError(f"it has 1 to {_LETTERS[name]} characters.")
    # Nothing unseen, nothing that turns the direction of what is read, and no line breaks.
    if any(not letter.isprintable() and letter not in _JOINERS for letter in cell) or cell != cell.strip():
        raise ValueError("it holds a character that cannot be seen.")
    if cell.startswith(_COMPUTED):
        raise ValueError("it begins like a formula.")
    if name in REQUIRED and not any(letter.isalpha() for letter in cell):
        raise ValueError("it holds no letter.")
    return cell


def _day(cell: str, first: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
    except ValueError:
        day = None
    if day is None or not first <= day <= _LAST_DAY:
        raise ValueError("it is no day written as 2026-09-01.")
    return day


def _require_own_references(lines: Iterable[RosterLine]) -> None:
    seen: dict[str, int] = {}
    for line in lines:
        if line.reference is not None and (first := seen.setdefault(line.reference, line.number)) != line.number:
            raise RosterUnreadable(f"Line {line.number}, reference: line {first} has the same one.")
