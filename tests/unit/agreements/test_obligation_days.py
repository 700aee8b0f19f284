"""When destruction and the yearly review are due, by the terms that were signed (rows X1, X3)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.document import Agreement
from agreements.errors import ObligationOverdue
from agreements.obligations import (
    Course,
    Duty,
    Obligation,
    Status,
    day_of,
    destruction,
    destruction_due,
    end_of,
    leaver_due,
    leavers,
    require_nothing_overdue,
    review,
    review_due,
)
from tests.factories.agreements import SPS_A, Keyring

RING = Keyring()
PARTNER = "partner:bright-path"
ONE = timedelta(days=1)
WHENS = ("term_end", "school_year_end", "purpose_fulfilled")


def agreement(when: str = "term_end", days: int = 30, **changes: Any) -> Agreement:
    destruction_of = {"destroy_when": when, "destruction_period_days": days}
    named = {f"/{name.replace('__', '/')}": value for name, value in changes.items()}
    return RING.agreement(SPS_A, changes={"/obligations/destruction": destruction_of, **named}).agreement


TERM_END, YEAR_END, FULFILLED = (agreement(when) for when in WHENS)
BY_WHEN = {when: agreement(when) for when in WHENS}
LAST = TERM_END.term.last_day
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.ferpa("X3")
def test_the_due_day_is_in_time_and_the_day_after_is_overdue() -> None:
    due = destruction_due(TERM_END, LAST)
    assert due == LAST + timedelta(days=30)
    over = Course(ended=LAST)
    late = destruction(TERM_END, PARTNER, over, due + ONE, certified=False)
    assert (late.status, late.due, late.overdue_since) == (Status.OVERDUE, due, due + ONE)
    assert late.days_left(due + ONE) == -1
    in_time = destruction(TERM_END, PARTNER, over, due, certified=False)
    assert (in_time.status, in_time.overdue_since, in_time.days_left(due)) == (Status.DUE, None, 0)


def test_nothing_is_due_before_the_end_and_the_day_is_told_ahead() -> None:
    owed = destruction(TERM_END, PARTNER, Course(), LAST, certified=False)
    assert (owed.status, owed.due) == (Status.NOT_DUE, LAST + timedelta(days=30))


def test_what_is_certified_stays_so_however_late_it_is_and_whatever_is_held() -> None:
    for course in (Course(ended=LAST), Course(ended=LAST, held=True)):
        done = destruction(TERM_END, PARTNER, course, LAST + timedelta(days=400), certified=True)
        assert (done.status, done.overdue_since) == (Status.CERTIFIED, None)
        assert done.days_left(LAST) is None


@pytest.mark.ferpa("X4")
def test_nothing_is_due_while_a_hold_is_open() -> None:
    much_later = LAST + timedelta(days=900)
    held = Course(ended=LAST, held=True)
    for when, each in BY_WHEN.items():
        whole = destruction(each, PARTNER, held, much_later, certified=False)
        assert (whole.status, whole.due, whole.overdue_since) == (Status.HELD, None, None), when
        assert whole.days_left(much_later) is None
        gone = leavers(each, PARTNER, Course(held=True), much_later, [LAST - timedelta(days=90)])
        assert gone is not None
        assert (gone.status, gone.due) == (Status.HELD, None)
    require_nothing_overdue([destruction(TERM_END, PARTNER, held, much_later, certified=False)])


@pytest.mark.ferpa("X4")
def test_after_a_hold_the_period_begins_anew_and_is_never_shortened_by_one() -> None:
    released = LAST + timedelta(days=500)
    assert destruction_due(TERM_END, LAST, released=released) == released + timedelta(days=30)
    before = LAST - timedelta(days=100)
    assert destruction_due(TERM_END, LAST, released=before) == LAST + timedelta(days=30)


def test_an_agreement_that_is_terminated_ends_on_that_day_and_never_after_its_term() -> None:
    term = TERM_END.term
    early = term.first_day + timedelta(days=10)
    assert end_of(term, early, stopped=early) == early
    assert end_of(term, LAST + timedelta(days=9), stopped=LAST + timedelta(days=9)) == LAST
    assert end_of(term, LAST) is None
    assert end_of(term, LAST + ONE) == LAST


def test_a_limit_ends_an_agreement_when_it_is_past_and_not_before() -> None:
    term = TERM_END.term
    limit = term.first_day + timedelta(days=30)
    assert end_of(term, limit, limit=limit) is None
    assert end_of(term, limit + ONE, limit=limit) == limit
    assert end_of(term, limit, stopped=term.first_day, limit=limit) == term.first_day


@pytest.mark.parametrize(
    ("ended", "begins"),
    [
        (date(2027, 3, 1), date(2027, 6, 30)),  # terminated in spring: the school year goes on
        (date(2027, 6, 30), date(2027, 6, 30)),
        (date(2027, 8, 31), date(2027, 8, 31)),  # the year of the data is over: not the next one
        (date(2026, 6, 30), date(2026, 6, 30)),  # the year of the data has not begun
        (date(2026, 7, 1), date(2027, 6, 30)),
    ],
)
def test_a_school_year_ends_on_30_june_and_is_one_of_the_data(ended: date, begins: date) -> None:
    assert destruction_due(YEAR_END, ended) == begins + timedelta(days=30)


def test_only_a_school_year_that_had_begun_puts_off_the_day() -> None:
    years = {"datasets__0__school_years": ["2026-2027", "2027-2028", "2025-2026"]}
    two = agreement("school_year_end", 1, term__last_day="2028-06-30", **years)
    assert destruction_due(two, date(2027, 6, 29)) == date(2027, 7, 1)
    assert destruction_due(two, date(2027, 7, 1)) == date(2028, 7, 1)


def test_a_leaver_is_due_after_leaving_where_the_parties_did_not_agree_to_wait_for_the_end() -> None:
    left = date(2026, 11, 2)
    assert leaver_due(FULFILLED, left, LAST) == left + timedelta(days=30)
    assert leaver_due(YEAR_END, left, LAST) == date(2027, 7, 30)
    assert leaver_due(TERM_END, left, LAST) == destruction_due(TERM_END, LAST)


def test_leavers_are_overdue_by_the_first_of_them_and_gone_when_there_are_none() -> None:
    first, second = date(2026, 10, 1), date(2026, 12, 1)
    due = first + timedelta(days=30)
    late = leavers(FULFILLED, PARTNER, Course(), due + ONE, [second, first])
    assert late is not None
    assert (late.duty, late.status, late.due) == (Duty.LEAVERS, Status.OVERDUE, due)
    in_time = leavers(FULFILLED, PARTNER, Course(), due, [second, first])
    assert in_time is not None
    assert in_time.status is Status.DUE
    waiting = leavers(TERM_END, PARTNER, Course(), due + ONE, [first])
    assert waiting is not None
    assert waiting.status is Status.NOT_DUE
    assert leavers(FULFILLED, PARTNER, Course(), due + ONE, []) is None


@pytest.mark.ferpa("X3")
def test_a_review_is_due_after_a_year_and_overdue_the_day_after() -> None:
    since = date(2026, 8, 20)
    due = date(2027, 8, 20)
    long = agreement(term__last_day="2029-06-30")
    asked = [(day, review(long, PARTNER, Course(), day, since)) for day in (due + ONE, due, due - timedelta(days=31))]
    assert [(day, each.status) for day, each in asked if each is not None] == [
        (due + ONE, Status.OVERDUE),
        (due, Status.DUE),
        (due - timedelta(days=31), Status.NOT_DUE),
    ]


def test_a_hold_does_not_keep_the_district_from_reviewing() -> None:
    late = review(TERM_END, PARTNER, Course(held=True), date(2028, 1, 1), date(2026, 8, 20))
    assert late is not None
    assert late.status is Status.OVERDUE


def test_an_agreement_that_ended_within_the_year_is_not_reviewed_and_one_that_ended_later_still_is() -> None:
    since = date(2026, 8, 20)
    assert review(TERM_END, PARTNER, Course(ended=date(2027, 8, 19)), date(2028, 1, 1), since) is None
    late = review(TERM_END, PARTNER, Course(ended=date(2027, 8, 20)), date(2028, 1, 1), since)
    assert late is not None
    assert late.status is Status.OVERDUE


def test_a_year_from_a_leap_day_is_the_28th() -> None:
    assert review_due(date(2028, 2, 29)) == date(2029, 2, 28)
    assert review_due(date(2027, 2, 28)) == date(2028, 2, 28)


@pytest.mark.ferpa("X3")
def test_a_refusal_names_each_agreement_what_is_missing_and_since_when() -> None:
    late, missed = date(2027, 7, 30), date(2027, 8, 20)
    owed = [
        Obligation("sha256:a", PARTNER, Duty.DESTRUCTION, late, Status.OVERDUE),
        Obligation("sha256:b", PARTNER, Duty.REVIEW, missed, Status.OVERDUE),
        Obligation("sha256:c", PARTNER, Duty.LEAVERS, late, Status.DUE),
        Obligation("sha256:d", PARTNER, Duty.DESTRUCTION, None, Status.HELD),
    ]
    with pytest.raises(ObligationOverdue) as caught:
        require_nothing_overdue(owed)
    said = str(caught.value)
    assert "the certificate of destruction of sha256:a, overdue since 2027-07-31" in said
    assert "the yearly review of sha256:b, overdue since 2027-08-21" in said
    assert "sha256:c" not in said
    assert "sha256:d" not in said
    assert "pactgate obligation list" in caught.value.public_detail
    require_nothing_overdue(owed[2:])
    require_nothing_overdue([])


def test_a_day_is_that_of_the_agreements_zone_on_the_days_clocks_change_too() -> None:
    zone = TERM_END.term  # America/Los_Angeles
    assert day_of(zone, datetime(2027, 7, 1, 6, 59, tzinfo=UTC)) == date(2027, 6, 30)
    assert day_of(zone, datetime(2027, 7, 1, 7, 0, tzinfo=UTC)) == date(2027, 7, 1)
    assert day_of(zone, datetime(2026, 11, 1, 7, 59, tzinfo=UTC)) == date(2026, 11, 1)
    assert day_of(zone, datetime(2026, 11, 2, 7, 59, tzinfo=UTC)) == date(2026, 11, 1)
    assert day_of(zone, datetime(2027, 3, 15, 6, 59, tzinfo=UTC)) == date(2027, 3, 14)


@given(when=st.sampled_from(WHENS), ended=DAYS, released=st.none() | DAYS)
def test_destruction_is_never_due_before_the_end_or_the_release(when: str, ended: date, released: date | None) -> None:
    due = destruction_due(BY_WHEN[when], ended, released=released)
    assert due >= max(ended, released or ended) + timedelta(days=30)


@given(when=st.sampled_from(WHENS), days=st.lists(DAYS, min_size=2, max_size=2), released=st.none() | DAYS)
def test_what_ends_later_is_never_due_earlier(when: str, days: list[date], released: date | None) -> None:
    sooner, later = sorted(days)
    each = BY_WHEN[when]
    assert destruction_due(each, sooner, released=released) <= destruction_due(each, later, released=released)
    assert leaver_due(each, sooner, later, released=released) <= leaver_due(each, later, later, released=released)


@given(when=st.sampled_from(WHENS), left=DAYS, ended=DAYS, released=st.none() | DAYS)
def test_a_leaver_is_never_due_after_the_whole(when: str, left: date, ended: date, released: date | None) -> None:
    each = BY_WHEN[when]
    assert leaver_due(each, left, ended, released=released) <= destruction_due(each, ended, released=released)


@given(since=DAYS)
def test_a_review_is_due_within_366_days_and_never_within_a_shorter_year(since: date) -> None:
    assert review_due(since) - since in {timedelta(days=365), timedelta(days=366)}


@given(at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), when=st.sampled_from(WHENS))  # noqa: DTZ001 - Hypothesis adds the zone
def test_overdue_begins_at_midnight_of_the_zone_after_the_due_day(at: datetime, when: str) -> None:
    each = BY_WHEN[when]
    today = day_of(each.term, at)
    ended = end_of(each.term, today)
    owed = destruction(each, PARTNER, Course(ended=ended), today, certified=False)
    assert (owed.status is Status.OVERDUE) == (at >= _midnight(each, destruction_due(each, LAST) + ONE))
    assert (owed.status is Status.NOT_DUE) == (at < each.term.ends)


def _midnight(each: Agreement, day: date) -> datetime:
    zoned = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=each.term.begins.tzinfo)
    return zoned + (each.term.ends - datetime.combine(LAST + ONE, datetime.min.time(), UTC))
