"""
Opening the commitments of entries by what is kept beside the tree: a row altered there is found by its leaf.

The openings may be erased, and rows and answers are not kept at all; so the result says how many could not be opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import asyncpg
import orjson

from audit.batch import Session
from audit.commitments import SECRET_SIZE, Private, require_bytes, require_subjects, unpack_private
from audit.errors import CommitmentMismatch, LogDamaged
from audit.verify import Progress

_CHUNK = 4096
_BESIDE = """SELECT e.idx, e.leaf, p.opening, s.subjects FROM audit.entry e
    LEFT JOIN audit.private p ON p.idx = e.idx LEFT JOIN audit.subject s ON s.idx = e.idx
    WHERE e.idx >= $1 AND e.idx < $2 AND (p.idx IS NOT NULL OR s.idx IS NOT NULL OR e.leaf LIKE ANY ($3))
    ORDER BY e.idx"""
_STRAY = """SELECT idx FROM (SELECT idx FROM audit.private UNION ALL SELECT idx FROM audit.subject) AS beside
    WHERE idx < 0 OR idx >= $1 ORDER BY idx LIMIT 1"""
_COMMITTING = [b'%"request":%', b'%"listed":%', b'%"result":%', b'%"rows":%', b'%"facts":%']
FACTS = "facts"
"""The member of the entries that commit to rows about students; what opens it has a form of its own."""
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Openings:
    """
    How many commitments of requests and of subject lists were opened, and how many could not be.

    `unbound` counts subject lists that stand beside an entry which commits to none: nothing tells if they were altered.
    INVARIANT: made by `open_commitments` only; one commitment that does not open to what is kept raises.
    """

    opened: int
    closed: int
    unbound: int


async def open_commitments(session: Session, size: int, progress: Progress | None = None) -> Openings:
    """
    Open what can be opened beside the first `size` entries; needs a role that may read subject numbers.

    Call it in the snapshot in which the leaves were checked. Raises `CommitmentMismatch` or `LogDamaged`, naming the
    entry.
    """
    stray = await session.fetchval(_STRAY, size)
    if stray is not None:
        raise LogDamaged(f"something is kept beside an entry {stray} that is not there")
    opened = closed = unbound = 0
    for start in range(0, size, _CHUNK):
        end = min(start + _CHUNK, size)
        for row in await session.fetch(_BESIDE, start, end, _COMMITTING):
            try:
                ours, theirs, loose = _open(orjson.loads(row["leaf"]), row)
            except CommitmentMismatch as error:
                raise CommitmentMismatch(f"entry {row['idx']}: {error}") from None
            except (orjson.JSONDecodeError, AttributeError):
                raise LogDamaged(f"entry {row['idx']} is not JSON, and something is kept beside it") from None
            opened, closed, unbound = opened + ours, closed + theirs, unbound + loose
        if progress is not None:
            progress(end, size)
    return Openings(opened, closed, unbound)


def _open_facts(entry: Mapping[str, Any], opening: bytes | None) -> tuple[int, int, int]:
    """Open a commitment to dated rows, whose hash is over all that opens it; the rows are compared elsewhere."""
    if opening is None:
        return 0, 1, 0
    if sha256(opening).hexdigest() != entry[FACTS]:
        raise CommitmentMismatch("what is kept beside it does not open its commitment to the rows that it dates")
    return 1, 0, 0


def _open(entry: Mapping[str, Any], row: asyncpg.Record) -> tuple[int, int, int]:
    if FACTS in entry:
        return _open_facts(entry, row["opening"])
    private = Private() if row["opening"] is None else unpack_private(row["opening"])
    listed = entry.get("listed")
    opened = closed = 0
    # (1): the request that is kept is the one that was made.
    if "request" in entry:
        if private.request and private.request_salt:
            require_bytes(_commitment(entry, "request"), private.request_salt, private.request)
            opened += 1
        else:
            closed += 1
    # (2): so are the subject numbers: no list at all counts as an empty one.
    if listed is not None:
        if private.row_secret:
            require_subjects(_commitment(entry, "listed"), private.row_secret, row["subjects"] or b"")
            opened += 1
        else:
            closed += 1
    # (3): what is not kept here can still be opened by who has it: the commitment and its salt have their shape.
    for name, salt in (("result", private.result_salt), ("rows", private.row_secret)):
        if name in entry:
            _commitment(entry, name)
            if salt and len(salt) != SECRET_SIZE:
                raise CommitmentMismatch(f"the salt of its {name} has not {SECRET_SIZE} bytes")
    return opened, closed, int(listed is None and row["subjects"] is not None)


def _commitment(entry: Mapping[str, Any], name: str) -> bytes:
    written = entry[name]
    if not isinstance(written, str) or not _HASH.fullmatch(written):
        raise CommitmentMismatch(f"its {name} is not a commitment")
    return bytes.fromhex(written)
