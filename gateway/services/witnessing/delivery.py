"""
Bringing the log's newest checkpoint to one witness, and its cosignature home.

Beside the log, never in its way: nothing here is waited for by an append or a request, whatever the witness does.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.cosignature import Cosignature, WitnessVerifier
from audit.cosigning import Cosigned, keep_cosignature, newest_cosigned
from audit.errors import Forked
from audit.paths import TileHeads
from audit.signing import sign_head
from audit.tree import CompactRange
from gateway.services.witnessing.submission import (
    DoesNotContinue,
    StandsElsewhere,
    WitnessClient,
    WitnessFailed,
)

AGAIN_SECONDS: Final = 300
"""A log that does not grow is cosigned again after this long: the witness says that it is there, and when."""
CLOCK_SECONDS: Final = 300
"""How far a witness's clock may be from the log's: a time ahead would keep disclosure going after the witness."""
_ATTEMPTS: Final = 3
"""The size that a witness stands at is told once; another replica may have been quicker in between, and again."""
_CLOCK: Final = "SELECT gateway.clock()"

Keep = Callable[[Checkpoint, CompactRange | None], None]
"""Keeps a checkpoint outside the database, with the right edge of its tree, if it is newer than the one kept there."""


class Contradicted(WitnessFailed):
    """
    The witness says that it cosigned another log than this one: rolled back or rewritten here, or it lies.

    `proof` is the checkpoint it showed, which our own log's key signed and this log does not continue; None: its word.
    """

    def __init__(self, proof: Checkpoint | None) -> None:
        super().__init__("contradicts")
        self.proof = proof


@dataclass(frozen=True, slots=True)
class Parts:
    """What all deliveries of one gateway share."""

    pool: asyncpg.Pool
    signer: Callable[[], CheckpointSigner]
    """What signs the log now: its keys may be exchanged while it runs."""
    tiles: TileHeads
    keep: Keep


class Delivery:
    """One witness, as this process knows it. `stands` is what it cosigned last, as far as we know."""

    def __init__(self, witness: WitnessVerifier, client: WitnessClient, parts: Parts) -> None:
        self.witness = witness
        self._client = client
        self._parts = parts
        self._stands: Cosigned | None = None

    async def turn(self) -> None:
        """
        Have the newest head cosigned, unless it is and not long ago.

        Raises `WitnessFailed` and its kinds, `Contradicted` among them; errors of the database and of the log itself.
        """
        parts = self._parts
        now: datetime = await parts.pool.fetchval(_CLOCK)
        checkpoint = await sign_head(parts.pool, parts.signer())
        stands = self._stands or await self._known()
        if stands.size == checkpoint.size and now.timestamp() < stands.time + AGAIN_SECONDS:
            self._stands = stands
            return
        self._stands = None  # whatever goes wrong, the next turn begins with what is kept
        checkpoint, cosignature = await self._cosigned(checkpoint, stands.size)
        # INVARIANT: a cosignature counts from its own time, so that no time can be gained by keeping one back, and no
        # time ahead of the log's clock counts.
        if abs(cosignature.time - now.timestamp()) > CLOCK_SECONDS:
            raise WitnessFailed("clock")
        await keep_cosignature(parts.pool, self.witness, checkpoint.size, cosignature)
        self._stands = Cosigned(checkpoint.size, cosignature.time)
        witnessed = parts.signer().verifier.verify(checkpoint.note + cosignature.line)
        await asyncio.to_thread(parts.keep, witnessed, await parts.tiles.edge(parts.pool, witnessed.size))

    async def _known(self) -> Cosigned:
        """Return what is kept of this witness: this process may have been started anew, or another one was quicker."""
        origin = self._parts.signer().origin
        kept = await newest_cosigned(self._parts.pool, origin, [self.witness])
        return kept.get(self.witness.signer, Cosigned(0, 0))

    async def _cosigned(self, checkpoint: Checkpoint, old: int) -> tuple[Checkpoint, Cosignature]:
        parts = self._parts
        for _ in range(_ATTEMPTS):
            path = await parts.tiles.consistency(parts.pool, old, checkpoint.size)
            outcome = await self._client.submit(old, path, checkpoint)
            match outcome:
                case Cosignature():
                    return checkpoint, outcome
                case DoesNotContinue():
                    await self._raise_contradiction()
                case StandsElsewhere(size):
                    if size == old:
                        raise WitnessFailed("garbage")
                    if size > checkpoint.size:
                        # Another replica may have appended and submitted since; read anew, what is committed is there.
                        checkpoint = await sign_head(parts.pool, parts.signer())
                    if size > checkpoint.size:
                        await self._raise_contradiction()
                    old = size
        raise WitnessFailed("moves")

    async def _raise_contradiction(self) -> None:
        """Raise `Contradicted`; or `WitnessFailed` if what the witness itself shows is continued by this log."""
        shown = await self._client.evidence(self._parts.signer().verifier)
        if shown is None:
            raise Contradicted(None)
        # Read after what was shown: whatever our key signed was committed before.
        head = await sign_head(self._parts.pool, self._parts.signer())
        if shown.size <= head.size and await self._parts.tiles.head(self._parts.pool, shown.size) == shown.tree_head:
            raise WitnessFailed("contradicts_itself")
        with suppress(Forked):  # then what is kept is of the same size, and contradicts it already
            await asyncio.to_thread(self._parts.keep, shown, None)  # so that no start forgets it
        raise Contradicted(shown)
