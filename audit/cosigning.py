"""What witnesses cosigned, kept in the database and believed only after it verified under a witness's named key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from audit.batch import Session
from audit.checkpoint import text
from audit.cosignature import CheckpointBody, Cosignature, WitnessVerifier
from audit.errors import VerificationFailed

_KEEP: Final = "SELECT audit.keep_cosignature($1, $2, $3)"
_NEWEST: Final = """SELECT n.signer, n.size, n.note, c.tree_head
    FROM audit.cosigned n JOIN audit.checkpoint c ON c.size = n.size WHERE n.signer = ANY ($1)"""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's newest cosignature: it verified over the checkpoint of this size. `time` in seconds since 1970."""

    size: int
    time: int


def body_at(origin: str, size: int, tree_head: bytes) -> CheckpointBody:
    """Return what is cosigned of one tree head of our log, which has no extension lines."""
    return CheckpointBody(origin, size, tree_head, text(origin, size, tree_head))


async def keep_cosignature(
    db: asyncpg.Pool | Session, witness: WitnessVerifier, size: int, cosignature: Cosignature
) -> None:
    """Keep a cosignature that was verified, so that receipts carry it and every replica counts it."""
    await db.execute(_KEEP, size, witness.signer, cosignature.line)


async def newest_cosigned(
    db: asyncpg.Pool | Session, origin: str, witnesses: Iterable[WitnessVerifier]
) -> Mapping[str, Cosigned]:
    """
    Return the newest cosignature of each of these witnesses, by its `signer`; whichever replica brought it.

    One that does not verify over the log's own checkpoint is left out: whoever wrote it there was not the witness.
    """
    by_signer = {each.signer: each for each in witnesses}
    found: dict[str, Cosigned] = {}
    for row in await db.fetch(_NEWEST, list(by_signer)):
        try:
            body = body_at(origin, row["size"], row["tree_head"])
            verified = by_signer[row["signer"]].verify(body, row["note"])
        except VerificationFailed:
            continue
        found[row["signer"]] = Cosigned(row["size"], verified.time)
    return found
