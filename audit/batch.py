"""
One batch, one transaction: lock the head, compare epochs, spend replay ids, append, commit.

What is true at each crash point: before COMMIT is confirmed nobody has been answered, and either all of the batch is
in the log, durable and integrated, or none of it. There is no half state and so no recovery code.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from audit.draft import Appended, Draft
from audit.errors import EpochMoved, Replayed
from audit.tree import CompactRange, leaf_hash

Outcome: TypeAlias = Appended | EpochMoved | Replayed
Session: TypeAlias = asyncpg.Connection | PoolConnectionProxy

# A stuck replica that holds the head stops every disclosure, hence the timeouts; `lock_head` adds one for silence, and
# sees to it that the commit is synchronous. READ COMMITTED: statements after the lock must see what was before it.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '2s'"
LOCK_HEAD = "SELECT size, range, epoch FROM audit.lock_head()"
_APPEND = "SELECT audit.append_batch($1, $2, $3, $4, $5, NULL, $6, $7, $8, $9)"


async def write_batch(session: Session, drafts: Sequence[Draft]) -> list[Outcome]:
    """
    Write these drafts in order and commit; returns one outcome a draft.

    Any exception means that the outcome of the whole batch is unknown: drop the session, answer nobody.
    """
    await session.execute(_BEGIN)
    # (1): the head lock puts this batch before or after every stop.
    head = await session.fetchrow(LOCK_HEAD)
    assert head is not None  # the function returns one row or raises
    # (2): rows read at another epoch may not leave. Compared before anything is written or hashed.
    live = [at for at, draft in enumerate(drafts) if draft.read_epoch in (None, head["epoch"])]
    outcomes: list[Outcome] = [EpochMoved(head["epoch"]) for _ in drafts]
    if not live:
        await session.execute("ROLLBACK")
        return outcomes
    written = [drafts[at] for at in live]
    # (3): replay ids are spent; a draft whose id was spent before, here or in another batch, becomes its refusal.
    ids, refused = _replay_ids(written)
    spent = await _append(session, head, written, refused, ids)
    if spent:
        refused |= {at for at, draft in enumerate(written) if any(once.id in spent for once in draft.once)}
        await _append(session, head, written, refused, {})
    # (4): durable. If we die before this line returns, the entries may be on record and nothing has been sent.
    await session.execute("COMMIT")
    size = head["size"] + len(written)
    for place, at in enumerate(live):
        index = head["size"] + place
        outcomes[at] = Replayed(index) if place in refused else Appended(index, size)
    return outcomes


def _replay_ids(drafts: Sequence[Draft]) -> tuple[dict[bytes, datetime], set[int]]:
    ids: dict[bytes, datetime] = {}
    repeated: set[int] = set()
    for at, draft in enumerate(drafts):
        for once in draft.once:
            if once.id in ids:
                repeated.add(at)
            else:
                ids[once.id] = once.expires_at
    return ids, repeated


async def _append(
    session: Session,
    head: asyncpg.Record,
    drafts: Sequence[Draft],
    refused: Collection[int],
    ids: dict[bytes, datetime],
) -> frozenset[bytes]:
    lines = [_as_refusal(draft) if at in refused else draft for at, draft in enumerate(drafts)]
    leaves = [draft.leaf for draft in lines]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    edge = CompactRange.unpack(head["size"], head["range"])
    for hashed in hashes:
        edge.append(hashed)
    order = sorted(ids)  # always in this order, so that two transactions cannot wait for each other
    expiries = [ids[each] for each in order]
    subjects = [draft.subjects for draft in lines]
    private = [draft.private for draft in lines]
    return frozenset(
        await session.fetchval(
            _APPEND, head["size"], leaves, hashes, edge.pack(), edge.head(), order, expiries, subjects, private
        ),
    )


def _as_refusal(draft: Draft) -> Draft:
    assert draft.refusal is not None  # a draft with replay ids brings its refusal
    return Draft(draft.refusal)
