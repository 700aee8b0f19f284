"""
Looking into the log without changing it: checked, exported and proven by whoever holds no key of the gateway.

Where the checkpoint key is at hand the head is signed first, so that the newest entries are covered too; without it
the newest checkpoint that was signed is the measure. INVARIANT: the key is always the one pinned in the trust file.
"""

from dataclasses import dataclass
from pathlib import Path

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier
from audit.errors import CheckpointInvalid
from audit.proof import Receipt
from audit.reading import counting_checkpoint, inclusion, leaf_at, leaves
from audit.recheck import recheck
from audit.signing import sign_head
from audit.tiles import Exporter
from audit.verify import Verified, read_checkpoint, verify_folder
from gateway.services.errors import NothingSigned


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found: everything up to `verified.size` holds; `unsigned` entries after it have no checkpoint yet."""

    verified: Verified
    unsigned: int


async def sign_newest(session: Session, signer: CheckpointSigner, verifier: CheckpointVerifier) -> None:
    """
    Sign the head, as a role that may. Raises `CheckpointInvalid` if the key is not the one that was pinned.

    Nothing is signed that does not hold: a log that was changed is found before it is vouched for.
    """
    if signer.vkey != verifier.vkey:
        raise CheckpointInvalid("the checkpoint key in the keys folder is not the one pinned in the trust file")
    await recheck(session, verifier)
    await sign_head(session, signer)


async def newest_signed(session: Session, verifier: CheckpointVerifier) -> Checkpoint:
    """Return the newest checkpoint that this log's key signed. Raises `NothingSigned`, `NoteInvalid`."""
    checkpoint = await counting_checkpoint(session, verifier)
    if checkpoint is None:
        raise NothingSigned("The log has no signed checkpoint yet.")
    return checkpoint


async def export(session: Session, verifier: CheckpointVerifier, folder: Path) -> Checkpoint:
    """Write the log up to its newest signed checkpoint to `folder`. Raises as `audit.export.export_log` does."""
    checkpoint = await newest_signed(session, verifier)
    exporter = Exporter(folder)
    async for leaf in leaves(session, 0, checkpoint.size):
        exporter.add(leaf)
    exporter.finish(checkpoint)
    return checkpoint


async def inspect(
    session: Session, verifier: CheckpointVerifier, folder: Path, previous: Path | None = None
) -> Inspected:
    """
    Check the whole log: row by row in the database, then as exported to `folder`, by the stand-alone verifier.

    Raises a `VerificationFailed` that names the first thing wrong, or `NothingSigned`.
    """
    # (1): every row leads to the rows beside it; this names the very entry that was changed.
    found = await recheck(session, verifier)
    # (2): what was signed leads to the entries, judged from the files alone.
    await export(session, verifier, folder)
    verified = inspect_folder(folder, verifier, previous).verified
    return Inspected(verified, max(0, found.size - verified.size))


def inspect_folder(folder: Path, verifier: CheckpointVerifier, previous: Path | None = None) -> Inspected:
    """Check an exported log, against an earlier checkpoint of it if one is given. Raises a `VerificationFailed`."""
    earlier = None if previous is None else read_checkpoint(previous, verifier)
    return Inspected(verify_folder(folder, verifier, earlier), 0)


async def prove(session: Session, verifier: CheckpointVerifier, index: int) -> Receipt:
    """Return the receipt of an entry under the newest signed checkpoint. Raises `EntryMissing`, `NothingSigned`."""
    await leaf_at(session, index)
    checkpoint = await newest_signed(session, verifier)
    if checkpoint.size <= index:
        raise NothingSigned(f"Entry {index} is newer than the newest signed checkpoint.")
    return Receipt(index, await inclusion(session, index, checkpoint.size), checkpoint.note)
