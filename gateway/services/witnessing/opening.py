"""Joining the parts that watch over witnesses, for one running gateway."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.note import split
from audit.paths import TileHeads
from audit.tree import CompactRange
from gateway.kept import KeptCheckpoint
from gateway.services.grants import Grants, alarm
from gateway.services.witnessing.delivery import Parts
from gateway.services.witnessing.watch import Watch, watching
from gateway.services.witnessing.window import Window


@asynccontextmanager
async def witnessing(
    grants: Grants,
    pool: asyncpg.Pool,
    signer: Callable[[], CheckpointSigner],
    kept: KeptCheckpoint | None,
    *,
    every: float | None,
) -> AsyncIterator[Watch]:
    """
    Watch over the witnesses of a log while the block lasts; what a disclosure asks is `window` of what it yields.

    `signer` says what signs the log now. `every` is in seconds; None: nothing runs by itself.
    """

    def keep(checkpoint: Checkpoint, edge: CompactRange | None) -> None:
        if kept is not None:
            kept.keep(checkpoint, edge)

    parts = Parts(pool, signer, TileHeads(), keep)
    watch = Watch(grants, parts, Window(), alarm, was_witnessed=_was_witnessed(kept))
    async with watching(watch, every=every):
        yield watch


def _was_witnessed(kept: KeptCheckpoint | None) -> bool:
    """Return whether the checkpoint that is kept outside the database carries a signature that is not the log's."""
    checkpoint = None if kept is None else kept.read()
    return checkpoint is not None and any(name != checkpoint.origin for name, _ in split(checkpoint.note)[1])
