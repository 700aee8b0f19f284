"""
What a partner and the district owe because of an agreement, and since when: destruction, and the yearly review.

How the terms are read. The law wants records destroyed when they are no longer needed for the purpose, and the period
named (34 CFR 99.31(a)(6)(iii)(C)(4), studies; 99.35(a)(3)(iii)-(iv), audit and evaluation). No day is named there, so
the days below are ours [P]:

- An agreement ends on its last day, or on the day on which it was terminated if that comes first: what may no longer be
  used is no longer needed. A version that a later one replaces ends with that one: the purpose goes on.
- `term_end` and `purpose_fulfilled`: the period begins when the agreement ends. That a purpose is fulfilled sooner is
  not for the gateway to see; until the end the partner may ask for the same records again, so nothing is owed before.
- `school_year_end`: the period begins on 30 June of the newest school year of the data that had begun by the end, and
  never before the end.
- A student who leaves is no longer served: under `purpose_fulfilled` the period begins on the last day on which the
  agreement covered the student, under `school_year_end` as above on that day; under `term_end` the parties agreed to
  wait for the end. Never later than the whole.
- A hold beats destruction (34 CFR 99.10(e)); when the last one is released the period begins anew.

The period's last day is the due day, and the day after it is overdue. Days are those of the agreement's zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from agreements.document import Agreement
from agreements.errors import ObligationOverdue
from agreements.terms import Term

REVIEW_NOTICE: Final = timedelta(days=30)
"""How long before its due day a review counts as due [P]."""


class Duty(StrEnum):
    """What is owed."""

    DESTRUCTION = "destruction"
    LEAVERS = "leavers"
    REVIEW = "review"

    @property
    def words(self) -> str:
        """What is missing, for a person."""
        return _WORDS[self]


class Status(StrEnum):
    """How it stands with an obligation. `CERTIFIED`: done, and signed for."""

    NOT_DUE = "not_due"
    DUE = "due"
    OVERDUE = "overdue"
    HELD = "held"
    CERTIFIED = "certified"


@dataclass(frozen=True, slots=True)
class Course:
    """
    How an agreement went, in days of its zone.

    `ended` is its last day in force, None while it may be used; `held` whether a hold is open, `released` the day on
    which the last one was released.
    """

    ended: date | None = None
    held: bool = False
    released: date | None = None


@dataclass(frozen=True, slots=True)
class Obligation:
    """One obligation under one agreement. `due` is the last day on which it is met in time; None while it is held."""

    agreement: str
    partner: str
    duty: Duty
    due: date | None
    status: Status

    @property
    def overdue_since(self) -> date | None:
        """The first day on which it is late, if it is."""
        if self.due is None or self.status is not Status.OVERDUE:
            return None
        return self.due + timedelta(days=1)

    def days_left(self, today: date) -> int | None:
        """Return the days until the due day, negative after it; None if it is held or done."""
        if self.due is None or self.status is Status.CERTIFIED:
            return None
        return (self.due - today).days


def day_of(term: Term, at: datetime) -> date:
    """Return the day it is at this instant where the agreement is at home."""
    return at.astimezone(ZoneInfo(term.time_zone)).date()


def end_of(term: Term, today: date, *, stopped: date | None = None, limit: date | None = None) -> date | None:
    """
    Return the last day in force of an agreement that is over, None if it is not.

    `stopped` is the day on which it was terminated, `limit` the last day that its master or a later version leaves it.
    """
    last = min(day for day in (term.last_day, limit, stopped) if day is not None)
    return last if stopped is not None or today > last else None


def destruction_due(agreement: Agreement, ended: date, *, released: date | None = None) -> date:
    """Return the last day for the whole: rows X1, X3. `ended` may be the term's last day, to say it ahead."""
    return _begins(agreement, ended, released) + _period(agreement)


def leaver_due(agreement: Agreement, left: date, ended: date, *, released: date | None = None) -> date:
    """Return the last day for a student whom the agreement covered until `left`; never after that of the whole."""
    whole = destruction_due(agreement, ended, released=released)
    if agreement.obligations.destroy_when == "term_end":
        return whole
    return min(whole, _begins(agreement, left, released) + _period(agreement))


def review_due(since: date) -> date:
    """Return the day a year after `since`: the activation, or the last day of the review before. Row X3 [P]."""
    try:
        return since.replace(year=since.year + 1)
    except ValueError:  # 29 February
        return since.replace(year=since.year + 1, day=28)


def destruction(agreement: Agreement, partner: str, course: Course, today: date, *, certified: bool) -> Obligation:
    """Return the obligation to destroy everything. Until the agreement ends its day is that of the signed term."""
    due = destruction_due(agreement, course.ended or agreement.term.last_day, released=course.released)
    status = _status(course, due, today, begun=course.ended is not None)
    if certified:
        status = Status.CERTIFIED
    return _obligation(agreement, partner, Duty.DESTRUCTION, due, status)


def leavers(agreement: Agreement, partner: str, course: Course, today: date, left: Iterable[date]) -> Obligation | None:
    """Return the obligation for students who left on these days and are not certified yet: the earliest day counts."""
    ended = course.ended or agreement.term.last_day
    days = [leaver_due(agreement, day, ended, released=course.released) for day in left]
    if not days:
        return None
    begun = course.ended is not None or agreement.obligations.destroy_when != "term_end"
    status = _status(course, min(days), today, begun=begun)
    return _obligation(agreement, partner, Duty.LEAVERS, min(days), status)


def review(agreement: Agreement, partner: str, course: Course, today: date, since: date) -> Obligation | None:
    """
    Return the obligation of the district to review the agreement, None if it ended before a year was over.

    It is not the partner's to meet, and a hold on its records does not keep the district from it.
    """
    due = review_due(since)
    if course.ended is not None and course.ended < due:
        return None
    status = _status(Course(), due, today, begun=today >= due - REVIEW_NOTICE)
    return _obligation(agreement, partner, Duty.REVIEW, due, status)


def require_nothing_overdue(obligations: Iterable[Obligation]) -> None:
    """
    Check that nothing is overdue: the condition of every renewal and of every new agreement (row X3, 34 CFR 99.67).

    Raises `ObligationOverdue` naming each agreement, what is missing and since when.
    """
    listed = [
        f"{each.duty.words} of {each.agreement}, overdue since {each.overdue_since}"
        for each in obligations
        if each.overdue_since is not None
    ]
    if listed:
        raise ObligationOverdue("; ".join(listed))


def _begins(agreement: Agreement, day: date, released: date | None) -> date:
    """Return the day from which the period runs, for what was needed until `day`."""
    begins = day
    if agreement.obligations.destroy_when == "school_year_end":
        begins = max([day, *_school_year_ends(agreement, day)])
    return begins if released is None else max(begins, released)


def _school_year_ends(agreement: Agreement, day: date) -> list[date]:
    """Return the last days of the school years of the data that had begun by `day` (1 July to 30 June [P])."""
    years = {year for terms in agreement.datasets for year in terms.school_years}
    starts = sorted(int(year.partition("-")[0]) for year in years)
    return [date(start + 1, 6, 30) for start in starts if (start, 7, 1) <= (day.year, day.month, day.day)]


def _period(agreement: Agreement) -> timedelta:
    return timedelta(days=agreement.obligations.destruction_period_days)


def _status(course: Course, due: date, today: date, *, begun: bool) -> Status:
    if course.held:
        return Status.HELD
    if not begun:
        return Status.NOT_DUE
    return Status.OVERDUE if today > due else Status.DUE


def _obligation(agreement: Agreement, partner: str, duty: Duty, due: date, status: Status) -> Obligation:
    return Obligation(agreement.digest, partner, duty, None if status is Status.HELD else due, status)


_WORDS: Final = {
    Duty.DESTRUCTION: "the certificate of destruction",
    Duty.LEAVERS: "the certificate of destruction for students who left",
    Duty.REVIEW: "the yearly review",
}
