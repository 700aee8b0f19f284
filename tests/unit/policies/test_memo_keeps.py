from collections import OrderedDict

import pytest

from policies.memo import Memo


def refuse() -> str:
    raise LookupError("made twice")


def test_a_memo_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Memo(0)


def test_what_fails_is_not_kept_and_can_be_tried_again() -> None:
    memo: Memo[str, str] = Memo(1)
    with pytest.raises(LookupError):
        memo.get_or_make("key", refuse)
    assert memo.get("key") is None
    assert memo._making == {}
    assert memo.get_or_make("key", lambda: "value") == "value"


def test_what_is_kept_is_not_made_again() -> None:
    memo: Memo[str, str] = Memo(1)
    memo.get_or_make("key", lambda: "value")
    assert memo.get_or_make("key", refuse) == "value"


def test_the_least_recently_used_goes_first() -> None:
    memo: Memo[str, str] = Memo(2)
    for key in ("a", "b"):
        memo.get_or_make(key, key.upper)
    memo.get("a")
    memo.get_or_make("c", lambda: "C")
    assert (memo.get("a"), memo.get("b"), memo.get("c"), len(memo)) == ("A", None, "C", 2)


def test_a_value_dropped_while_it_is_read_is_still_given() -> None:
    class Racing(OrderedDict[str, str]):
        def move_to_end(self, key: str, last: bool = True) -> None:
            raise KeyError(key, last)

    memo: Memo[str, str] = Memo(1)
    memo._kept = Racing(key="value")
    assert memo.get("key") == "value"
