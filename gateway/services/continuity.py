"""
The log goes on from the checkpoint that is kept outside the database, or nothing is appended to it.

At the start, and by every command that appends, what was kept is compared with the database; while a gateway runs it
compares now and then, and keeps the newest head. Never on the way of a request.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier
from audit.continuity import Continued, require_continues
from audit.errors import Forked, LogDamaged, ProofInvalid, RolledBack
from audit.log import Log
from audit.note import assemble, signature_line, split
from audit.paths import TileHeads
from audit.tree import require_consistency
from gateway.kept import KeptCheckpoint, KeptCheckpointUnusable
from gateway.services.alarms import alarm
from gateway.services.errors import LogSetBack, NothingSigned
from gateway.services.inspection import newest_signed

EVERY_SECONDS: Final = 10.0
"""What a crash of this machine may leave unkept; a clean stop keeps the head."""
_KEEP_SIGNATURE: Final = "SELECT audit.keep_signature($1, $2, $3)"


async def require_continued(
    session: asyncpg.Pool | Session, kept: KeptCheckpoint, *, read_leaves: bool = True
) -> Continued:
    """
    Check that the log in the database continues the kept checkpoint; without one, that its head is sound.

    Raises `LogSetBack`, `KeptCheckpointUnusable`.
    """
    checkpoint = kept.read()
    edge = None if checkpoint is None else kept.edge(checkpoint)
    try:
        return await require_continues(session, checkpoint, edge, read_leaves=read_leaves)
    except (RolledBack, Forked, LogDamaged) as error:
        raise LogSetBack(f"The log in the database does not continue what was kept in {kept.file}: {error}.") from None


async def require_leads_to(
    pool: asyncpg.Pool, tiles: TileHeads, kept: Checkpoint | None, checkpoint: Checkpoint
) -> None:
    """
    Check that a checkpoint of this log continues the kept one, by a consistency path (RFC 9162 section 2.1.4).

    What the database says of its heads is not believed: the path leads from one to the other, or there is none. `kept`
    was read before `checkpoint` was, so it is not newer. Raises `LogSetBack`.
    """
    if kept is None:
        return
    try:
        path = await tiles.consistency(pool, kept.size, checkpoint.size)
        require_consistency(kept.size, kept.tree_head, checkpoint.size, checkpoint.tree_head, path)
    except (LogDamaged, ProofInvalid) as error:
        raise LogSetBack(
            f"The log's checkpoint of {checkpoint.size} entries does not continue the kept one: {error}."
        ) from None


def stop_set_back(log: Log, found: Exception) -> None:
    """Let a log that was set back under a running gateway take no further entry, and say so."""
    log.halt()
    alarm("log_set_back", {"found": str(found)})


async def keep_signed(session: Session, kept: KeptCheckpoint, verifier: CheckpointVerifier, found: Continued) -> None:
    """Keep the newest signed checkpoint, if it is over the head that was `found`: for whoever holds no key."""
    with suppress(NothingSigned):
        newest = await newest_signed(session, verifier)
        if newest.tree_head == found.edge.head():
            kept.keep(_of_the_log_alone(newest, verifier), found.edge)


def _of_the_log_alone(checkpoint: Checkpoint, verifier: CheckpointVerifier) -> Checkpoint:
    """Leave out the lines of others: nobody verified them here, and a kept one says that witnesses were named."""
    text, lines = split(checkpoint.note)
    own = [signature_line(name, raw) for name, raw in lines if name == checkpoint.origin]
    return verifier.verify(assemble(text, "".join(own)))


async def keep_head(pool: asyncpg.Pool | Session, kept: KeptCheckpoint, signer: CheckpointSigner | None) -> None:
    """
    Sign the head and keep it, after checking that it continues what was kept; without a signer only check.

    INVARIANT: the head is committed: it was read in a transaction of its own, and its checkpoint stands beside it.
    Raises `LogSetBack`, `KeptCheckpointUnusable`, and the errors of the database.
    """
    edge = (await require_continued(pool, kept, read_leaves=False)).edge
    held = kept.read()
    if signer is None or edge.size == 0 or (held is not None and held.size == edge.size):
        return
    checkpoint = signer.sign(edge.size, edge.head())
    for name, line in signer.lines(checkpoint.size, checkpoint.tree_head).items():
        await pool.execute(_KEEP_SIGNATURE, checkpoint.size, name, line)
    await asyncio.to_thread(kept.keep, checkpoint, edge)


@asynccontextmanager
async def keeping(
    pool: asyncpg.Pool, log: Log, kept: KeptCheckpoint, *, every: float = EVERY_SECONDS
) -> AsyncIterator[None]:
    """
    Keep the head now and then while the block lasts, and once more at its end.

    A log that was set back under a running gateway takes no further entry: `log` is halted, and nothing leaves.
    """
    working = asyncio.create_task(_work(pool, log, kept, every), name="keeping")
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await _once(pool, log, kept)


async def _work(pool: asyncpg.Pool, log: Log, kept: KeptCheckpoint, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await _once(pool, log, kept)


async def _once(pool: asyncpg.Pool, log: Log, kept: KeptCheckpoint) -> None:
    try:
        await keep_head(pool, kept, None if log.is_halted else log.signer)
    except (LogSetBack, Forked) as error:
        stop_set_back(log, error)
    except KeptCheckpointUnusable as error:
        alarm("kept_checkpoint_unusable", {"found": str(error)})
    except Exception as error:
        logging.getLogger("pactgate").warning("the newest checkpoint was not kept, tried again later", exc_info=error)
