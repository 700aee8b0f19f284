"""Calendar days and school years as documents write them."""

import re
from datetime import date
from typing import Final

from agreements.canonical import Json
from agreements.pointer import Missing

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_JULY: Final = 7
_YEARS: Final = range(1900, 3000)
_SCHOOL_YEAR: Final = re.compile(r"([0-9]{4})-([0-9]{4})")


def read_date(value: Json | Missing) -> date | None:
    """
    Return the day written as `2026-09-01`; None if it is not one. `date.fromisoformat` alone takes other forms.

    INVARIANT: no document speaks of a day so far off that a zone, or a term counted from it, leaves the calendar.
    """
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def school_year_of(day: date) -> int:
    """Return the calendar year in which the school year of `day` began; school years turn on 1 July [P]."""
    return day.year if day.month >= _JULY else day.year - 1


def days_of(school_year: str) -> tuple[date, date]:
    """Return the first and the last day of a school year written as `2026-2027`."""
    began = int(school_year[:4])
    return date(began, _JULY, 1), date(began + 1, _JULY, 1) - date.resolution


def is_school_year(value: Json | Missing) -> bool:
    """Return whether this is a school year such as `2026-2027`, two years that follow each other."""
    match = _SCHOOL_YEAR.fullmatch(value) if isinstance(value, str) else None
    return match is not None and int(match[2]) == int(match[1]) + 1
