"""Which entries name a student, by subject number: exact, whatever the index says."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Any, Final

from audit.batch import Session
from audit.errors import LeafRefused
from audit.index import BLOCK, NUMBER_SIZE, Extent, extent, indexes_of, naming

_STRIDE: Final = 256
"""Blocks looked at together: a million entries."""
_AMONG: Final = """SELECT s.idx, CASE WHEN p.at % 16 <> 1 THEN s.subjects END AS subjects
    FROM audit.subject s, LATERAL (SELECT position($1 IN s.subjects) AS at OFFSET 0) p
    WHERE s.idx = ANY ($2) AND p.at > 0"""
_WITHIN: Final = """SELECT s.idx, CASE WHEN p.at % 16 <> 1 THEN s.subjects END AS subjects
    FROM audit.subject s, LATERAL (SELECT position($1 IN s.subjects) AS at OFFSET 0) p
    WHERE s.idx >= $2 AND s.idx < $3 AND p.at > 0"""
"""Where the number stands first, and the list only if that is across the border of two others."""


async def entries_naming(
    session: Session, number: bytes, *, start: int = 0, stop: int | None = None
) -> AsyncGenerator[int, None]:
    """
    Go through the entries whose lists hold this subject number, by index, from `start` up to, not including, `stop`.

    Every one of them was looked up in the list itself; what is not indexed yet is searched list by list. Reads in the
    caller's transaction, which should see one snapshot: otherwise an index that is being made anew can hide an entry.
    Raises `LeafRefused` if this is no subject number.
    """
    if len(number) != NUMBER_SIZE:
        raise LeafRefused(f"a subject number has {NUMBER_SIZE} bytes")
    reach = await extent(session)
    last = reach.size if stop is None else min(stop, reach.size)
    for stride in _strides(start, last):
        indexed = [block for block in stride if block in reach.times]
        perhaps = await naming(session, number, indexed)
        candidates = [index for block in sorted(perhaps) for index in indexes_of(perhaps[block], block)]
        found = await named_among(session, number, candidates)
        for block in stride:
            if block not in reach.times:
                found += await named_in(session, number, reach, block)
        for index in sorted(found):
            if start <= index < last:
                yield index


async def named_among(session: Session, number: bytes, candidates: Sequence[int]) -> list[int]:
    """Return those of the candidates whose list really holds the number."""
    return _aligned(await session.fetch(_AMONG, number, candidates), number) if candidates else []


async def named_in(session: Session, number: bytes, reach: Extent, block: int) -> list[int]:
    """Return the entries of a block whose list holds the number, list by list."""
    entries = reach.entries_of(block)
    return _aligned(await session.fetch(_WITHIN, number, entries.start, entries.stop), number)


def _aligned(rows: Iterable[Any], number: bytes) -> list[int]:
    # The bytes of a number can also stand across the border of two others.
    return [row["idx"] for row in rows if row["subjects"] is None or _holds(row["subjects"], number)]


def _holds(subjects: bytes, number: bytes) -> bool:
    return any(subjects[at : at + NUMBER_SIZE] == number for at in range(0, len(subjects), NUMBER_SIZE))


def _strides(start: int, stop: int) -> Iterator[range]:
    first, past = start // BLOCK, -(-stop // BLOCK)
    for low in range(first, past, _STRIDE):
        yield range(low, min(low + _STRIDE, past))
