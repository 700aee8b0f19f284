"""Writing the log to where anyone can check it (`python -m audit verify`): a folder, or object storage."""

from pathlib import Path

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier
from audit.errors import Forked, RolledBack
from audit.exporter import Exporter, earlier_export
from audit.reading import leaves
from audit.signing import sign_head
from audit.targets import FolderTarget, Target
from audit.verify import Progress

_HEAD_AT = "SELECT tree_head FROM audit.checkpoint WHERE size = $1"
_TELL_EVERY = 4096


async def export_log(db: asyncpg.Pool | Session, signer: CheckpointSigner, folder: Path) -> Checkpoint:
    """
    Sign the head and write everything up to it to `folder`, which may hold an earlier export of the same log.

    Raises `EntryMissing` if the log is empty, and what `write_export` raises.
    """
    checkpoint = await sign_head(db, signer)
    await write_export(db, checkpoint, signer.verifier, FolderTarget(folder))
    return checkpoint


async def write_export(
    db: asyncpg.Pool | Session,
    checkpoint: Checkpoint,
    verifier: CheckpointVerifier,
    target: Target,
    *,
    bundles: bool = True,
    progress: Progress | None = None,
) -> int:
    """
    Write the log up to a checkpoint, going on from where an earlier export ended; return how many entries were read.

    What the earlier one wrote is not read again but for its right edge: that is hashed on to the new checkpoint, so it
    would not fit if anything in it were of another past. Files are written on the event loop: for commands, not for
    the request path.

    Raises `RolledBack` if the export is ahead of the log, `Forked` if it holds another past, `LogDamaged` if the
    entries do not lead to the checkpoint, and what `audit.exporter.earlier_export` raises.
    """
    earlier = earlier_export(target, verifier, bundles=bundles)
    if earlier is not None and earlier.checkpoint.size:
        held = earlier.checkpoint
        # (1): the log has not become shorter.
        if held.size > checkpoint.size:
            raise RolledBack(f"the log has {checkpoint.size} entries signed, the export has {held.size}")
        # (2): it had this very head at this size; said first, since it tells a fork from damage.
        if await db.fetchval(_HEAD_AT, held.size) != held.tree_head:
            raise Forked(f"the export's checkpoint of size {held.size} is not one of this log")
    exporter = Exporter(target, earlier, bundles=bundles)
    start = exporter.size
    async for leaf in leaves(db, start, checkpoint.size):
        exporter.add(leaf)
        if progress is not None and exporter.size % _TELL_EVERY == 0:
            progress(exporter.size, checkpoint.size)
    # (3): the edge of the earlier export and the new entries lead to the new checkpoint.
    exporter.finish(checkpoint)
    return checkpoint.size - start
