"""The tree, its paths and its proofs against an independent implementation, pymerkle, up to and past tiles of tiles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from audit.tree import EMPTY, CompactRange, consistency_path, inclusion_path, leaf_hash, require_consistency, tree_head

pytestmark = pytest.mark.claim(5)

EDGES = (1, 2, 3, 255, 256, 257, 4_095, 65_535, 65_536, 65_537)
LARGEST = max(EDGES)
HASHES = [leaf_hash(b"%d" % number) for number in range(LARGEST)]
sizes = st.integers(0, 2_000) | st.sampled_from([0, *EDGES[:7]])


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(LARGEST):
        tree.append_entry(b"%d" % number)
    return tree


def require_equal(oracle: InmemoryTree, old: int, size: int) -> None:
    """Compare the head at `size`, the path of the last leaf of the tree of size `old`, and the proof from it."""
    hashes = HASHES[:size]
    assert tree_head(hashes) == oracle.get_root(size)
    # pymerkle counts leaves from 1 and puts the leaf itself, in its place, among the steps.
    path = [*inclusion_path(hashes, old - 1), hashes[old - 1]]
    assert sorted(path) == sorted(oracle.prove_inclusion(old, size).path)
    # Its proofs between sizes are cut another way; what counts is that ours leads from its one head to its other.
    proof = consistency_path(hashes, old)
    require_consistency(old, oracle.get_root(old), size, oracle.get_root(size), proof)


def test_nothing_is_the_empty_tree(oracle: InmemoryTree) -> None:
    assert CompactRange().head() == tree_head([]) == EMPTY == oracle.get_root(0)


def test_heads_equal_as_the_tree_grows(oracle: InmemoryTree) -> None:
    edge = CompactRange()
    for hashed in HASHES:
        edge.append(hashed)
        if edge.size in EDGES:
            assert edge.head() == oracle.get_root(edge.size)


@pytest.mark.parametrize("size", EDGES)
def test_paths_and_proofs_equal_at_the_edges_of_tiles(oracle: InmemoryTree, size: int) -> None:
    for old in {1, size // 2 or 1, max(1, size - 1), size}:
        require_equal(oracle, old, size)


@settings(derandomize=True, deadline=None, database=None)
@given(size=sizes.filter(bool), data=st.data())
def test_paths_and_proofs_equal_at_random_sizes(oracle: InmemoryTree, size: int, data: st.DataObject) -> None:
    require_equal(oracle, data.draw(st.integers(1, size)), size)
