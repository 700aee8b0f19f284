"""What is typed into a form is taken as it is or refused: nothing is cut, and a day is one of this century."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from gateway.console.errors import BadForm
from gateway.console.forms import bounded, day, moment, words

ZONE = ZoneInfo("America/Los_Angeles")


def test_what_is_too_long_is_refused_and_never_cut() -> None:
    long = {"reason": "x" * 11}
    for refused in (lambda: words(long, "reason", "Reason", most=10), lambda: bounded(long, most=10)):
        with pytest.raises(BadForm, match="10 characters at most") as caught:
            refused()
        assert "xx" not in caught.value.public_detail
    assert words({"reason": " 1234567890 "}, "reason", "Reason", most=10) == "1234567890"
    assert bounded({"reason": " 1234567890 "}, most=10) == {"reason": "1234567890"}


@pytest.mark.parametrize(
    "typed", ["", "yesterday", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "1999-12-31", "2101-01-01"]
)
def test_a_day_of_another_century_is_refused(typed: str) -> None:
    with pytest.raises(BadForm, match="“At” takes a day"):
        moment({"at": typed}, "at", "At", ZONE)
    with pytest.raises(BadForm, match="“At” takes a day"):
        day({"at": typed}, "at", "At")


def test_a_moment_is_of_the_districts_zone_unless_it_says_another() -> None:
    assert moment({"at": "2026-11-02T09:30"}, "at", "At", ZONE) == dt.datetime(2026, 11, 2, 9, 30, tzinfo=ZONE)
    said = moment({"at": "2026-11-02T09:30+02:00"}, "at", "At", ZONE)
    assert said.astimezone(dt.UTC) == dt.datetime(2026, 11, 2, 7, 30, tzinfo=dt.UTC)
    assert day({"at": "2026-11-02"}, "at", "At") == dt.date(2026, 11, 2)
