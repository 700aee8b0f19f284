"""What begins and ends on a roster is what a plain model says, and a roster ends by itself when it is stale."""

import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.rosters.plans import FRESH_DAYS, Plan, Row, Wanted, plan_rows

pytestmark = [pytest.mark.ferpa("R1"), pytest.mark.ferpa("R3")]

TODAY = dt.date(2027, 3, 10)
UNTIL = TODAY + dt.timedelta(days=FRESH_DAYS)
A_DAY = dt.timedelta(days=1)
KIDS = [UUID(int=number) for number in range(1, 5)]
days = st.integers(-60, 60).map(lambda number: TODAY + number * A_DAY)
maybe = st.none() | days


def rows_of(plan: Plan, rows: list[Row]) -> set[tuple[UUID, dt.date, dt.date | None]]:
    """The roster after a plan."""
    ended = {row.row_id for row in plan.end}
    return {(row.student_id, row.from_date, row.to_date) for row in rows if row.row_id not in ended} | {*plan.begin}


def row(number: int, kid: UUID, first: dt.date = TODAY, last: dt.date | None = UNTIL) -> Row:
    return Row(number, kid, first, last)


def test_nothing_begins_that_is_over_and_nothing_lasts_longer_than_a_roster() -> None:
    over = Wanted(KIDS[0], None, TODAY - A_DAY)
    late = Wanted(KIDS[1], UNTIL + A_DAY, None)
    long = Wanted(KIDS[2], None, UNTIL + A_DAY)
    plan = plan_rows([over, late, long, Wanted(KIDS[3], None, None)], [], TODAY)
    assert plan.begin == ((KIDS[2], TODAY, UNTIL), (KIDS[3], TODAY, UNTIL))


def test_who_leaves_and_who_stays() -> None:
    rows = [row(1, KIDS[0], TODAY - 9 * A_DAY, TODAY), row(2, KIDS[1]), row(3, KIDS[2])]
    plan = plan_rows([Wanted(KIDS[0], None, None)], rows, TODAY, leaving=[KIDS[1]])
    # Who goes on keeps the first day; who is neither named nor leaving is not touched.
    assert plan.begin == ((KIDS[0], TODAY - 9 * A_DAY, UNTIL),)
    assert [each.row_id for each in plan.end] == [1, 2]
    assert (plan.before, plan.removed, plan.is_suspicious) == (3, 1, True)
    assert plan.answered == {KIDS[0], KIDS[1]}
    assert plan.moved == (KIDS[0], KIDS[1])


def test_the_same_again_moves_nothing() -> None:
    plan = plan_rows([Wanted(KIDS[0], None, None)], [row(1, KIDS[0])], TODAY)
    assert (plan.begin, plan.end, plan.is_suspicious) == ((), (), False)


def test_one_in_ten_may_leave_without_another_word() -> None:
    kids = [UUID(int=number) for number in range(100, 110)]
    rows = [row(number, kid) for number, kid in enumerate(kids)]
    assert not plan_rows([], rows, TODAY, leaving=kids[:1]).is_suspicious
    assert plan_rows([], rows, TODAY, leaving=kids[:2]).is_suspicious


def test_the_digest_covers_each_row_that_moves() -> None:
    rows = [row(1, KIDS[0])]
    plans = [
        plan_rows([], [], TODAY),
        plan_rows([], rows, TODAY, leaving=[KIDS[0]]),
        plan_rows([Wanted(KIDS[1], None, None)], [], TODAY),
        plan_rows([Wanted(KIDS[1], None, TODAY)], [], TODAY),
        plan_rows([Wanted(KIDS[2], None, None)], [], TODAY),
    ]
    assert len({each.digest for each in plans}) == len(plans)


@given(
    st.lists(st.builds(Wanted, st.sampled_from(KIDS), maybe, maybe), max_size=5),
    st.lists(st.tuples(st.sampled_from(KIDS), days, maybe), max_size=5, unique_by=lambda each: each[:2]),
    st.sets(st.sampled_from(KIDS)),
)
def test_the_roster_becomes_what_a_plain_model_says(
    wanted: list[Wanted], had: list[tuple[UUID, dt.date, dt.date | None]], whole: set[UUID]
) -> None:
    rows = [Row(number, *each) for number, each in enumerate(had)]
    leaving = whole - {each.student_id for each in wanted}
    after = rows_of(plan_rows(wanted, rows, TODAY, leaving=leaving), rows)
    for kid in KIDS:
        own = [each for each in wanted if each.student_id == kid]
        before = {each for each in had if each[0] == kid}
        for day in (TODAY + number * A_DAY for number in range(FRESH_DAYS + 2)):
            on = any(each[0] == kid and each[1] <= day and (each[2] is None or day <= each[2]) for each in after)
            if own:
                start = min((each[1] for each in before), default=TODAY)
                said = any((each.from_date or start) <= day <= min(each.to_date or UNTIL, UNTIL) for each in own)
            else:
                still = kid not in leaving
                said = still and any(each[1] <= day and (each[2] is None or day <= each[2]) for each in before)
            assert on == said, (kid, day)
