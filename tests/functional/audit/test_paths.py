"""Paths found through the heads of tiles are the paths of the whole tree, and cost no more as the log grows."""

import asyncio
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from audit.draft import Draft
from audit.errors import EntryMissing, LogDamaged, ProofInvalid
from audit.paths import TileHeads
from audit.tiles import WIDTH
from audit.tree import consistency_path, inclusion_path, leaf_hash, require_inclusion, tree_head
from tests.factories.log import numbered_leaf
from tests.functional.audit.conftest import Ledger

SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 700, 767, 768, 770)
LEAVES = [leaf_hash(numbered_leaf(number)) for number in range(SIZES[-1])]


class Stored:
    """Leaf hashes by range, as the database gives them; counts how many were read."""

    def __init__(self, size: int) -> None:
        self.size, self.read = size, 0

    async def fetchval(self, _statement: str, start: int, stop: int) -> bytes | None:
        await asyncio.sleep(0)
        found = LEAVES[start : min(stop, self.size)]
        self.read += len(found)
        return b"".join(found) or None


@pytest.mark.parametrize("size", SIZES)
async def test_every_path_is_that_of_the_whole_tree(size: int) -> None:
    stored: Any = Stored(size)
    tiles, head = TileHeads(), tree_head(LEAVES[:size])
    for index in {0, 1, 254, 255, 256, 300, 511, 512, size - 2, size - 1} & set(range(size)):
        path = await tiles.path(stored, index, size)
        assert path == inclusion_path(LEAVES[:size], index)
        require_inclusion(LEAVES[index], index, size, path, head)


@pytest.mark.parametrize("new", SIZES)
async def test_every_path_between_two_sizes_is_that_of_the_whole_tree(new: int) -> None:
    stored: Any = Stored(new)
    tiles = TileHeads()
    for _ in range(2):  # the second time from what was kept
        for old in {0, 1, 2, 255, 256, 257, 300, 511, 512, 513, new - 1, new} & set(range(new + 1)):
            assert await tiles.consistency(stored, old, new) == consistency_path(LEAVES[:new], old)
            assert await tiles.head(stored, old) == tree_head(LEAVES[:old])
            assert (await tiles.edge(stored, old)).head() == tree_head(LEAVES[:old])
    with pytest.raises(ProofInvalid):
        await tiles.consistency(stored, new + 1, new)


async def test_a_path_from_a_size_not_far_back_reads_what_came_since(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: Any = Stored(SIZES[-1])
    tiles = TileHeads()
    await tiles.consistency(stored, 768, 769)
    before = stored.read
    assert await tiles.consistency(stored, 768, 770) == consistency_path(LEAVES, 768)
    assert stored.read - before == 2
    monkeypatch.setattr("audit.paths._MOST_COMPLETE", 1)
    for old in (1, 300, 700):
        assert await tiles.consistency(stored, old, 770) == consistency_path(LEAVES, old)


async def test_what_is_not_there_has_no_path_and_a_gap_is_found() -> None:
    stored: Any = Stored(300)
    for index in (-1, 300, 301):
        with pytest.raises(EntryMissing):
            await TileHeads().path(stored, index, 300)
    for size in (301, 512, 770):
        with pytest.raises(LogDamaged):
            await TileHeads().path(stored, 0, size)


@pytest.mark.attack("many receipts of a long log")
async def test_a_second_path_reads_two_tiles_however_long_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.paths._AT_ONCE", WIDTH)
    stored: Any = Stored(SIZES[-1])
    tiles = TileHeads()
    await asyncio.gather(*(tiles.path(stored, index, size) for index, size in pairwise(SIZES)))
    before = stored.read
    assert before <= 770 + 2 * WIDTH * len(SIZES)
    assert await tiles.path(stored, 3, 770) == inclusion_path(LEAVES, 3)
    assert stored.read - before == WIDTH + 2


async def test_a_receipt_of_a_log_of_several_tiles_holds(ledger: Ledger) -> None:
    log = await ledger.start()
    await asyncio.gather(*(log.append(Draft(numbered_leaf(number))) for number in range(1, 600)))
    app: asyncpg.Pool = await ledger.database.pool("app")
    head = await app.fetchval("SELECT tree_head FROM audit.checkpoint WHERE size = 600")
    rows = await app.fetch("SELECT leaf_hash FROM audit.entry ORDER BY idx")
    tiles = TileHeads()
    for index in (0, 255, 256, 599):
        require_inclusion(rows[index]["leaf_hash"], index, 600, await tiles.path(app, index, 600), head)
