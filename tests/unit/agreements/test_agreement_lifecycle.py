"""Which move may follow which: everything that the table does not list is refused."""

from itertools import product

import pytest

from agreements.errors import MoveNotAllowed
from agreements.lifecycle import ALLOWED, Act, Move, Standing, require_allowed, standing

DIGEST = "sha256:" + "a" * 64
NOT_LISTED = [pair for pair in product(Standing, Act) if pair not in ALLOWED]


@pytest.mark.parametrize(("stands", "act"), NOT_LISTED, ids=str)
def test_a_move_that_is_not_in_the_table_is_refused(stands: Standing, act: Act) -> None:
    with pytest.raises(MoveNotAllowed):
        require_allowed(stands, act)


@pytest.mark.parametrize(("stands", "act"), ALLOWED, ids=str)
def test_a_move_of_the_table_leads_where_it_says(stands: Standing, act: Act) -> None:
    assert require_allowed(stands, act) is ALLOWED[stands, act]


def reachable(start: Standing) -> set[Standing]:
    """Return where moves can lead from `start`."""
    found, open_ends = {start}, [start]
    while open_ends:
        here = open_ends.pop()
        for (stands, _), after in ALLOWED.items():
            if stands is here and after not in found:
                found.add(after)
                open_ends.append(after)
    return found


def test_nothing_leads_back_from_the_end() -> None:
    assert reachable(Standing.CLOSED) == {Standing.CLOSED}
    assert reachable(Standing.TERMINATED) == {Standing.TERMINATED, Standing.CLOSED}


def test_every_agreement_can_be_ended_from_wherever_it_counts() -> None:
    for stands in (Standing.ACTIVE, Standing.SUSPENDED, Standing.REPLACED):
        assert require_allowed(stands, Act.TERMINATE) is Standing.TERMINATED


def test_only_activation_brings_an_agreement_into_force() -> None:
    assert [act for stands, act in ALLOWED if stands is Standing.NOT_ACTIVATED] == [Act.ACTIVATE]


def test_an_amendment_is_no_way_around_a_stop() -> None:
    with pytest.raises(MoveNotAllowed):
        require_allowed(Standing.SUSPENDED, Act.REPLACE)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), Standing.NOT_ACTIVATED),
        (("active",), Standing.ACTIVE),
        (("active", "replaced"), Standing.REPLACED),
        (("active", "suspended"), Standing.SUSPENDED),
        (("active", "replaced", "suspended"), Standing.SUSPENDED),
        (("active", "suspended", "active"), Standing.SUSPENDED),
        (("active", "something else"), Standing.SUSPENDED),
        (("active", "terminated"), Standing.TERMINATED),
        (("active", "terminated", "active"), Standing.TERMINATED),
        (("active", "terminated", "closed"), Standing.CLOSED),
        (("active", "closed"), Standing.CLOSED),
    ],
    ids=str,
)
def test_the_strictest_of_the_recorded_moves_counts(statuses: tuple[str, ...], expected: Standing) -> None:
    moves = [Move(status, index, "why") for index, status in enumerate(statuses)]
    assert standing(DIGEST, moves, []) is expected
