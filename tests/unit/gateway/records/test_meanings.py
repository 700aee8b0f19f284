"""What a consent to everything means in a line of versions."""

import datetime as dt

import pytest

from gateway.records.meanings import added_in

FIRST, SECOND, THIRD = dt.date(2025, 7, 1), dt.date(2026, 1, 15), dt.date(2026, 7, 1)

pytestmark = [pytest.mark.claim(3), pytest.mark.ferpa("C2")]


@pytest.mark.parametrize(
    ("versions", "added"),
    [
        ([(FIRST, ("a", "b"))], ()),
        ([(FIRST, ("a", "b")), (SECOND, ("a",))], ()),
        ([(FIRST, ("a",)), (SECOND, ("c", "b", "a"))], (("b", SECOND), ("c", SECOND))),
        ([(FIRST, ("a",)), (SECOND, ("a", "b")), (THIRD, ("a", "b", "c"))], (("b", SECOND), ("c", THIRD))),
        ([(FIRST, ("a", "b")), (SECOND, ("a",)), (THIRD, ("a", "b"))], (("b", THIRD),)),
        ([(FIRST, ("a",)), (SECOND, ("b",))], (("b", SECOND),)),
    ],
    ids=["one version", "narrowed", "widened", "widened twice", "given up and taken again", "all new"],
)
def test_what_came_later_is_dated_by_the_version_that_brought_it_for_good(
    versions: list[tuple[dt.date, tuple[str, ...]]], added: tuple[tuple[str, dt.date], ...]
) -> None:
    assert added_in(versions) == added
