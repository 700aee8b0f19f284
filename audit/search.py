"""
Searching the log: a page of entries, newest or oldest first, quick while it holds ten million.

INVARIANT: the index only says where to look. Every entry that is returned was read and judged by itself, and what is
not indexed is read entry by entry: an index that lies can hide an entry (`audit.index_check` finds that), not make one.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from audit.batch import Session
from audit.errors import LogDamaged
from audit.facets import said_by, term
from audit.index import BLOCK, Extent, extent, indexes_of, naming, saying
from audit.naming import named_among
from audit.query import Clause, Query

_FIRST_STRIDE, _LONGEST_STRIDE = 16, 1024
"""Blocks looked up together: few at first, because a page is often found among the newest, then ever more."""
_MOST_READ: Final = 2048
"""Entries read at once; 128 MiB at most, usually 3."""
_ALL: Final = (1 << BLOCK) - 1
_LEAVES: Final = "SELECT idx, leaf FROM audit.entry WHERE idx = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that is what was searched for."""

    index: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in the order that was asked for; `after` continues behind the last of them, None if there are no more."""

    found: tuple[Found, ...]
    after: int | None


async def search(session: Session, query: Query, *, limit: int, after: int | None = None) -> Page:
    """
    Return at most `limit` entries that are what the query says, those that follow entry `after` if it is given.

    Pages put together are all there is, each entry once, whatever is appended meanwhile. In one snapshot, in a
    transaction of its own. Raises `LogDamaged` if an entry is missing.
    """
    async with session.transaction(isolation="repeatable_read", readonly=True):
        reach = await extent(session)
        found: list[Found] = []
        async for each in _found(session, query, reach, limit, after):
            if len(found) == limit:
                return Page(tuple(found), found[-1].index)
            found.append(each)
        return Page(tuple(found), None)


@dataclass(frozen=True, slots=True)
class Counted:
    """About how many entries there are, and the index of the newest of them, by the index of the log."""

    entries: int
    last: int | None


async def count(session: Session, clauses: tuple[Clause, ...]) -> Counted:
    """
    Return about how many entries are what the clauses say, quick while the log holds ten million.

    INVARIANT: for a page, never for what somebody certifies. Entries that are indexed are counted without being read:
    an index that lies makes the number wrong. What is not indexed is read. In one snapshot. Raises `LogDamaged`.
    """
    query, entries, last = Query(clauses), 0, None
    async with session.transaction(isolation="repeatable_read", readonly=True):
        reach = await extent(session)
        for stride in _strides(query, reach, None):
            places = await _places(session, query, reach, stride)
            for block in sorted(places, reverse=True):
                if block in reach.times:
                    indexes = indexes_of(places[block], block, newest_first=True)
                    entries, newest = entries + places[block].bit_count(), next(indexes, None)
                else:
                    read = await _read(session, query, reach.entries_of(block)[::-1])
                    entries, newest = entries + len(read), read[0].index if read else None
                last = newest if last is None else last
    return Counted(entries, last)


async def _found(session: Session, query: Query, reach: Extent, limit: int, after: int | None) -> AsyncIterator[Found]:
    at_once = limit + 1
    for stride in _strides(query, reach, after):
        places = await _places(session, query, reach, stride)
        ordered = (
            index
            for block in stride
            if block in places
            for index in indexes_of(places[block], block, newest_first=query.newest_first)
            if after is None or (index < after if query.newest_first else index > after)
        )
        while chunk := list(islice(ordered, at_once)):
            for each in await _read(session, query, chunk):
                yield each
            at_once = min(2 * at_once, _MOST_READ)


async def _places(session: Session, query: Query, reach: Extent, stride: Sequence[int]) -> dict[int, int]:
    """Return where to look in each block: one bit an entry, all of them in a block that is not indexed."""
    unknown = {block: (1 << len(reach.entries_of(block))) - 1 for block in stride if block not in reach.times}
    places = {block: _ALL for block in stride if block in reach.times and query.meets(*reach.times[block])}
    for clause in query.clauses:
        said = await saying(session, clause.any_of, list(places))
        words = {term(facet, value) for facet, value in clause.any_of}
        for block in places:
            bits = 0
            for word in words:
                bits |= said.get((block, word), 0)
            places[block] &= bits ^ _ALL if clause.without else bits
        places = {block: bits for block, bits in places.items() if bits}
    if query.numbers and places:
        named: dict[int, int] = {}
        for number in query.numbers:
            for block, bits in (await naming(session, number, list(places))).items():
                named[block] = named.get(block, 0) | bits
        places = {block: bits & named[block] for block, bits in places.items() if block in named}
    return unknown | places


async def _read(session: Session, query: Query, indexes: Sequence[int]) -> list[Found]:
    if query.numbers:
        named = {each for number in query.numbers for each in await named_among(session, number, indexes)}
        indexes = [index for index in indexes if index in named]
    leaves: dict[int, bytes] = {row["idx"]: row["leaf"] for row in await session.fetch(_LEAVES, indexes)}
    for index in indexes:
        if index not in leaves:
            raise LogDamaged(f"entry {index} is missing")
    return [Found(index, leaves[index]) for index in indexes if query.holds(said_by(leaves[index]))]


def _strides(query: Query, reach: Extent, after: int | None) -> Iterator[Sequence[int]]:
    last = reach.blocks - 1
    if query.newest_first:
        blocks = range(last if after is None else min(last, after // BLOCK), -1, -1)
    else:
        blocks = range(0 if after is None else after // BLOCK, last + 1)
    length = _FIRST_STRIDE
    while blocks:
        yield blocks[:length]
        blocks, length = blocks[length:], min(4 * length, _LONGEST_STRIDE)
