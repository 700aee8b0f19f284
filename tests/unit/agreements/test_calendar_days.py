"""Which days documents speak of: those of the calendar, of years from which a zone or a term leads nowhere else."""

import pytest

from agreements.dates import read_date
from agreements.documents.hold import Hold, hold_bytes, read_hold
from agreements.errors import InvalidDocument
from tests.factories.agreements import RECEIVED


@pytest.mark.claim(7)
@pytest.mark.parametrize(
    "day", ["0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31", "2026-02-30", "20260901", None]
)
def test_a_day_that_no_term_can_have_is_none(day: str | None) -> None:
    assert read_date(day) is None


@pytest.mark.parametrize("day", ["1900-01-01", "2024-02-29", "2999-12-31"])
def test_a_day_of_the_calendar_is_read(day: str) -> None:
    found = read_date(day)
    assert found is not None
    assert found.isoformat() == day


def test_a_hold_on_a_day_that_cannot_be_counted_from_is_refused() -> None:
    far = hold_bytes(Hold("sha256:" + "a" * 64, "inspection", RECEIVED.date().replace(year=9999), "A family asked."))
    with pytest.raises(InvalidDocument):
        read_hold(far)
