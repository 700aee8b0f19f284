"""How the cells of a column are written: as days and in which form, as yes and no, as numbers, as codes."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.records.guessing.words import codes
from gateway.records.loading.cells import TRUTHS

DATE_FORMS: Final = (
    None, "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%m-%d-%Y", "%d-%m-%Y", "%Y%m%d", "%m/%d/%y", "%d/%m/%y",
    "%d.%m.%y", "%d-%b-%Y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M",
)  # fmt: skip
"""The forms of days that are tried, in this order; None is 2026-09-01."""
_MOST: Final = 0.8
"""The share of cells that must be written in a form for it to be the column's."""
_FEW: Final = 30
_SHORT: Final = 48
_OFTEN: Final = 5
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class DateForm:
    """A form of days: how many cells are written otherwise, and other forms that would do as well."""

    form: str | None
    others: int
    as_well: tuple[str, ...]


def date_form(cells: Sequence[str]) -> DateForm | None:
    """Return how the days of a column are written, or None if they are no days."""
    counted = Counter(cells)
    whole = counted.total()
    fits = [(form, sum(count for cell, count in counted.items() if _is_day(cell, form))) for form in DATE_FORMS]
    best = max((count for _, count in fits), default=0)
    if not whole or best < _MOST * whole:
        return None
    first, *rest = [form for form, count in fits if count == best]
    return DateForm(first, whole - best, tuple(form for form in rest if form is not None))


def is_yes_or_no(cells: Sequence[str]) -> bool:
    """Return whether every cell is yes or no as loads read it."""
    return all(cell.casefold() in TRUTHS for cell in set(cells))


def has_decimal_commas(cells: Sequence[str]) -> bool:
    """Return whether the numbers of a column have a comma before their parts."""
    return any("," in cell for cell in cells) and all(_is_number(cell) for cell in set(cells))


def known_codes(cells: Sequence[str], field: str) -> dict[str, str]:
    """Return what is known of the codes in a column."""
    known = codes(field)
    return {cell: known[cell.casefold()] for cell in sorted(set(cells)) if cell.casefold() in known}


def strange_codes(cells: Sequence[str], field: str) -> tuple[tuple[str, ...], int]:
    """
    Return the codes that nobody here knows, as far as they may be shown, and how many are not.

    INVARIANT: what may be shown is a code and no person's: short, without many digits, in several rows, one of few.
    """
    counted = Counter(cell for cell in cells if cell.casefold() not in codes(field))
    if len(counted) > _FEW:
        return (), len(counted)
    shown = tuple(sorted(cell for cell, count in counted.items() if count >= _OFTEN and _is_code(cell)))
    return shown, len(counted) - len(shown)


def _is_code(cell: str) -> bool:
    return (
        len(cell) <= _SHORT
        and cell.isprintable()
        and "@" not in cell
        and sum(letter.isdecimal() for letter in cell) < _DIGITS
        and date_form((cell,)) is None
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(".", "").replace(",", ".", 1))
    except ValueError:
        return False
    return True


@cache
def _lengths(form: str | None) -> tuple[int, int]:
    """Return how many letters a day in this form may have: trying is slow."""
    longest = dt.datetime(2026, 9, 30, 12, 30, 30).strftime(form or "%Y-%m-%d")  # noqa: DTZ001 - only its length
    return (0, 40) if form is not None and "%B" in form else (len(longest) - 5, len(longest))


def _is_day(cell: str, form: str | None) -> bool:
    least, most = _lengths(form)
    if not least <= len(cell) <= most:
        return False
    try:
        day = dt.date.fromisoformat(cell) if form is None else dt.datetime.strptime(cell, form).date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return False
    return 1900 <= day.year < 2200 and (form is not None or "-" in cell)  # noqa: PLR2004 - the days that loads take
