from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.district import SchoolYearError, calendar_for, stage_for
from gateway.demo.district.calendar import SCHOOL_DAYS, require_playable


@pytest.mark.parametrize("written", ["2026", "2026-2028", "2026/2027", "26-27", "2026-20271", "abcd-efgh"])
def test_a_school_year_that_is_not_two_years_in_a_row_is_refused(written: str) -> None:
    with pytest.raises(SchoolYearError):
        calendar_for(written)


@pytest.mark.parametrize("day", [date(2028, 2, 28), date(2028, 2, 29)])
def test_days_on_which_nobody_can_turn_18_are_refused(day: date) -> None:
    with pytest.raises(SchoolYearError, match="29 February"):
        require_playable(calendar_for("2027-2028"), day)


def test_holidays_are_not_school_days() -> None:
    days = calendar_for("2026-2027").days
    closed = [date(2026, 9, 7), date(2026, 11, 11), date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 18)]
    assert not set(closed) & set(days)
    assert all(day.weekday() < 5 for day in days)


def test_a_holiday_on_a_weekend_moves_to_the_nearest_weekday() -> None:
    assert date(2028, 11, 10) not in calendar_for("2028-2029").days  # 11 November 2028 is a Saturday
    assert date(2022, 6, 20) not in calendar_for("2021-2022").days  # 19 June 2022 is a Sunday


def test_the_year_of_the_demo_starts_on_2_september() -> None:
    calendar = calendar_for("2026-2027")
    assert (calendar.first_day, len(calendar.days)) == (date(2026, 9, 2), SCHOOL_DAYS)
    assert calendar.closes_on == date(2027, 8, 31)


@pytest.mark.parametrize("year", range(2020, 2060))
def test_every_year_has_180_days_and_ends_in_june(year: int) -> None:
    calendar = calendar_for(f"{year}-{year + 1}")
    assert len(calendar.days) == SCHOOL_DAYS
    assert (calendar.last_day.year, calendar.last_day.month) == (year + 1, 6)


def test_the_quarters_cover_the_year_in_order() -> None:
    calendar = calendar_for("2026-2027")
    quarters = calendar.quarters()
    assert [name for name, _, _ in quarters] == ["Q1", "Q2", "Q3", "Q4"]
    assert (quarters[0][1], quarters[-1][2]) == (calendar.first_day, calendar.last_day)
    assert all(earlier[2] < later[1] for earlier, later in pairwise(quarters))


@given(st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_any_real_day_has_a_day_to_play_not_after_it(today: date) -> None:
    school_year, day = stage_for(today)
    require_playable(calendar_for(school_year), day)
    assert 0 <= (today - day).days < 100
