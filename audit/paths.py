"""
Inclusion paths without reading the whole log: the heads of full tiles never change and are computed once.

A tree over entries, cut into tiles of 256, is a tree over the heads of its tiles, since a tree splits at the largest
power of two below its size (RFC 6962 section 2.1), and above 256 that is a whole number of tiles. So a path is one
inside a tile, then one over heads.
"""

import asyncio
from typing import Final

import asyncpg

from audit.batch import Session
from audit.errors import EntryMissing, LogDamaged
from audit.tiles import WIDTH
from audit.tree import EMPTY, HASH_SIZE, CompactRange, consistency_ranges, inclusion_path, tree_head

_AT_ONCE: Final = 64 * WIDTH
"""Leaf hashes fetched and hashed at once: half a megabyte, about ten milliseconds."""
_MOST_COMPLETE: Final = 1024
"""Heads of complete subtrees that are kept; a path has at most 63."""
_HASHES: Final = "SELECT string_agg(leaf_hash, ''::bytea ORDER BY idx) FROM audit.entry WHERE idx >= $1 AND idx < $2"


class TileHeads:
    """
    The heads of the full tiles of one log, as far as anybody asked for them: 32 bytes for each 256 entries.

    May be shared by everything on one event loop. Whoever asks while another reads waits for what that one finds.
    """

    def __init__(self) -> None:
        self._heads: list[bytes] = []
        self._complete: dict[tuple[int, int], bytes] = {}
        self._reading = asyncio.Lock()

    async def path(self, db: asyncpg.Pool | Session, index: int, size: int) -> tuple[bytes, ...]:
        """Find the path of an entry in the tree of this size. Raises `EntryMissing` or `LogDamaged`."""
        if not 0 <= index < size:
            raise EntryMissing(f"a tree of {size} has no entry {index}")
        full, rest = divmod(size, WIDTH)
        tile, place = divmod(index, WIDTH)
        heads = await self._up_to(db, full)
        last = await _leaf_hashes(db, full * WIDTH, size) if rest else []
        own = last if tile == full else await _leaf_hashes(db, tile * WIDTH, (tile + 1) * WIDTH)
        if rest:
            heads.append(tree_head(last))
        return (*inclusion_path(own, place), *inclusion_path(heads, tile))

    async def consistency(self, db: asyncpg.Pool | Session, old: int, new: int) -> tuple[bytes, ...]:
        """
        Find the path from the tree of size `old` to the one of size `new`. Raises `ProofInvalid` or `LogDamaged`.

        Subtrees that are complete never change, and their heads are kept: a path from a size that is not far back
        costs what was added since.
        """
        return tuple([await self._head(db, start, end) for start, end in consistency_ranges(old, new)])

    async def head(self, db: asyncpg.Pool | Session, size: int) -> bytes:
        """Return the head of the tree of this size. Raises `LogDamaged` if the log is smaller."""
        return await self._head(db, 0, size) if size else EMPTY

    async def edge(self, db: asyncpg.Pool | Session, size: int) -> CompactRange:
        """Return the right edge of the tree of this size. Raises `LogDamaged` if the log is smaller."""
        start, hashes = 0, []
        for height in reversed(range(size.bit_length())):
            if size >> height & 1:
                hashes.append(await self._head(db, start, start + (1 << height)))
                start += 1 << height
        return CompactRange(size, hashes)

    async def _head(self, db: asyncpg.Pool | Session, start: int, end: int) -> bytes:
        known = self._complete.get((start, end))
        if known is not None:
            return known
        if end - start < WIDTH:
            return tree_head(await _leaf_hashes(db, start, end))
        full, rest = divmod(end, WIDTH)
        heads = (await self._up_to(db, full))[start // WIDTH :]
        if rest:
            heads.append(tree_head(await _leaf_hashes(db, full * WIDTH, end)))
        # Thirty milliseconds for ten million entries, and only once: not on the loop that answers partners.
        head = await asyncio.to_thread(tree_head, heads)
        if (end - start).bit_count() == 1:
            if len(self._complete) >= _MOST_COMPLETE:
                self._complete.clear()
            self._complete[start, end] = head
        return head

    async def _up_to(self, db: asyncpg.Pool | Session, count: int) -> list[bytes]:
        # What was computed stays, even if whoever asked first is cancelled: the next one goes on from there.
        async with self._reading:
            while len(self._heads) < count:
                start = len(self._heads) * WIDTH
                hashes = await _leaf_hashes(db, start, min(start + _AT_ONCE, count * WIDTH))
                self._heads += [tree_head(hashes[at : at + WIDTH]) for at in range(0, len(hashes), WIDTH)]
            return self._heads[:count]


async def _leaf_hashes(db: asyncpg.Pool | Session, start: int, stop: int) -> list[bytes]:
    packed: bytes = await db.fetchval(_HASHES, start, stop) or b""
    if len(packed) != (stop - start) * HASH_SIZE:
        raise LogDamaged(f"the log does not hold the entries {start} to {stop - 1}")
    return [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)]
