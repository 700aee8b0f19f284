"""
Signing the newest committed tree head, always after its commit.

Signing inside the transaction could sign a head that is then rolled back, and a log must never sign two inconsistent
checkpoints (C2SP tlog-checkpoint). Any replica may sign the same head again: Ed25519 gives the same bytes.
"""

import asyncpg

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.errors import AuditError, EntryMissing

_NEWEST = "SELECT size, tree_head FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
_KEEP = "SELECT audit.keep_signature($1, $2, $3)"


async def sign_head(db: asyncpg.Pool | Session, signer: CheckpointSigner) -> Checkpoint:
    """
    Sign the newest committed checkpoint, keep the signature and return it; doing it twice changes nothing.

    Raises `EntryMissing` if the log is empty, `AuditError` if the session is inside a transaction.
    """
    if isinstance(db, asyncpg.Pool):
        async with db.acquire() as session:
            return await sign_head(session, signer)
    # INVARIANT: only committed heads are signed; inside a transaction we would see our own uncommitted one.
    if db.is_in_transaction():
        raise AuditError("a checkpoint is signed after the commit, not inside a transaction")
    newest = await db.fetchrow(_NEWEST)
    if newest is None:
        raise EntryMissing("the log is empty: there is nothing to sign")
    checkpoint = signer.sign(newest["size"], newest["tree_head"])
    for name, line in signer.lines(checkpoint.size, checkpoint.tree_head).items():
        await db.execute(_KEEP, checkpoint.size, name, line)
    return checkpoint
