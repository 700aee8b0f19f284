"""Folding tells a series in one line and loses no disclosure."""

import datetime as dt
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.accounting.folding import fold, rhythm_of
from gateway.services.accounting.lines import About, Occurrence
from tests.factories.accounted import ABOUT, BY_HAND, nightly, once

pytestmark = [pytest.mark.ferpa("N1"), pytest.mark.claim(6)]
MONDAY = dt.date(2026, 9, 7)

abouts = st.sampled_from(
    (
        ABOUT,
        BY_HAND,
        replace(ABOUT, recipients=("Harbor Mentors",)),
        replace(ABOUT, elements=ABOUT.elements[:1]),
        replace(ABOUT, purpose="Mentoring"),
        replace(ABOUT, behind="person:remy"),
    )
)
days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


def every(start: dt.date, distance: int, count: int) -> list[dt.date]:
    return [start + dt.timedelta(days=distance * at) for at in range(count)]


def test_nothing_folds_to_nothing() -> None:
    assert fold([]) == ()


@given(st.lists(st.tuples(abouts, days), max_size=60))
def test_folding_loses_no_disclosure_and_joins_none_that_differ(drawn: list[tuple[About, dt.date]]) -> None:
    disclosures = [(about, once(entry, day)) for entry, (about, day) in enumerate(drawn)]
    lines = fold(reversed(disclosures))
    opened = [(line.about, each) for line in lines for each in line.occurrences]
    assert sorted(opened, key=lambda each: each[1].entry) == disclosures
    assert len({line.about for line in lines}) == len(lines) == len({about for about, _ in disclosures})
    for line in lines:
        told = [each.day for each in line.occurrences]
        assert (line.first, line.last, line.times) == (min(told), max(told), len(told))
        assert [each.entry for each in line.occurrences] == sorted(each.entry for each in line.occurrences)
        assert line.rhythm
    assert [line.first for line in lines] == sorted(line.first for line in lines)


@given(st.lists(days, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_a_rhythm_does_not_depend_on_the_order_of_the_days(drawn: list[dt.date], chance: Random) -> None:
    shuffled = list(drawn)
    chance.shuffle(shuffled)
    assert rhythm_of(shuffled) == rhythm_of(drawn)


@pytest.mark.parametrize(
    ("told", "rhythm"),
    [
        ([MONDAY], "once"),
        ([MONDAY] * 3, "several times on one day"),
        ([MONDAY, MONDAY, MONDAY + dt.timedelta(days=90)], "on two days"),
        (every(MONDAY, 1, 30), "about every day"),
        ([day for day in every(MONDAY, 1, 30) if day.weekday() < 5], "about every school day"),
        # Some days of holidays in between change nothing.
        (
            [day for day in every(MONDAY, 1, 60) if day.weekday() < 5 and not 20 < day.day < 26],
            "about every school day",
        ),
        (every(MONDAY, 7, 10), "about weekly"),
        (every(MONDAY, 14, 6), "about every two weeks"),
        (every(MONDAY, 30, 8), "about monthly"),
        (every(MONDAY, 90, 4), "every few months"),
        (every(MONDAY, 3, 9), "every few days"),
        (every(MONDAY, 400, 4), "from time to time"),
        ([MONDAY, *every(MONDAY + dt.timedelta(days=1), 70, 3), MONDAY + dt.timedelta(days=3)], "from time to time"),
    ],
)
def test_how_often_is_said_in_words(told: list[dt.date], rhythm: str) -> None:
    assert rhythm_of(told) == rhythm


def test_a_year_of_nightly_pages_is_one_line() -> None:
    (line,) = fold(nightly(ABOUT, MONDAY, 180))
    assert (line.times, line.rhythm) == (180, "about every school day")
    assert isinstance(line.occurrences[0], Occurrence)
