"""Recomputing the whole log inside the database, row by row: what the owner of the database can check at any time."""

from dataclasses import dataclass

import asyncpg

from audit.batch import Session
from audit.checkpoint import CheckpointVerifier, text
from audit.errors import LogDamaged
from audit.note import assemble
from audit.tree import CompactRange, leaf_hash

_CHUNK = 4096
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HEAD = "SELECT size, range, epoch FROM audit.head"
_ENTRIES = "SELECT idx, leaf, leaf_hash FROM audit.entry WHERE idx >= $1 ORDER BY idx LIMIT $2"
_CHECKPOINTS = "SELECT size, tree_head FROM audit.checkpoint WHERE size > $1 AND size <= $2"
_BEYOND = "SELECT count(*) FROM audit.checkpoint WHERE size > $1"
_SIGNATURES = """SELECT s.size, c.tree_head, s.note FROM audit.signature s
    LEFT JOIN audit.checkpoint c ON c.size = s.size WHERE s.signer = $1 ORDER BY s.size"""


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


async def recheck(db: asyncpg.Pool | Session, verifier: CheckpointVerifier) -> Rechecked:
    """
    Recompute the tree from the leaves in one snapshot, and compare every hash, checkpoint and own signature.

    Raises `LogDamaged` or `NoteInvalid`, naming the first thing wrong.
    """
    if isinstance(db, asyncpg.Pool):
        async with db.acquire() as session:
            return await recheck(session, verifier)
    await db.execute(_SNAPSHOT)
    try:
        return await recheck_here(db, verifier)
    finally:
        await db.execute("ROLLBACK")


async def recheck_here(session: Session, verifier: CheckpointVerifier) -> Rechecked:
    """Do the work of `recheck` in the transaction the session is in, which must see one snapshot. Raises the same."""
    edge = CompactRange()
    checkpoints = 0
    while rows := await session.fetch(_ENTRIES, edge.size, _CHUNK):
        start = edge.size
        published = {
            row["size"]: row["tree_head"] for row in await session.fetch(_CHECKPOINTS, start, start + len(rows))
        }
        for row in rows:
            # (1): no entry is missing, and each hashes to what is kept beside it.
            if row["idx"] != edge.size:
                raise LogDamaged(f"entry {edge.size} is missing")
            hashed = leaf_hash(row["leaf"])
            if hashed != row["leaf_hash"]:
                raise LogDamaged(f"entry {row['idx']} does not hash to its leaf hash")
            edge.append(hashed)
            # (2): every checkpoint is the head of the tree at its size.
            if edge.size in published and published[edge.size] != edge.head():
                raise LogDamaged(f"the checkpoint of size {edge.size} is not over these entries")
        checkpoints += len(published)
    # (3): the head row is the right edge of this tree.
    head_row = await session.fetchrow(_HEAD)
    if head_row is None or (head_row["size"], head_row["range"]) != (edge.size, edge.pack()):
        raise LogDamaged(f"the head row is not the right edge of the {edge.size} entries")
    # (4): no checkpoint speaks of entries that are not there.
    if await session.fetchval(_BEYOND, edge.size):
        raise LogDamaged(f"there is a checkpoint beyond the {edge.size} entries")
    # (5): every signature of this log's key holds.
    signed = await session.fetch(_SIGNATURES, f"{verifier.origin}+{verifier.key_id}")
    for row in signed:
        if row["tree_head"] is None:
            raise LogDamaged(f"a signature over size {row['size']} has no checkpoint")
        verifier.verify(assemble(text(verifier.origin, row["size"], row["tree_head"]), row["note"]))
    return Rechecked(edge.size, edge.head(), head_row["epoch"], checkpoints, len(signed))
