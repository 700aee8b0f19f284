"""
Whether the log in a database continues a checkpoint that was kept elsewhere: the guard against a rolled-back database.

Whoever restores an old copy, or rewrites the past, has a log that no longer leads to what others hold.
"""

from dataclasses import dataclass
from typing import Final

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint
from audit.errors import Forked, LogDamaged, RolledBack
from audit.reading import leaves, require_sound_head
from audit.tree import HASH_SIZE, CompactRange, leaf_hash

_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HELD: Final = "SELECT tree_head FROM audit.checkpoint WHERE size = $1"
_HASHES: Final = "SELECT string_agg(leaf_hash, ''::bytea ORDER BY idx) FROM audit.entry WHERE idx >= $1 AND idx < $2"
_HASHES_AT_ONCE: Final = 4096
"""An eighth of a megabyte, hashed in two milliseconds: a running gateway answers in between."""


@dataclass(frozen=True, slots=True)
class Continued:
    """
    A log that was shown to continue what was kept.

    INVARIANT: made by `require_continues` only. `edge` is the right edge at the log's head; `read` says how many
    entries were recomputed from their leaves, `hashed` how many from their leaf hashes alone.
    """

    edge: CompactRange
    read: int
    hashed: int


async def require_continues(
    db: asyncpg.Pool | Session,
    kept: Checkpoint | None,
    edge: CompactRange | None = None,
    *,
    read_leaves: bool = True,
) -> Continued:
    """
    Check that the log begins with the entries `kept` is over, and that what follows leads to its head.

    `edge` is the right edge of the tree at the size of `kept`. With it the work is that of the entries since; without
    it the leaf hashes before are read too, 32 bytes each. The leaves before `kept` are not read: `recheck` does that.
    Without `kept` only the head row is compared with the newest checkpoint. With `read_leaves` false the entries since
    are judged by their leaf hashes too.

    Raises `RolledBack` if the log is shorter, `Forked` if it has another past, `LogDamaged` if entries are missing or
    do not lead to the head.
    """
    if isinstance(db, asyncpg.Pool):
        async with db.acquire() as session:
            return await require_continues(session, kept, edge, read_leaves=read_leaves)
    await db.execute(_SNAPSHOT)
    try:
        return await _continued(db, kept, edge, read_leaves=read_leaves)
    finally:
        await db.execute("ROLLBACK")


async def _continued(
    session: Session, kept: Checkpoint | None, edge: CompactRange | None, *, read_leaves: bool
) -> Continued:
    # (1): the head row leads to the newest checkpoint.
    found = await require_sound_head(session)
    size = found.size
    if kept is None:
        return Continued(found, 0, 0)
    # (2): a log only grows.
    if size < kept.size:
        raise RolledBack(f"the log has {size} entries, a checkpoint that was kept elsewhere had {kept.size}")
    # (3): its own checkpoint of that size, if it has one, is the one that was kept.
    held = await session.fetchval(_HELD, kept.size)
    if held not in {None, kept.tree_head}:
        raise Forked(f"the checkpoint of size {kept.size} is not the one that was kept elsewhere")
    # (4): without an edge that leads to what was kept, the entries before must lead to it.
    hashed = 0
    if edge is None or (edge.size, edge.head()) != (kept.size, kept.tree_head):
        edge, hashed = CompactRange(), kept.size
        await _append_hashes(session, edge, kept.size)
        if edge.head() != kept.tree_head:
            raise Forked(f"the first {kept.size} entries are not those of the checkpoint that was kept elsewhere")
    # (5): the entries since lead from what was kept to the head.
    at = CompactRange(edge.size, edge.hashes)
    if read_leaves:
        async for leaf in leaves(session, kept.size, size):
            at.append(leaf_hash(leaf))
    else:
        await _append_hashes(session, at, size)
    if at.pack() != found.pack():
        raise Forked(f"the entries from {kept.size} on do not lead from what was kept elsewhere to the head")
    since = size - kept.size
    return Continued(at, since if read_leaves else 0, hashed if read_leaves else hashed + since)


async def _append_hashes(session: Session, edge: CompactRange, size: int) -> None:
    while edge.size < size:
        stop = min(edge.size + _HASHES_AT_ONCE, size)
        packed: bytes = await session.fetchval(_HASHES, edge.size, stop) or b""
        if len(packed) != (stop - edge.size) * HASH_SIZE:
            raise LogDamaged(f"of the entries {edge.size} to {stop - 1} some are missing")
        for at in range(0, len(packed), HASH_SIZE):
            edge.append(packed[at : at + HASH_SIZE])
