"""Row I1: 501 students are told of to the attorney general and 500 are not; the earliest clock comes first."""

import datetime as dt

import pytest

from gateway.services.incidents.clocks import Task, duties
from gateway.services.incidents.letters import letters
from gateway.services.incidents.lines import Affected, Student

pytestmark = pytest.mark.ferpa("I1")
NOON = dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)
DAYS = dt.timedelta(days=30)


def tasks(hours: list[int], students: int | None) -> list[tuple[str, dt.datetime | None]]:
    return [(each.task.value, each.due) for each in duties(NOON, hours, students)]


@pytest.mark.parametrize(("students", "told"), [(0, False), (1, False), (500, False), (501, True), (None, False)])
def test_the_attorney_general_is_told_from_501_students_on(students: int | None, told: bool) -> None:
    assert (Task.TELL_ATTORNEY_GENERAL in {each.task for each in duties(NOON, [24], students)}) == told


def test_the_earliest_clock_comes_first_and_the_strictest_agreement_sets_it() -> None:
    assert tasks([72, 24], 501) == [
        ("partner_tells", NOON + dt.timedelta(hours=24)),
        ("tell_families", NOON + DAYS),
        ("tell_attorney_general", NOON + DAYS),
    ]
    assert tasks([720 + 1], 1)[0][0] == "tell_families"


def test_whom_nobody_counted_are_told_of_all_the_same() -> None:
    assert tasks([], None) == [("tell_families", NOON + DAYS), ("count_students", None)]


def test_families_are_to_be_told_until_somebody_says_that_nobody_is_even_where_nobody_was_found() -> None:
    assert tasks([24], 0) == [("partner_tells", NOON + dt.timedelta(hours=24)), ("tell_families", NOON + DAYS)]


def test_a_duty_is_overdue_after_its_last_instant_and_not_once_it_is_done() -> None:
    (duty, *_) = duties(NOON, [24], 0)
    assert duty.due is not None
    assert not duty.is_overdue(duty.due)
    assert duty.is_overdue(duty.due + dt.timedelta(microseconds=1))
    assert not duties(NOON, [], None)[1].is_overdue(NOON + 2 * DAYS)


@pytest.mark.claim(9)
def test_a_list_for_letters_computes_nothing_and_is_never_printed() -> None:
    hostile = Affected(7, 1, (Student("=1+1", "+cmd|x", "@SUM(A1)"), Student("1001", "O'Neil", "A\nB")), 0, ())
    assert letters(hostile).splitlines()[1] == "'=1+1,'+cmd|x,'@SUM(A1)"
    assert "1001" not in repr(hostile)
    assert "Neil" not in repr(hostile.students)
