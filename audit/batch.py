"""
One batch, one transaction: lock the head, compare epochs, spend replay ids and meters, append, commit.

What is true at each crash point: before COMMIT is confirmed nobody has been answered, and either all of the batch is
in the log, durable and integrated, or none of it. There is no half state and so no recovery code.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from audit.draft import Appended, Draft, Meter
from audit.errors import EpochMoved, MeterFull, Replayed
from audit.tree import CompactRange, leaf_hash

Refused: TypeAlias = Replayed | MeterFull
Outcome: TypeAlias = Appended | EpochMoved | Refused
Session: TypeAlias = asyncpg.Connection | PoolConnectionProxy

# A stuck replica that holds the head stops every disclosure, hence the timeouts; `lock_head` adds one for silence, and
# sees to it that the commit is synchronous. READ COMMITTED: statements after the lock must see what was before it.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '2s'"
LOCK_HEAD = "SELECT size, range, epoch FROM audit.lock_head()"
_APPEND = "SELECT audit.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
_SPENT = "SELECT id, spent FROM audit.meter WHERE id = ANY ($1)"


async def write_batch(session: Session, drafts: Sequence[Draft]) -> list[Outcome]:
    """
    Write these drafts in order and commit; returns one outcome a draft. A draft that moves the epoch comes alone.

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
    # (3): replay ids and meters are spent; a draft whose id was spent before, here or in another batch, or whose meter
    # takes no more, becomes its refusal.
    refused = await _spend_and_append(session, head, written)
    # (4): durable. If we die before this line returns, the entries may be on record and nothing has been sent.
    await session.execute("COMMIT")
    size = head["size"] + len(written)
    for place, at in enumerate(live):
        index = head["size"] + place
        outcomes[at] = refused[place](index) if place in refused else Appended(index, size)
    return outcomes


async def _spend_and_append(
    session: Session, head: asyncpg.Record, drafts: Sequence[Draft]
) -> dict[int, type[Refused]]:
    """
    Append these drafts, or their refusals; return which were refused, and why.

    One call, if nothing was spent before. The database writes a batch whole or, but for the replay ids that were
    presented, not at all.
    """
    ids, repeated = _replay_ids(drafts)
    refused: dict[int, type[Refused]] = dict.fromkeys(repeated, Replayed)
    while spent := await _append(session, head, drafts, refused, ids):
        replayed = [at for at, draft in enumerate(drafts) if any(once.id in spent for once in draft.once)]
        # An id that was spent before is told first. It counts as spent for the calls that follow: none brings ids.
        ids = {}
        full = [] if replayed else await _over(session, drafts, refused, spent)
        refused |= dict.fromkeys(replayed, Replayed) | dict.fromkeys(full, MeterFull)
    return refused


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
    refused: Mapping[int, type[Refused]],
    ids: Mapping[bytes, datetime],
) -> frozenset[bytes]:
    """Return what had been spent before: replay ids, or else meters. Empty: the batch is written."""
    lines = [_as_refusal(draft, refused[at]) if at in refused else draft for at, draft in enumerate(drafts)]
    leaves = [draft.leaf for draft in lines]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    edge = CompactRange.unpack(head["size"], head["range"])
    for hashed in hashes:
        edge.append(hashed)
    order = sorted(ids)  # always in this order, so that two transactions cannot wait for each other
    expiries = [ids[each] for each in order]
    epoch = head["size"] if lines[0].moves_epoch else None  # its refusal moves nothing
    subjects = [draft.subjects for draft in lines]
    private = [draft.private for draft in lines]
    meters = [draft.meter for draft in lines if draft.meter is not None]
    return frozenset(
        await session.fetchval(
            _APPEND,
            *(head["size"], leaves, hashes, edge.pack(), edge.head(), epoch, order, expiries, subjects, private),
            *_columns(meters),
        ),
    )


def _columns(meters: Sequence[Meter]) -> tuple[list[object], ...]:
    return (
        [meter.id for meter in meters],
        [meter.expires_at for meter in meters],
        [meter.amount for meter in meters],
        [meter.most for meter in meters],
    )


async def _over(
    session: Session, drafts: Sequence[Draft], refused: Mapping[int, object], full: frozenset[bytes]
) -> list[int]:
    """
    Return the drafts that no longer fit, going through them in the log's order; a smaller one after them may still fit.

    INVARIANT: nobody else spends between this look and the next call: the head is locked.
    """
    spent = {row["id"]: row["spent"] for row in await session.fetch(_SPENT, list(full))}
    over = []
    for at, draft in enumerate(drafts):
        meter = draft.meter
        if meter is None or meter.id not in full or at in refused:
            continue
        reached = spent.get(meter.id, 0) + meter.amount
        if reached > meter.most:
            over.append(at)
        else:
            spent[meter.id] = reached
    return over


def _as_refusal(draft: Draft, why: type[Refused]) -> Draft:
    refusal = draft.refusal if why is Replayed or draft.meter is None else draft.meter.refusal
    assert refusal is not None  # a draft with replay ids brings its refusal
    return Draft(refusal)
