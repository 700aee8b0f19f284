"""
The index by which the log is searched: tables beside the tree, filled by the database from the entries alone.

Entries are indexed in blocks of 4,096, each in one transaction of its own and never under the head lock: an append pays
nothing. What is not indexed yet is read entry by entry, so that a search never misses one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from audit.batch import Session
from audit.facets import Facet, term

BLOCK: Final = 4096
"""Entries indexed together; `audit.index_next` has the same number."""
NUMBER_SIZE: Final = 16
"""Bytes of a subject number."""

_NEXT: Final = "SELECT audit.index_next()"
_FORGET: Final = "SELECT audit.forget_index()"
_BLOCKS: Final = "SELECT block, first_time, last_time FROM audit.indexed ORDER BY block"
_SIZE: Final = "SELECT size FROM audit.head"
_POSTINGS: Final = "SELECT term, block, places FROM audit.posting WHERE term = ANY ($1) AND block = ANY ($2)"
_NAMED: Final = "SELECT block, places FROM audit.named WHERE bucket = $1 AND block = ANY ($2)"


async def catch_up(db: asyncpg.Pool | Session, done: Callable[[int], None] = lambda _: None) -> int:
    """
    Index whatever whole blocks the log has; return how many these were. As a role that may: the app or the loader.

    `done` is told of each. If somebody else is at it, they go on and this returns.
    """
    blocks = 0
    while await db.fetchval(_NEXT):
        blocks += 1
        done(blocks)
    return blocks


async def rebuild(db: asyncpg.Pool | Session, done: Callable[[int], None] = lambda _: None) -> int:
    """Throw the index away and make it again; return how many blocks it has. As the loader."""
    await db.execute(_FORGET)
    return await catch_up(db, done)


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the log and its index reach, in one snapshot: `times` are the earliest and latest of each block."""

    size: int
    times: dict[int, tuple[str, str]]

    @property
    def blocks(self) -> int:
        """How many blocks the log has, the last of which may be unfinished."""
        return -(-self.size // BLOCK)

    def entries_of(self, block: int) -> range:
        """Return the indexes of the entries of a block."""
        return range(block * BLOCK, min(self.size, (block + 1) * BLOCK))


async def extent(session: Session) -> Extent:
    """Read how far the log is indexed. Inside a snapshot that lasts as long as what is read by it."""
    times = {row["block"]: (row["first_time"], row["last_time"]) for row in await session.fetch(_BLOCKS)}
    return Extent(await session.fetchval(_SIZE) or 0, times)


async def saying(
    session: Session, facets: Iterable[tuple[Facet, str]], blocks: Sequence[int]
) -> dict[tuple[int, bytes], int]:
    """Return the places of what says this: for each block and term a number whose bit n stands for entry n of it."""
    terms = list({term(facet, value) for facet, value in facets})
    rows = await session.fetch(_POSTINGS, terms, blocks)
    return {(row["block"], row["term"]): bits_of(row["places"]) for row in rows}


async def naming(session: Session, number: bytes, blocks: Sequence[int]) -> dict[int, int]:
    """Return the places that perhaps name this subject number, one bit an entry, by block. None is missing."""
    found = {}
    for row in await session.fetch(_NAMED, bucket_of(number), blocks):
        places = places_of(row["places"], number)
        if places:
            found[row["block"]] = places
    return found


def bits_of(places: bytes) -> int:
    """Read a posting: as many bits as a block has entries, or 2 bytes a place."""
    if len(places) == BLOCK // 8:
        return int.from_bytes(places)
    return sum(1 << int.from_bytes(places[at : at + 2]) for at in range(0, len(places), 2))


def indexes_of(places: int, block: int, *, newest_first: bool = False) -> Iterator[int]:
    """Give the indexes of the entries that the bits stand for, in order."""
    while places:
        place = places.bit_length() - 1 if newest_first else (places & -places).bit_length() - 1
        yield block * BLOCK + place
        places ^= 1 << place


def bucket_of(number: bytes) -> int:
    """Return the first 10 bits of a subject number."""
    return int.from_bytes(number[:2]) >> 6


def places_of(items: bytes, number: bytes) -> int:
    """Read a row of namings: items of 4 bytes, 2 of the number and 2 of the place."""
    tag, places = number[2:4], 0
    at = items.find(tag)
    while at >= 0:
        if at % 4 == 0:
            places |= 1 << int.from_bytes(items[at + 2 : at + 4])
        at = items.find(tag, at + 1)
    return places
