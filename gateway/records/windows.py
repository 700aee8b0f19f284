"""Which days of which years an agreement's rows and derived values reach: school-year window and cadence."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, FromClause, case, cast, func, literal, literal_column, or_, true

from agreements.basis import Basis
from gateway.records.errors import NotServed, UnknownTerm
from gateway.records.reach import NO_LIMIT, OfAnOrder, Reach, Unlimited
from policies.decision import RowTerms

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


def told_until(
    terms: Reach, exact: frozenset[str], element: str, student: FromClause, today: ColumnElement[Any]
) -> ColumnElement[Any]:
    """
    Return the last day of which rows are told, when `element` is the day that a row is of.

    Today, where the agreement gives that day as it is and this student's consent covers it. Elsewhere a row that
    appeared on its day would tell the day to whoever asks every day, so it waits as a count does. Raises `UnknownTerm`.
    In an emergency nothing waits.
    """
    if isinstance(terms, OfAnOrder):
        return today
    later = counted_until(terms.cadence, today)
    if element not in exact:
        return later
    covered = is_covered(terms, element, student)
    return today if covered is None else case((covered, today), else_=later)


def is_covered(terms: RowTerms, element: str, student: FromClause) -> ColumnElement[bool] | None:
    """Return the condition that a student's consent covers `element`; None where none is needed. Raises `NotServed`."""
    if terms.basis != Basis.CONSENT:
        return None
    if element not in terms.element_order:
        raise NotServed(f"Element {element} is not in the agreement's order of elements.")
    covers: ColumnElement[Any] = student.c.covers
    bit: ColumnElement[int] = literal_column(str(1 << terms.element_order.index(element)))
    return or_(covers.is_(None), covers.op("&")(bit) != literal_column("0"))


def counted_from(school_years: tuple[str, ...] | Unlimited, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a row belongs to the agreement's school years; no years, no rows."""
    return true() if school_years is NO_LIMIT else column.in_(school_years)
