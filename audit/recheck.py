"""Recomputing the whole log inside the database, row by row: what the owner of the database can check at any time."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointVerifier, kept_as, text
from audit.errors import Forked, LogDamaged, RolledBack, VerificationFailed
from audit.note import assemble, open_note
from audit.tree import HASH_SIZE, CompactRange
from audit.verify import Progress

_CHUNK = 4096
"""Entries fetched at once; at most 256 MiB, usually 2."""
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HEAD = "SELECT size, range, epoch FROM audit.head"
# Three values instead of three thousand rows: the database puts them together faster than we take them apart.
_ENTRIES = """SELECT array_agg(idx) AS idx, array_agg(leaf) AS leaves, string_agg(leaf_hash, ''::bytea) AS hashes
    FROM (SELECT idx, leaf, leaf_hash FROM audit.entry WHERE idx >= $1 ORDER BY idx LIMIT $2) AS e"""
_CHECKPOINTS = "SELECT size, tree_head FROM audit.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size"
_BEYOND = "SELECT count(*) FROM audit.checkpoint WHERE size > $1"
_SIGNATURES = """SELECT s.size, c.tree_head, s.note FROM audit.signature s
    LEFT JOIN audit.checkpoint c ON c.size = s.size WHERE s.signer = ANY ($1) ORDER BY s.size"""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """
    What the log in the database was found to be.

    INVARIANT: made by `recheck` only, after every check passed.
    """

    size: int
    tree_head: bytes
    epoch: int
    checkpoints: int
    signatures: int
    continues: int | None
    """Size of the earlier checkpoint that this log was shown to continue, if one was given."""


async def recheck(
    db: asyncpg.Pool | Session,
    verifier: CheckpointVerifier,
    previous: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Rechecked:
    """
    Recompute the tree from the leaves in one snapshot, and compare every hash, checkpoint and own signature.

    Raises `LogDamaged`, `NoteInvalid`, `RolledBack` or `Forked`, naming the first thing wrong.
    """
    if isinstance(db, asyncpg.Pool):
        async with db.acquire() as session:
            return await recheck(session, verifier, previous, progress)
    async with one_snapshot(db):
        return await recheck_here(db, verifier, previous, progress)


@asynccontextmanager
async def one_snapshot(session: Session) -> AsyncGenerator[None]:
    """Read in one snapshot for the length of a block; nothing is written."""
    await session.execute(_SNAPSHOT)
    try:
        yield
    finally:
        await session.execute("ROLLBACK")


async def recheck_here(
    session: Session,
    verifier: CheckpointVerifier,
    previous: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Rechecked:
    """Do the work of `recheck` in the transaction the session is in, which must see one snapshot. Raises the same."""
    head_row = await session.fetchrow(_HEAD)
    edge = CompactRange()
    checkpoints = 0
    async with aclosing(_chunks(session)) as chunks:
        async for rows, published in chunks:
            checkpoints += len(published)
            start = edge.size
            # (1): no entry is missing, and each hashes to what is kept beside it.
            hashes = _leaf_hashes(start, rows)
            # (2): every checkpoint is the head of the tree at its size, the one we saw before included.
            for size, tree_head, failure in _marks(published, previous, start, start + len(hashes)):
                edge.extend(hashes[edge.size - start : size - start])
                if tree_head != edge.head():
                    raise failure
            edge.extend(hashes[edge.size - start :])
            if progress is not None:
                progress(edge.size, max(edge.size, head_row["size"] if head_row else 0))
    # (3): the head row is the right edge of this tree.
    if head_row is None or (head_row["size"], head_row["range"]) != (edge.size, edge.pack()):
        raise LogDamaged(f"the head row is not the right edge of the {edge.size} entries")
    # (4): no checkpoint speaks of entries that are not there.
    if await session.fetchval(_BEYOND, edge.size):
        raise LogDamaged(f"there is a checkpoint beyond the {edge.size} entries")
    # (5): every signature of this log's keys holds.
    signatures = await _require_signatures(session, verifier)
    # (6): nothing that we saw before has gone.
    if previous is not None and previous.size > edge.size:
        raise RolledBack(f"the log has {edge.size} entries, an earlier checkpoint had {previous.size}")
    continues = None if previous is None else previous.size
    return Rechecked(edge.size, edge.head(), head_row["epoch"], checkpoints, signatures, continues)


async def _require_signatures(session: Session, verifier: CheckpointVerifier) -> int:
    keys = [key for key, _ in verifier.keys]
    signed = await session.fetch(_SIGNATURES, [kept_as(key) for key in keys])
    for row in signed:
        if row["tree_head"] is None:
            raise LogDamaged(f"a signature over size {row['size']} has no checkpoint")
        over = text(verifier.origin, row["size"], row["tree_head"])
        _, held = open_note(assemble(over, row["note"]), keys)
        if not held:
            raise LogDamaged(f"the signature kept over size {row['size']} is not by the key it is kept for")
    return len(signed)


def _marks(
    published: Iterable[asyncpg.Record], previous: Checkpoint | None, start: int, end: int
) -> list[tuple[int, bytes, VerificationFailed]]:
    """Return the sizes up to `end` at which the tree's head is known, each with what to raise if it is another."""
    marks: list[tuple[int, bytes, VerificationFailed]] = [
        (row["size"], row["tree_head"], LogDamaged(f"the checkpoint of size {row['size']} is not over these entries"))
        for row in published
    ]
    if previous is not None and start < previous.size <= end:
        found = Forked(f"the first {previous.size} entries are not those of the earlier checkpoint")
        marks.append((previous.size, previous.tree_head, found))
    return sorted(marks, key=lambda mark: mark[0])


async def _chunks(session: Session) -> AsyncGenerator[tuple[asyncpg.Record, list[asyncpg.Record]], None]:
    """Go through the entries, with the checkpoints of their sizes; the next chunk is fetched while one is hashed."""
    start = 0
    fetching = asyncio.ensure_future(_chunk(session, start))
    try:
        while (chunk := await fetching)[0]["idx"] is not None:
            start += len(chunk[0]["idx"])
            fetching = asyncio.ensure_future(_chunk(session, start))
            await asyncio.sleep(0)  # lets the question out before the hashing begins
            yield chunk
    finally:
        # A session answers one question at a time: this one is over before the caller asks another.
        await asyncio.gather(fetching, return_exceptions=True)


async def _chunk(session: Session, start: int) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    rows = await session.fetchrow(_ENTRIES, start, _CHUNK)
    assert rows is not None  # an aggregate without GROUP BY
    found = 0 if rows["idx"] is None else len(rows["idx"])
    return rows, await session.fetch(_CHECKPOINTS, start, start + found)


def _leaf_hashes(start: int, rows: asyncpg.Record) -> list[bytes]:
    indexes, kept = rows["idx"], rows["hashes"]
    hashes = [sha256(b"\x00" + leaf).digest() for leaf in rows["leaves"]]
    if indexes[0] == start and indexes[-1] == start + len(indexes) - 1 and kept == b"".join(hashes):
        return hashes
    for place, hashed in enumerate(hashes):
        if indexes[place] != start + place:
            raise LogDamaged(f"entry {start + place} is missing")
        if hashed != kept[place * HASH_SIZE : (place + 1) * HASH_SIZE]:
            raise LogDamaged(f"entry {start + place} does not hash to its leaf hash")
    raise LogDamaged(f"the leaf hashes from entry {start} on have not all {HASH_SIZE} bytes")
