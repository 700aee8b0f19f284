"""Reading the log back: entries, signed checkpoints, paths and receipts."""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier, kept_as, text
from audit.errors import EntryMissing, LogDamaged
from audit.note import assemble
from audit.paths import TileHeads
from audit.proof import Receipt
from audit.signing import sign_head
from audit.store import IS_CHANGE
from audit.tree import EMPTY, HASH_SIZE, CompactRange, consistency_path

_CHUNK = 4096
"""Entries fetched at once; at most 256 MiB, usually 2."""

_ANY_SIZE = 2**63 - 1

_HEAD = """SELECT h.size, h.range, c.size AS covered, c.tree_head FROM audit.head h
    LEFT JOIN LATERAL (SELECT size, tree_head FROM audit.checkpoint ORDER BY size DESC LIMIT 1) c ON true"""
_LEAF = "SELECT leaf FROM audit.entry WHERE idx = $1"
_LEAVES = "SELECT leaf FROM audit.entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
_MARKED = """SELECT count(*) AS there, array_agg(idx ORDER BY idx) FILTER (WHERE fits) AS indexes,
    array_agg(leaf ORDER BY idx) FILTER (WHERE fits) AS leaves
    FROM (SELECT idx, leaf, EXISTS (SELECT FROM unnest($3::bytea[]) AS mark WHERE position(mark in leaf) > 0)
        AND position($4::bytea in leaf) > 0 AS fits FROM audit.entry WHERE idx >= $1 AND idx < $2) AS range"""
_HASHES = "SELECT string_agg(leaf_hash, ''::bytea ORDER BY idx) FROM audit.entry WHERE idx < $1"
_CHANGES = f"""SELECT c.idx, c.leaf, p.opening FROM (
    SELECT idx, leaf FROM audit.entry WHERE idx > $1 AND {IS_CHANGE} ORDER BY idx LIMIT $2
    ) AS c LEFT JOIN audit.private AS p ON p.idx = c.idx ORDER BY c.idx"""  # noqa: S608 - our own condition
_NEWEST = f"""SELECT idx, leaf FROM audit.entry WHERE {IS_CHANGE}
    AND EXISTS (SELECT FROM unnest($1::bytea[]) AS mark WHERE position(mark in leaf) > 0)
    ORDER BY idx DESC LIMIT $2"""  # noqa: S608 - our own condition
_SIGNED = """SELECT c.size, c.tree_head FROM audit.signature s JOIN audit.checkpoint c ON c.size = s.size
    JOIN unnest($1::text[], $2::bigint[], $3::bigint[]) AS key (signer, first, last)
    ON key.signer = s.signer AND s.size BETWEEN key.first AND key.last
    WHERE s.size > $4 AND s.size <= $5 ORDER BY s.size DESC LIMIT 1"""
_LINES = "SELECT note FROM audit.signature WHERE size = $1 ORDER BY array_position($2::text[], signer), signer"
# Cosigned under the origin and the keys asked about: after a recovery or an exchange of keys, older ones do not count.
_COSIGNED = """SELECT c.size, c.tree_head FROM audit.cosigned n JOIN audit.checkpoint c ON c.size = n.size
    JOIN audit.signature s ON s.size = n.size
    JOIN unnest($1::text[], $2::bigint[], $3::bigint[]) AS key (signer, first, last)
    ON key.signer = s.signer AND s.size BETWEEN key.first AND key.last
    WHERE n.size > $4 AND n.size <= $5 ORDER BY n.size DESC LIMIT 1"""


async def require_sound_head(session: Session) -> CompactRange:
    """
    Check that the head row leads to the newest checkpoint, and return the tree's right edge.

    Raises `LogDamaged`: then nothing may be appended.
    """
    head = await session.fetchrow(_HEAD)
    if head is None:
        raise LogDamaged("the head row is missing")
    found = CompactRange.unpack(head["size"], head["range"])
    if (head["covered"] or 0, head["tree_head"] or EMPTY) != (head["size"], found.head()):
        raise LogDamaged(f"the head of size {head['size']} is not the newest checkpoint")
    return found


async def leaf_at(db: asyncpg.Pool | Session, index: int) -> bytes:
    """Return the bytes of one leaf. Raises `EntryMissing`."""
    leaf: bytes | None = await db.fetchval(_LEAF, index)
    if leaf is None:
        raise EntryMissing(f"the log has no entry {index}")
    return leaf


async def leaves(db: asyncpg.Pool | Session, start: int, stop: int) -> AsyncGenerator[bytes, None]:
    """Go through the leaves from `start` up to, not including, `stop`. Raises `LogDamaged` at a gap."""
    for first in range(start, stop, _CHUNK):
        end = min(first + _CHUNK, stop)
        rows = await db.fetch(_LEAVES, first, end)
        if len(rows) < end - first:
            raise LogDamaged(f"of the entries {first} to {end - 1} only {len(rows)} are there")
        for row in rows:
            yield row["leaf"]


async def leaves_with(
    db: asyncpg.Pool | Session, marks: Collection[bytes], start: int, stop: int, *, also: bytes = b""
) -> AsyncGenerator[tuple[int, bytes], None]:
    """
    Go through the leaves from `start` up to, not including, `stop` that hold one of these marks and `also`.

    The database looks into every leaf of the range, so nothing but the log decides what is found, and sends what fits.
    Raises `LogDamaged` at a gap.
    """
    for first in range(start, stop, _CHUNK):
        end = min(first + _CHUNK, stop)
        found = await db.fetchrow(_MARKED, first, end, list(marks), also)
        if found is None or found["there"] < end - first:
            raise LogDamaged(f"of the entries {first} to {end - 1} some are missing")
        for index, leaf in zip(found["indexes"] or (), found["leaves"] or (), strict=True):
            yield index, leaf


@dataclass(frozen=True, slots=True)
class Change:
    """A leaf that no request wrote, with what opens its commitments, if anything stands beside it."""

    index: int
    leaf: bytes
    opening: bytes | None = field(repr=False)


async def changes(db: asyncpg.Pool | Session, after: int, limit: int = _CHUNK) -> list[Change]:
    """Return the first `limit` leaves after entry `after` that no request wrote; an index finds them."""
    rows = await db.fetch(_CHANGES, after, limit)
    return [Change(row["idx"], row["leaf"], row["opening"]) for row in rows]


async def newest_changes(db: asyncpg.Pool | Session, events: Collection[str], limit: int) -> list[Change]:
    """
    Return the newest `limit` leaves of these events, the newest first, without what opens them.

    An index finds them, so `events` are such as no request writes (`IS_CHANGE`).
    """
    marks = [f'"event":"{event}"'.encode() for event in events]
    return [Change(row["idx"], row["leaf"], None) for row in await db.fetch(_NEWEST, marks, limit)]


async def inclusion(
    db: asyncpg.Pool | Session, index: int, size: int, tiles: TileHeads | None = None
) -> tuple[bytes, ...]:
    """
    Find the path of an entry in the tree of this size. Raises `EntryMissing` or `LogDamaged`.

    Without `tiles` from before every leaf hash is read: for commands, not for the request path.
    """
    return await (tiles or TileHeads()).path(db, index, size)


async def consistency(db: asyncpg.Pool | Session, old: int, new: int) -> tuple[bytes, ...]:
    """Find the path from the tree of size `old` to the one of size `new`. Raises `ProofInvalid` or `LogDamaged`."""
    return consistency_path(await _leaf_hashes(db, new), old)


async def signed_checkpoint(
    db: asyncpg.Pool | Session, signer: CheckpointSigner, *, covering: int = 0
) -> Checkpoint | None:
    """
    Find the newest checkpoint this signer signed that covers entry `covering`, with all signatures kept for it.

    None if there is none yet. Raises `NoteInvalid` if what is kept does not hold.
    """
    return await counting_checkpoint(db, signer.verifier, covering=covering)


async def counting_checkpoint(
    db: asyncpg.Pool | Session, verifier: CheckpointVerifier, *, covering: int = 0, up_to: int = _ANY_SIZE
) -> Checkpoint | None:
    """Find the newest checkpoint up to a size that counts for this verifier, as `signed_checkpoint` does."""
    return await _checkpoint(db, verifier, _SIGNED, covering, up_to)


async def cosigned_checkpoint(
    db: asyncpg.Pool | Session, verifier: CheckpointVerifier, *, covering: int = 0
) -> Checkpoint | None:
    """
    Find the newest checkpoint that counts and that some witness cosigned, as `signed_checkpoint` does.

    The cosignatures are for the reader to check: what is kept is believed by nobody.
    """
    return await _checkpoint(db, verifier, _COSIGNED, covering)


async def _checkpoint(
    db: asyncpg.Pool | Session,
    verifier: CheckpointVerifier,
    statement: str,
    covering: int,
    up_to: int = _ANY_SIZE,
) -> Checkpoint | None:
    names = [kept_as(key) for key, _ in verifier.keys]
    ranges = [key for _, key in verifier.keys]
    row = await db.fetchrow(
        statement, names, [key.first for key in ranges], [key.last for key in ranges], covering, up_to
    )
    if row is None:
        return None
    lines = [line["note"] for line in await db.fetch(_LINES, row["size"], names)]
    return verifier.verify(assemble(text(verifier.origin, row["size"], row["tree_head"]), "".join(lines)))


async def receipt_for(
    db: asyncpg.Pool | Session, signer: CheckpointSigner, index: int, tiles: TileHeads | None = None
) -> Receipt:
    """
    Make the receipt of an entry, over a cosigned checkpoint if one covers it. Raises `EntryMissing`.

    Without one over the newest signed checkpoint; the head is signed first if none covers the entry.
    """
    checkpoint = (
        await cosigned_checkpoint(db, signer.verifier, covering=index)
        or await signed_checkpoint(db, signer, covering=index)
        or await sign_head(db, signer)
    )
    return Receipt(index, await inclusion(db, index, checkpoint.size, tiles), checkpoint.note)


async def _leaf_hashes(db: asyncpg.Pool | Session, size: int) -> list[bytes]:
    packed: bytes = await db.fetchval(_HASHES, size) or b""
    if len(packed) != size * HASH_SIZE:
        raise LogDamaged(f"the log does not hold {size} entries")
    return [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)]
