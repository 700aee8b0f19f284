"""
Looking into the log without changing it: checked, exported and proven by whoever holds no key of the gateway.

Where the checkpoint key is at hand the head is signed first, so that the newest entries are covered too; without it
the newest checkpoint that was signed is the measure. INVARIANT: the keys are the one pinned in the trust file and
those that lead back to it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.batch import Session
from audit.change import append_change
from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier, kept_as
from audit.entry import leaf
from audit.errors import CheckpointInvalid, LogDamaged
from audit.events import Event
from audit.export import write_export
from audit.openings import Openings, open_commitments
from audit.proof import Receipt
from audit.reading import cosigned_checkpoint, counting_checkpoint, inclusion, leaf_at
from audit.recheck import one_snapshot, recheck, recheck_here
from audit.signing import sign_head
from audit.sources import Source
from audit.targets import Target
from audit.verify import Progress, verify_export
from gateway.services.errors import NothingSigned
from gateway.services.logkeys import require_moves_kept
from gateway.services.standing.registry import read_moment

_SIGNED: Final = """SELECT count(*) FROM audit.signature
    WHERE size = (SELECT max(size) FROM audit.checkpoint) AND signer = ANY ($1)"""


@dataclass(frozen=True, slots=True)
class Inspected:
    """
    What was found: everything holds, up to the newest signed checkpoint of `size` entries and after it.

    `unsigned` entries after that have no checkpoint yet; `continues` is the size of the earlier checkpoint it was shown
    to continue; `openings` are the commitments opened beside the tree, None where that was not looked at.
    """

    origin: str
    size: int
    tree_head: bytes
    continues: int | None
    unsigned: int = 0
    openings: Openings | None = None
    entries: bool = True


async def sign_newest(session: Session, signer: CheckpointSigner, verifier: CheckpointVerifier) -> None:
    """
    Sign the head, as a role that may. Raises `CheckpointInvalid` if a key is not the log's own.

    Nothing is signed that does not hold: a log that was changed is found before it is vouched for. Where every key has
    signed the head already, as beside a running gateway, nothing is left to do and nothing is read.
    """
    if not set(signer.verifier.vkeys) <= set(verifier.vkeys):
        raise CheckpointInvalid("a checkpoint key in the keys folder is not one of this log")
    names = [kept_as(key) for key, _ in signer.verifier.keys]
    if await session.fetchval(_SIGNED, names) == len(names):
        return
    await recheck(session, verifier)
    await sign_head(session, signer)


async def newest_signed(session: Session, verifier: CheckpointVerifier, up_to: int | None = None) -> Checkpoint:
    """
    Return the newest checkpoint that this log's key signed, or the newest of at most the size `up_to`.

    Raises `NothingSigned`, `NoteInvalid`.
    """
    limit = {} if up_to is None else {"up_to": up_to}
    checkpoint = await counting_checkpoint(session, verifier, **limit)
    if checkpoint is None:
        raise NothingSigned("The log has no signed checkpoint yet.")
    return checkpoint


async def newest_witnessed(session: Session, verifier: CheckpointVerifier) -> Checkpoint:
    """Return the newest checkpoint with a cosignature beside the log's own. Raises `NothingSigned`, `NoteInvalid`."""
    checkpoint = await cosigned_checkpoint(session, verifier)
    if checkpoint is None:
        raise NothingSigned("No witness has cosigned the log yet.", remedy="`pactgate witness list` shows who should.")
    return checkpoint


async def export(
    session: Session,
    verifier: CheckpointVerifier,
    target: Target,
    *,
    bundles: bool = True,
    witnessed: bool = False,
    progress: Progress | None = None,
) -> tuple[Checkpoint, int]:
    """
    Write the log up to its newest signed checkpoint to `target`; return it, and how many entries were read for it.

    With `witnessed` up to the newest one that some witness cosigned, so that whoever reads it can ask for that.

    Raises what `audit.export.write_export` raises, `NothingSigned`.
    """
    checkpoint = await (newest_witnessed if witnessed else newest_signed)(session, verifier)
    try:
        read = await write_export(session, checkpoint, verifier, target, bundles=bundles, progress=progress)
    except LogDamaged:
        # Here or there: if it is the database that is damaged, this names the very entry.
        await recheck(session, verifier)
        raise
    return checkpoint, read


async def inspect(
    session: Session,
    verifier: CheckpointVerifier,
    previous: Checkpoint | None = None,
    *,
    beside: bool,
    progress: Progress | None = None,
) -> Inspected:
    """
    Check the whole log in one snapshot of the database; with `beside`, which takes a role that may, what stands beside.

    Raises a `VerificationFailed` that names the first thing wrong, or `NothingSigned`.
    """
    async with one_snapshot(session):
        # (1): every entry leads to the rows beside it and to every head that was signed; this names the very entry.
        found = await recheck_here(session, verifier, previous, progress)
        # (2): the newest of these heads is signed by a key that counts.
        checkpoint = await newest_signed(session, verifier)
        # (3): what is kept beside the tree is what the entries commit to.
        openings = await open_commitments(session, found.size) if beside else None
        # (4): no key of the log has come back because the document that retired it is gone.
        await require_moves_kept(session)
    unsigned = found.size - checkpoint.size
    return Inspected(verifier.origin, checkpoint.size, checkpoint.tree_head, found.continues, unsigned, openings)


def inspect_export(
    source: Source,
    verifier: CheckpointVerifier,
    previous: Checkpoint | None = None,
    *,
    entries: bool = True,
    progress: Progress | None = None,
) -> Inspected:
    """Check an exported log, against an earlier checkpoint of it if one is given. Raises as `verify_export` does."""
    found = verify_export(source, verifier, previous, entries=entries, progress=progress)
    return Inspected(found.origin, found.size, found.tree_head, found.continues, entries=found.entries)


async def prove(session: Session, verifier: CheckpointVerifier, index: int) -> Receipt:
    """Return the receipt of an entry under the newest signed checkpoint. Raises `EntryMissing`, `NothingSigned`."""
    await leaf_at(session, index)
    checkpoint = await newest_signed(session, verifier)
    if checkpoint.size <= index:
        raise NothingSigned(f"Entry {index} is newer than the newest signed checkpoint.")
    return Receipt(index, await inclusion(session, index, checkpoint.size), checkpoint.note)


async def record_check(engine: AsyncEngine, found: Inspected) -> int:
    """Write into the log that it was checked as a whole, and what was found; return the entry."""
    async with engine.begin() as connection:
        now = (await read_moment(connection)).now
        written = leaf(Event.LOG_CHECKED, now, size=found.size, tree_head=found.tree_head.hex())
        return await append_change(connection, written, moves_epoch=False)
