"""
Whether the index is what the entries say: computed anew from them, by other means than those that filled it.

What is found by the index is judged by itself, so the one thing a changed index can do is hide an entry; this finds it.
"""

from collections.abc import Callable
from typing import Final

from audit.batch import Session
from audit.errors import IndexWrong, LogDamaged
from audit.facets import said_by, term
from audit.index import BLOCK, NUMBER_SIZE, bits_of, bucket_of, extent

_LEAVES: Final = "SELECT idx, leaf FROM audit.entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
_LISTS: Final = "SELECT idx, subjects FROM audit.subject WHERE idx >= $1 AND idx < $2"
_POSTINGS: Final = "SELECT term, places FROM audit.posting WHERE block = $1"
_NAMED: Final = "SELECT bucket, places FROM audit.named WHERE block = $1"
_ITEM: Final = 4


async def check_index(session: Session, done: Callable[[int], None] = lambda _: None) -> int:
    """
    Compare every indexed block with its entries and lists; return how many there are. As the loader or the auditor.

    In one snapshot. Raises `IndexWrong`, naming the first block that differs, or `LogDamaged` if an entry is missing.
    """
    async with session.transaction(isolation="repeatable_read", readonly=True):
        times = (await extent(session)).times
        for count, (block, kept) in enumerate(times.items(), start=1):
            await _check_block(session, block, kept)
            done(count)
        return len(times)


async def _check_block(session: Session, block: int, times: tuple[str, str]) -> None:
    start, stop = block * BLOCK, (block + 1) * BLOCK
    # (1): what the entries say, and when.
    said = await _said(session, start, stop)
    if times != said[0]:
        raise IndexWrong(f"block {block} of the index has other times than its entries")
    postings = {row["term"]: bits_of(row["places"]) for row in await session.fetch(_POSTINGS, block)}
    _require_same(postings, said[1], f"block {block} of the index does not lead to what its entries say")
    # (2): whom they name.
    named = {row["bucket"]: _items(row["places"]) for row in await session.fetch(_NAMED, block)}
    lists = await _lists(session, start, stop)
    _require_same(named, lists, f"block {block} of the index does not lead to whom its entries name")


async def _said(session: Session, start: int, stop: int) -> tuple[tuple[str, str], dict[bytes, int]]:
    rows = await session.fetch(_LEAVES, start, stop)
    if len(rows) < stop - start:
        raise LogDamaged(f"of the entries {start} to {stop - 1} only {len(rows)} are there")
    postings: dict[bytes, int] = {}
    times = []
    for row in rows:
        said = said_by(row["leaf"])
        for facet, value in said.facets:
            word = term(facet, value)
            postings[word] = postings.get(word, 0) | 1 << row["idx"] - start
        if said.time is not None:
            times.append(said.time)
    return (min(times, default=""), max(times, default="")), postings


async def _lists(session: Session, start: int, stop: int) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for index, subjects in await session.fetch(_LISTS, start, stop):
        place = (index - start).to_bytes(2)
        for at in range(0, len(subjects), NUMBER_SIZE):
            found.setdefault(bucket_of(subjects[at : at + 2]), []).append(subjects[at + 2 : at + 4] + place)
    return {bucket: sorted(items) for bucket, items in found.items()}


def _items(places: bytes) -> list[bytes]:
    return sorted(places[at : at + _ITEM] for at in range(0, len(places), _ITEM))


def _require_same(kept: object, computed: object, sentence: str) -> None:
    if kept != computed:
        raise IndexWrong(sentence)
