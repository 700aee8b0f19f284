"""Writing the log to a folder that anyone can check (`python -m audit verify`)."""

from pathlib import Path

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.reading import leaves
from audit.signing import sign_head
from audit.tiles import Exporter


async def export_log(db: asyncpg.Pool | Session, signer: CheckpointSigner, folder: Path) -> Checkpoint:
    """
    Sign the head and write everything up to it to `folder`, which may hold an earlier export of the same log.

    Files are written on the event loop: for commands, not for the request path. Raises `Forked` if the folder holds
    another past, `LogDamaged` if the entries do not lead to the checkpoint, `EntryMissing` if the log is empty.
    """
    checkpoint = await sign_head(db, signer)
    exporter = Exporter(folder)
    async for leaf in leaves(db, 0, checkpoint.size):
        exporter.add(leaf)
    exporter.finish(checkpoint)
    return checkpoint
