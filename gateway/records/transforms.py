"""
What happens to a value before it leaves: each transformation once as SQL and once in Python.

The reader releases, filters and sorts by the SQL; replay and tests use the Python twin. They must agree on every
value, and unknown stays unknown in both. INVARIANT: a transformation sees one student's own values and nothing else.
"""

import datetime as dt
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Double,
    Integer,
    Numeric,
    Text,
    any_,
    case,
    cast,
    func,
    literal,
    null,
)

from gateway.records.errors import NotServed
from policies.decision import CodeSet

Released = str | int | float | bool | dt.date | None

CODE_VERSION: Final = "transforms/1"
"""Changes whenever a transformation gives another value for the same input; every disclosure can then be replayed."""

_YEAR_STARTS: Final = (9, 1)
"""Ages are taken on 1 September, when the school year starts: a birthday in the year then moves nothing."""

_BAND_WIDTH: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "000127": Decimal("0.5"),
        "000128": Decimal("0.5"),
        "000073": Decimal(5),
        "000074": Decimal(5),
        "000202": Decimal(10),
        "000201": Decimal(5),
        "001957": Decimal(5),
    }
)
"""Width of the bands of an element, which start at zero: `2.5 to under 3.0`."""

_NUMBER: Final = r"[0-9]{1,6}(\.[0-9]{1,6})?"
_LETTER: Final = "[A-F][+-]?"
_MARKS: Final = frozenset({"000124", "001142"})
_WRITTEN: Final = _MARKS | {"000245"}
"""
Marks and scores, which are written as text: of a mark the letter without its sign; of a number its band, of 10 below
100 (percents and percentiles) and of 50 from there on (scale scores). What is written otherwise is unknown.
"""
_COUNTED: Final = frozenset(
    {
        "000501",
        "x-disciplinary-actions",
        "x-in-school-suspensions",
        "x-out-of-school-suspensions",
        "x-expulsions",
    }
)
"""Elements of which there may leave how many there are."""
_HUNDRED: Final = 100
_TENS, _FIFTIES = Decimal(10), Decimal(50)

_GRADE_LEVEL: Final = "000100"
_GRADE_BANDS: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(("PK", "TK", "KG"), "before first")
    | {f"{grade:02}": "elementary" for grade in range(1, 6)}
    | {f"{grade:02}": "middle" for grade in range(6, 9)}
    | {f"{grade:02}": "high" for grade in range(9, 13)}
)


def released_sql(  # noqa: PLR0911 - one return a transformation
    element: str, transformation: str, source: ColumnElement[Any], school_year: ColumnElement[Any]
) -> ColumnElement[Any]:
    """
    Return what leaves instead of `source`, as SQL. `school_year` is the one the row belongs to.

    Raises `NotServed` for a transformation that this element does not have; `drop` is one of them, since what is
    dropped must not even be selected.
    """
    match transformation:
        case "exact":
            return source
        case "blank":
            return cast(null(), source.type)
        case "year":
            return cast(func.extract("year", source), Integer)
        case "age_years":
            return _age_sql(source, school_year)
        case "zip3":
            return case((source.regexp_match("^[0-9]{5}"), func.left(source, 3, type_=Text)))
        case "count" if element in _COUNTED:
            return source  # it was counted where the rows are
        case "band" if element == _GRADE_LEVEL:
            return case(dict(_GRADE_BANDS), value=source)
        case "band" if element in _WRITTEN:
            return _written_sql(element, source)
        case "band" if element in _BAND_WIDTH:
            return _band(source, _BAND_WIDTH[element])
    raise NotServed(f"Element {element} is not served as {transformation!r}.")


def released(  # noqa: C901, PLR0911 - one return a transformation
    element: str, transformation: str, value: Released, school_year: str | None
) -> Released:
    """Return what leaves instead of `value`: the Python twin of `released_sql`. Raises `NotServed` as it does."""
    match transformation:
        case "exact":
            return value
        case "blank":
            return None
        case "year":
            return value.year if isinstance(value, dt.date) else None
        case "age_years":
            return _age(value, school_year) if isinstance(value, dt.date) else None
        case "zip3":
            digits = value[:5] if isinstance(value, str) else ""
            return digits[:3] if len(digits) == len("12345") and digits.isascii() and digits.isdigit() else None
        case "count" if element in _COUNTED:
            return value
        case "band" if element == _GRADE_LEVEL:
            return _GRADE_BANDS.get(value) if isinstance(value, str) else None
        case "band" if element in _WRITTEN:
            return _written(element, value) if isinstance(value, str) else None
        case "band" if element in _BAND_WIDTH:
            if not isinstance(value, int | float):
                return None
            return _band_of(float(value), _BAND_WIDTH[element])
    raise NotServed(f"Element {element} is not served as {transformation!r}.")


def told_sql(source: ColumnElement[Any], codes: CodeSet) -> ColumnElement[Any]:
    """Return `source` where it is one of the codes that may leave, as SQL; nothing else, unclassified ones least."""
    return case((source == any_(literal(list(codes.values), ARRAY(Text))), source))


def told(value: Released, codes: CodeSet) -> Released:
    """Return `value` if it is one of the codes that may leave: the Python twin of `told_sql`."""
    return value if value in codes.values else None


def first_year(school_year: str) -> int:
    """Return the calendar year in which a school year such as `2025-2026` starts."""
    return int(school_year[:4])


def _first_year(school_year: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.left(school_year, 4), Integer)


def _age_sql(born: ColumnElement[Any], school_year: ColumnElement[Any]) -> ColumnElement[int]:
    month, day = func.extract("month", born), func.extract("day", born)
    start_month, start_day = _YEAR_STARTS
    later = case(((month > start_month) | ((month == start_month) & (day > start_day)), 1), else_=0)
    return cast(_first_year(school_year) - func.extract("year", born) - later, Integer)


def _age(born: dt.date, school_year: str | None) -> int | None:
    if school_year is None:
        return None
    year = first_year(school_year)
    return year - born.year - ((born.month, born.day) > _YEAR_STARTS)


def _band(source: ColumnElement[Any], width: Decimal) -> ColumnElement[str]:
    """Return the band's text; NULL stays NULL because `||` keeps it, where concat() would not."""
    step = literal(float(width), Double)
    low = func.floor(cast(source, Double) / step) * step
    return _digits(low, width) + literal(" to under ", Text) + _digits(low + step, width)


def _band_of(value: float, width: Decimal) -> str:
    low = math.floor(value / float(width)) * width
    return f"{low} to under {low + width}"


def _written_sql(element: str, source: ColumnElement[Any]) -> ColumnElement[Any]:
    number = case((source.regexp_match(f"^{_NUMBER}$"), cast(source, Double)))
    bands = case((number < _HUNDRED, _band(number, _TENS)), else_=_band(number, _FIFTIES))
    if element not in _MARKS:
        return bands
    return case((source.regexp_match(f"^{_LETTER}$"), func.left(source, 1, type_=Text)), else_=bands)


def _written(element: str, value: str) -> str | None:
    if element in _MARKS and re.fullmatch(_LETTER, value):
        return value[:1]
    if not re.fullmatch(_NUMBER, value):
        return None
    return _band_of(float(value), _TENS if float(value) < _HUNDRED else _FIFTIES)


def _digits(number: ColumnElement[Any], width: Decimal) -> ColumnElement[str]:
    places = -int(width.as_tuple().exponent)
    return cast(func.round(cast(number, Numeric), places), Text)
