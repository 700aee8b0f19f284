"""The sample that a checkpoint's hash draws: the same for everybody, without favour."""

from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ProofInvalid
from audit.sample import draw

HEAD = bytes(range(32))
ABOUT = "sha256:" + "a" * 64
INDEXES = st.lists(st.integers(0, 2**53 - 1), unique=True, max_size=60)


def test_what_is_not_a_tree_head_draws_nothing() -> None:
    for wrong in (b"", HEAD[1:], HEAD + b"\0"):
        with pytest.raises(ProofInvalid):
            draw(wrong, ABOUT, [1, 2], 1)


def test_a_sample_can_be_drawn_again_from_what_the_page_says() -> None:
    def rank(index: int) -> bytes:
        return sha256(b"pactgate-sample/1\n" + HEAD + ABOUT.encode() + index.to_bytes(8, "big")).digest()

    indexes = range(100, 400, 3)
    assert draw(HEAD, ABOUT, indexes, 7) == tuple(sorted(sorted(indexes, key=rank)[:7]))


def test_another_head_or_another_agreement_draws_another_sample() -> None:
    drawn = draw(HEAD, ABOUT, range(1000), 10)
    assert draw(HEAD[::-1], ABOUT, range(1000), 10) != drawn
    assert draw(HEAD, ABOUT.replace("a", "b"), range(1000), 10) != drawn


@given(indexes=INDEXES, size=st.integers(0, 30), head=st.binary(min_size=32, max_size=32))
def test_a_sample_is_of_the_entries_none_twice_whatever_their_order(indexes: list[int], size: int, head: bytes) -> None:
    drawn = draw(head, ABOUT, indexes, size)
    assert len(drawn) == min(size, len(indexes))
    assert list(drawn) == sorted(set(drawn))
    assert set(drawn) <= set(indexes)
    assert draw(head, ABOUT, reversed(indexes), size) == drawn


@given(indexes=INDEXES, size=st.integers(1, 30))
def test_a_larger_sample_holds_the_smaller_one(indexes: list[int], size: int) -> None:
    assert set(draw(HEAD, ABOUT, indexes, size - 1)) <= set(draw(HEAD, ABOUT, indexes, size))


def test_no_entry_is_favoured_over_many_heads() -> None:
    heads = [sha256(bytes([number % 256, number // 256])).digest() for number in range(2000)]
    found = Counter(index for head in heads for index in draw(head, ABOUT, range(20), 5))
    # Each is in a quarter of the samples: 500 of 2,000, with a standard deviation of 19.4. Five of those either way.
    assert all(403 <= found[index] <= 597 for index in range(20))
