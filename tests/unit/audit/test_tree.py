"""The tree against the vectors of RFC 6962 and the definitions of the RFC."""

import json
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ProofInvalid
from audit.tree import (
    EMPTY,
    CompactRange,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    require_consistency,
    require_inclusion,
    tree_head,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "rfc6962.json").read_text())
HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
MANY = [leaf_hash(b"%d" % number) for number in range(300)]


# The definitions of RFC 6962 section 2.1, word for word; slow, and independent of the code under test.
def split_of(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def rfc_head(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split_of(len(hashes))
    return sha256(b"\x01" + rfc_head(hashes[:k]) + rfc_head(hashes[k:])).digest()


def rfc_path(index: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = split_of(len(hashes))
    if index < k:
        return [*rfc_path(index, hashes[:k]), rfc_head(hashes[k:])]
    return [*rfc_path(index - k, hashes[k:]), rfc_head(hashes[:k])]


def rfc_proof(old: int, hashes: list[bytes], *, whole: bool = True) -> list[bytes]:
    if old == len(hashes):
        return [] if whole else [rfc_head(hashes)]
    k = split_of(len(hashes))
    if old <= k:
        return [*rfc_proof(old, hashes[:k], whole=whole), rfc_head(hashes[k:])]
    return [*rfc_proof(old - k, hashes[k:], whole=False), rfc_head(hashes[:k])]


def test_a_path_for_another_leaf_place_size_or_head_is_refused() -> None:
    path, head = inclusion_path(HASHES, 5), tree_head(HASHES)
    require_inclusion(HASHES[5], 5, 8, path, head)
    for hashed, index, size, steps, top in (
        (HASHES[4], 5, 8, path, head),
        (HASHES[5], 4, 8, path, head),
        (HASHES[5], 8, 8, path, head),
        (HASHES[5], -1, 8, path, head),
        (HASHES[5], 5, 6, path, head),
        (HASHES[5], 5, 16, path, head),
        (HASHES[5], 5, 8, path[:-1], head),
        (HASHES[5], 5, 8, (*path, head), head),
        (HASHES[5], 5, 8, path[::-1], head),
        (HASHES[5], 5, 8, path, HASHES[0]),
    ):
        with pytest.raises(ProofInvalid):
            require_inclusion(hashed, index, size, steps, top)


def test_a_consistency_path_for_other_sizes_or_heads_is_refused() -> None:
    path = consistency_path(HASHES, 6)
    old, new = tree_head(HASHES[:6]), tree_head(HASHES)
    require_consistency(6, old, 8, new, path)
    for old_size, old_head, new_size, new_head, steps in (
        (9, old, 8, new, path),
        (-1, old, 8, new, path),
        (5, old, 8, new, path),
        (6, new, 8, new, path),
        (6, old, 8, old, path),
        (6, old, 8, new, ()),
        (6, old, 8, new, path[:-1]),
        (6, old, 8, new, (*path, old)),
        (8, old, 8, new, ()),
        (8, new, 8, new, path),
        (0, old, 8, new, ()),
        (0, EMPTY, 8, new, path),
    ):
        with pytest.raises(ProofInvalid):
            require_consistency(old_size, old_head, new_size, new_head, steps)


def test_paths_that_do_not_exist_cannot_be_made() -> None:
    for index in (-1, 8):
        with pytest.raises(ProofInvalid):
            inclusion_path(HASHES, index)
    for old in (-1, 9):
        with pytest.raises(ProofInvalid):
            consistency_path(HASHES, old)


@pytest.mark.parametrize(("size", "packed"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (1, bytes(31)), (-1, b"")])
def test_a_right_edge_that_does_not_fit_its_size_is_refused(size: int, packed: bytes) -> None:
    with pytest.raises(ProofInvalid):
        CompactRange.unpack(size, packed)


def test_heads_and_paths_are_those_of_the_published_vectors() -> None:
    assert [tree_head(HASHES[:size]).hex() for size in range(9)] == VECTORS["heads"]
    for vector in VECTORS["inclusion"]:
        path = inclusion_path(HASHES[: vector["size"]], vector["index"])
        assert [step.hex() for step in path] == vector["path"]
    for vector in VECTORS["consistency"]:
        path = consistency_path(HASHES[: vector["new"]], vector["old"])
        assert [step.hex() for step in path] == vector["path"]


@given(size=st.integers(1, 300), data=st.data())
def test_every_leaf_is_provable_as_the_rfc_defines(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(MANY[:size], index)
    assert list(path) == rfc_path(index, MANY[:size])
    require_inclusion(MANY[index], index, size, path, rfc_head(MANY[:size]))


@given(new=st.integers(0, 300), data=st.data())
def test_every_old_size_stays_provable_as_the_rfc_defines(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    path = consistency_path(MANY[:new], old)
    assert list(path) == (rfc_proof(old, MANY[:new]) if old else [])
    require_consistency(old, rfc_head(MANY[:old]), new, rfc_head(MANY[:new]), path)


@given(new=st.integers(2, 300), data=st.data())
def test_any_changed_byte_of_a_path_is_found(new: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, new - 1))
    path = list(inclusion_path(MANY[:new], index))
    step = data.draw(st.integers(0, len(path) - 1))
    broken = bytearray(path[step])
    broken[data.draw(st.integers(0, 31))] ^= data.draw(st.integers(1, 255))
    path[step] = bytes(broken)
    with pytest.raises(ProofInvalid):
        require_inclusion(MANY[index], index, new, path, tree_head(MANY[:new]))


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=5).map(sorted))
def test_appending_from_a_packed_edge_gives_the_same_tree(sizes: list[int]) -> None:
    edge = CompactRange()
    for start, stop in pairwise([0, *sizes]):
        edge = CompactRange.unpack(edge.size, edge.pack())
        for hashed in MANY[start:stop]:
            edge.append(hashed)
        assert (edge.size, edge.head()) == (stop, rfc_head(MANY[:stop]))


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=5).map(sorted))
def test_adding_many_at_once_gives_the_same_edge_as_one_by_one(sizes: list[int]) -> None:
    many, single = CompactRange(), CompactRange()
    for start, stop in pairwise([0, *sizes]):
        many.extend(MANY[start:stop])
        for hashed in MANY[start:stop]:
            single.append(hashed)
        assert (many.size, many.pack(), many.head()) == (stop, single.pack(), single.head())


def test_a_node_is_not_a_leaf() -> None:
    assert node_hash(b"a" * 32, b"b" * 32) != leaf_hash(b"a" * 32 + b"b" * 32)
