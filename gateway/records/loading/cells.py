"""From a cell of an export to a value of a column. A cell that cannot be read refuses its row; nothing is guessed."""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from sqlalchemy import ARRAY, Boolean, Date, Double, Integer, SmallInteger, Text
from sqlalchemy.types import TypeEngine

from gateway.records.loading.mapping import FieldRule

Value = str | int | float | bool | dt.date | list[str] | None

Lookups = Mapping[str, Mapping[str, str]]
"""Tables of values given when a load is started: by name, then by what stands in the cell."""

TRUTHS: Final = {"true": True, "false": False, "yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}
"""What cells say yes or no by, in small letters."""
_MAX_INTEGER = 2**31 - 1
_MOST_DIGITS = 100
_A_DAY = dt.timedelta(days=1)
_YEAR_DIGITS = 4
_JULY = 7
_REMEMBERED = 5_000
_SHORT = 64
_SHAPE_LETTERS = 40
_COMMA_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
# Ours alone: Python's own readers also take 1_000, the digits of any script, 20260901 and 2026-W36-2.
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY, _LAST_DAY = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


class CellRefused(Exception):
    """A cell cannot be read. The message says what was expected and never what was found."""


def read_cell(cell: str, rule: FieldRule, kind: TypeEngine[Any], lookups: Lookups) -> Value:
    """Return the value of `cell` under `rule` for a column of type `kind`. Raises `CellRefused`."""
    if rule.before is not None:
        cell = cell.partition(rule.before)[0].rstrip()
    if rule.values:
        mapped = rule.values.get(cell, rule.otherwise)
        if mapped is None and cell not in rule.unknown:
            raise CellRefused("is none of the values in the map")
        cell = cell if mapped is None else mapped
    if rule.lookup is not None and cell not in rule.unknown:
        found = lookups.get(rule.lookup, {}).get(cell)
        if found is None:
            raise CellRefused(f"is not in the table {rule.lookup!r}")
        cell = found
    return None if cell in rule.unknown else _typed(cell, rule, kind)


class CellReader:
    """Reads the cells of a column as `read` does. It remembers values that come again, such as days and codes."""

    def __init__(self, read: Callable[[str], Value], *, remembers: bool = True) -> None:
        self.read = read
        """Return one cell's value. Raises `CellRefused`."""
        self._remembered = _Remembered(read) if remembers else None

    def column(self, cells: Iterable[str]) -> tuple[list[Value], dict[int, CellRefused]]:
        """Return each cell's value, and which cells are refused by their place; these have no value."""
        if self._remembered is None:
            return [*map(self.read, cells)], {}
        found = [*map(self._remembered.__getitem__, cells)]
        if not self._remembered.refuses:
            return cast("list[Value]", found), {}
        refused = {at: each for at, each in enumerate(found) if isinstance(each, CellRefused)}
        return [None if isinstance(each, CellRefused) else each for each in found], refused


class _Remembered(dict[str, Value | CellRefused]):
    """The values of cells that were read before."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        super().__init__()
        self.refuses = False
        """Whether some cell was ever refused."""
        self._read = read

    def __missing__(self, cell: str) -> Value | CellRefused:
        value: Value | CellRefused
        try:
            value = self._read(cell)
        except CellRefused as error:
            self.refuses, value = True, error.with_traceback(None)
        if len(cell) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[cell] = value
        return value


def reader_for(rule: FieldRule, kind: TypeEngine[Any], lookups: Lookups) -> CellReader:
    """Return what reads cells as `read_cell` does."""
    if (
        not rule.values
        and rule.before is None
        and rule.lookup is None
        and rule.unknown == ("",)
        and rule.year is None
        and isinstance(kind, Text)
    ):
        return CellReader(_as_it_stands, remembers=False)
    return CellReader(lambda cell: read_cell(cell, rule, kind, lookups))


def shape_of(cell: str) -> str:
    """Return a cell with every letter and digit masked, to see how it is written and not what it says."""
    return "".join(_masked(letter) for letter in cell[:_SHAPE_LETTERS])


def _masked(letter: str) -> str:
    if letter.isdecimal():
        return "9"
    return letter if letter.isascii() and not letter.isalnum() and letter.isprintable() else "x"


def _as_it_stands(cell: str) -> Value:
    return cell or None


def _typed(cell: str, rule: FieldRule, kind: TypeEngine[Any]) -> Value:
    if isinstance(kind, ARRAY):
        return [part.strip() for part in cell.split(rule.separator) if part.strip()]
    if isinstance(kind, Date):
        day = _date(cell, rule.date)
        return day - _A_DAY if rule.exclusive else day
    if isinstance(kind, Boolean):
        if cell.lower() not in TRUTHS:
            raise CellRefused("is neither yes nor no")
        return TRUTHS[cell.lower()]
    if isinstance(kind, Integer | SmallInteger):
        return _integer(_with_point(cell, rule))
    if isinstance(kind, Double):
        return _number(_with_point(cell, rule))
    return cell if rule.year is None else _school_year(cell, rule.year, rule.date)


def _school_year(cell: str, meant: str, form: str | None) -> str:
    first, _, second = cell.partition("-")
    if _is_year(first) and _is_year(second) and int(second) == int(first) + 1:
        return cell
    if meant == "july" and not _is_year(cell):
        day = _date(cell, form)
        cell, meant = str(day.year), "begins" if day.month >= _JULY else "ends"
    if not _is_year(cell):
        raise CellRefused("is no year")
    begins = int(cell) - (meant != "begins")
    return f"{begins:04d}-{begins + 1:04d}"


def _is_year(cell: str) -> bool:
    return len(cell) == _YEAR_DIGITS and cell.isascii() and cell.isdecimal()


def _date(cell: str, form: str | None) -> dt.date:
    day = _written_day(cell, form)
    if day is None:
        raise CellRefused(f"is no date written as {form or 'YYYY-MM-DD'}")
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise CellRefused("is a date outside the years 1900 to 2199")
    return day


def _written_day(cell: str, form: str | None) -> dt.date | None:
    """Return the day that is written so; None if it is written otherwise, or is none."""
    try:
        if form is None:
            return dt.date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
        day = dt.datetime.strptime(cell, form).date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None
    return None if any(map(_is_foreign_digit, cell)) else day


def _is_foreign_digit(letter: str) -> bool:
    return letter.isdecimal() and not letter.isascii()


def _integer(cell: str) -> int:
    if not _WHOLE.fullmatch(cell):
        raise CellRefused("is no whole number")
    number = int(cell) if len(cell) <= _MOST_DIGITS else _MAX_INTEGER + 1
    if abs(number) > _MAX_INTEGER:
        raise CellRefused("is too large a number")
    return number


def _with_point(cell: str, rule: FieldRule) -> str:
    """Return a number as it is written here. Raises `CellRefused` for one with a point where a comma is meant."""
    if rule.decimal != ",":
        return cell
    if not _COMMA_NUMBER.fullmatch(cell):
        raise CellRefused("is no number with a comma")
    return cell.replace(".", "").replace(",", ".")


def _number(cell: str) -> float:
    if not _NUMBER.fullmatch(cell) or not math.isfinite(number := float(cell)):
        raise CellRefused("is no number")
    return number
