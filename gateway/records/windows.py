"""Which days of which years an agreement's derived values reach: school-year window and cadence."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, cast, func, literal, true

from gateway.records.errors import UnknownTerm
from gateway.records.reach import NO_LIMIT, Unlimited

_STARTED: Final[Mapping[str, str]] = MappingProxyType({"daily": "day", "weekly": "week", "monthly": "month"})
"""A cadence, and the span of time that must be over before what happened in it is counted. Weeks start on Monday."""


def counted_until(cadence: str | Unlimited, today: ColumnElement[Any]) -> ColumnElement[Any]:
    """
    Return the last day that counts: the end of the newest whole day, week (Sunday) or month.

    Derived values must not betray events: a count that moved at once would tell on which day a student was absent.
    In an emergency nobody waits for a week to be over: today counts. Raises `UnknownTerm` for a cadence that is none of
    these.
    """
    if cadence is NO_LIMIT:
        return today
    if cadence not in _STARTED:
        raise UnknownTerm(f"The cadence {cadence!r} has no rule.")
    return cast(func.date_trunc(_STARTED[cadence], today), Date) - literal(1)


def counted_from(school_years: tuple[str, ...] | Unlimited, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a row belongs to the agreement's school years; no years, no rows."""
    return true() if school_years is NO_LIMIT else column.in_(school_years)
