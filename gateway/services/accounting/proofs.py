"""Receipts for the entries of an accounting, all under one signed checkpoint, each checked before it is handed out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.batch import Session
from audit.checkpoint import CheckpointVerifier
from audit.paths import TileHeads
from audit.proof import Receipt
from audit.reading import leaf_at
from gateway.services.errors import NothingSigned
from gateway.services.inspection import newest_signed


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, byte for byte, and the receipt that shows it is in the log."""

    entry: int
    leaf: bytes = field(repr=False)
    receipt: Receipt = field(repr=False)


async def prove_entries(
    session: Session, verifier: CheckpointVerifier, entries: Sequence[int], tiles: TileHeads | None = None
) -> tuple[Proof, ...]:
    """
    Return the proof of each of these entries under the newest signed checkpoint.

    Without `tiles` from before every leaf hash of the log is read. Raises `NothingSigned` if it does not cover them,
    `EntryMissing`, and what a receipt that does not hold raises.
    """
    checkpoint = await newest_signed(session, verifier)
    if entries and checkpoint.size <= max(entries):
        raise NothingSigned(f"Entry {max(entries)} is newer than the newest signed checkpoint.")
    heads, proofs = tiles or TileHeads(), []
    for entry in entries:
        leaf = await leaf_at(session, entry)
        receipt = Receipt(entry, await heads.path(session, entry, checkpoint.size), checkpoint.note)
        receipt.verify(leaf, verifier)
        proofs.append(Proof(entry, leaf, receipt))
    return tuple(proofs)
