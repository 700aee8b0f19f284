from itertools import permutations

import pytest

from agreements.elements import Transformation
from agreements.strictness import STRICTEST_FIRST
from policies.errors import UncompilableAgreement
from policies.strictness import HIDDEN, require_known, strictest


def test_a_transformation_without_a_place_is_refused() -> None:
    with pytest.raises(UncompilableAgreement):
        require_known("k>=10")


def test_every_transformation_has_exactly_one_place() -> None:
    assert sorted(STRICTEST_FIRST) == sorted(Transformation)
    assert [require_known(name) for name in Transformation] == list(Transformation)


def test_the_strictest_wins_in_whatever_order_clauses_stand() -> None:
    for some in permutations(["exact", "age_years", "year"]):
        assert strictest(some) == "year"
    for some in permutations(["exact", "blank", "zip3"]):
        assert strictest(some) == "blank"


def test_exact_is_the_laxest_and_nothing_stricter_leaves_more() -> None:
    assert STRICTEST_FIRST[-1].value == "exact"
    assert set(STRICTEST_FIRST[:2]) == HIDDEN
