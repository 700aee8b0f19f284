"""
What a decision on a roster would change: the rows that begin and those that end. Computed, shown, signed, done.

A row that begins ends by itself when the roster is stale, at the latest (row R3): nothing has to happen for it.
INVARIANT: a plan is a function of what the lines mean, of the rows in force and of the day, so that what was signed can
be computed again and compared.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

FRESH_DAYS: Final = 35
"""For so many days a roster counts; then it covers nobody until a newer one is accepted, or it is confirmed."""
MOST_REMOVED: Final = 10
"""Percent of the students of a roster that one decision may remove without another word."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the roster in force; `began` is the entry that began it."""

    row_id: int
    student_id: UUID
    from_date: dt.date
    to_date: dt.date | None
    began: int = -1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A student who is to be on the roster, on the days that a line says; an open end is None, and so an open start."""

    student_id: UUID
    from_date: dt.date | None
    to_date: dt.date | None


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Rows that begin (student, first and last day) and rows that end.

    `before` is how many students were on the roster today, `removed` how many of them are no longer.
    """

    fresh_until: dt.date
    begin: tuple[tuple[UUID, dt.date, dt.date], ...]
    end: tuple[Row, ...]
    before: int
    removed: int
    answered: frozenset[UUID] = field(default=frozenset(), repr=False)
    """Whom it says something about: wanted or leaving, whether or not a row changes."""

    @property
    def digest(self) -> str:
        """
        The digest of what begins and ends, and until when the roster counts: the same word on another day is another.

        It covers random internal ids, so it tells nothing about anybody.
        """
        begin = (f"+ {student} {first} {last}" for student, first, last in self.begin)
        written = [f"until {self.fresh_until}", *sorted([*begin, *(f"- {row.row_id}" for row in self.end)])]
        return f"sha256:{hashlib.sha256(chr(10).join(written).encode()).hexdigest()}"

    @property
    def moved(self) -> tuple[UUID, ...]:
        """Whose rows change."""
        return tuple(sorted({each[0] for each in self.begin} | {row.student_id for row in self.end}))

    @property
    def is_suspicious(self) -> bool:
        """Whether so many leave that the roster is more likely incomplete than right."""
        return self.removed * 100 > MOST_REMOVED * self.before


def plan_rows(
    wanted: Iterable[Wanted],
    rows: Sequence[Row],
    today: dt.date,
    *,
    leaving: Collection[UUID] = (),
) -> Plan:
    """
    Return how the roster comes to say of each wanted student what is wanted, and that those who are `leaving` leave.

    Whoever is neither wanted nor leaving stays as the rows say. A day that is over begins nothing.
    """
    until = today + dt.timedelta(days=FRESH_DAYS)
    mine: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        mine[row.student_id].append(row)
    begin: list[tuple[UUID, dt.date, dt.date]] = []
    end: list[Row] = [row for student in leaving for row in mine.get(student, ())]
    wished = _days(wanted, mine, today, until)
    for student, days in wished.items():
        have = {(row.from_date, row.to_date) for row in mine.get(student, ())}
        if have != days:
            end += mine.get(student, ())
            begin += [(student, first, last) for first, last in days]
    current = {row.student_id for row in rows if _is_on(row, today)}
    gone = {row.student_id for row in end} - {each[0] for each in begin}
    order = sorted(end, key=lambda row: row.row_id)
    return Plan(
        until, tuple(sorted(begin)), tuple(order), len(current), len(current & gone), frozenset({*wished, *leaving})
    )


def _days(
    wanted: Iterable[Wanted], mine: Mapping[UUID, Sequence[Row]], today: dt.date, until: dt.date
) -> Mapping[UUID, set[tuple[dt.date, dt.date]]]:
    found: dict[UUID, set[tuple[dt.date, dt.date]]] = defaultdict(set)
    for each in wanted:
        days = found[each.student_id]
        standing = min((row.from_date for row in mine.get(each.student_id, ())), default=today)
        first = each.from_date or standing
        last = until if each.to_date is None else min(each.to_date, until)
        if max(first, today) <= last:
            days.add((first, last))
    return found


def _is_on(row: Row, today: dt.date) -> bool:
    return row.to_date is None or row.to_date >= today
