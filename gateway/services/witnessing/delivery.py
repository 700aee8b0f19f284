"""
Bringing the log's newest checkpoint to one witness, and its cosignature home.

Beside the log, never in its way: nothing here is waited for by an append or a request, whatever the witness does.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from audit.checkpoint import Checkpoint
from audit.cosignature import Cosignature, WitnessVerifier
from audit.cosigning import Cosigned, keep_cosignature, newest_cosigned
from audit.errors import Forked
from audit.log import Log
from audit.paths import TileHeads
from audit.signing import sign_head
from gateway.kept import KeptCheckpoint, KeptCheckpointUnusable
from gateway.services.continuity import require_leads_to, stop_set_back
from gateway.services.errors import LogSetBack
from gateway.services.logkeys import StandingKeys
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
    log: Log
    keys: StandingKeys
    """All keys that the log has had: what witnesses show may be signed by one that was exchanged since."""
    tiles: TileHeads
    kept: KeptCheckpoint | None
    """Where the newest checkpoint is kept outside the database, if anywhere."""

    async def sign_head(self) -> Checkpoint:
        """
        Sign the newest head and return it, if it continues what is kept.

        INVARIANT: no witness is shown another one. Whoever rewrote the log would get it cosigned, and kept.
        Raises `LogUnavailable` once the log is halted, `LogSetBack` when it is halted here.
        """
        kept = None
        if self.kept is not None:
            with suppress(KeptCheckpointUnusable):  # `keeping` raises the alarm, and witnesses are all that is left
                kept = await asyncio.to_thread(self.kept.read)
        checkpoint = await sign_head(self.pool, self.log.signer)
        await self._require_leads_to(kept, checkpoint)
        return checkpoint

    async def keep(self, cosigned: Checkpoint) -> None:
        """
        Keep a checkpoint outside the database, unless a newer one is there.

        Raises `LogSetBack` and halts the log if it does not continue the one that is there; `KeptCheckpointUnusable`.
        """
        if self.kept is None:
            return
        kept = await asyncio.to_thread(self.kept.read)  # anew: the log went on while the witness was asked
        if kept is None or kept.size <= cosigned.size:
            await self._require_leads_to(kept, cosigned)
            await asyncio.to_thread(self.kept.keep, cosigned, await self.tiles.edge(self.pool, cosigned.size))

    async def _require_leads_to(self, kept: Checkpoint | None, checkpoint: Checkpoint) -> None:
        try:
            await require_leads_to(self.pool, self.tiles, kept, checkpoint)
        except LogSetBack as error:
            stop_set_back(self.log, error)
            raise


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

        Raises `WitnessFailed` and its kinds, `Contradicted` among them; `LogUnavailable` once the log is halted, and
        `LogSetBack` when it is halted here; errors of the database and of the log itself.
        """
        parts = self._parts
        now: datetime = await parts.pool.fetchval(_CLOCK)
        checkpoint = await parts.sign_head()
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
        await parts.keep(parts.keys.verify(checkpoint.note + cosignature.line))

    async def _known(self) -> Cosigned:
        """Return what is kept of this witness: this process may have been started anew, or another one was quicker."""
        kept = await newest_cosigned(self._parts.pool, self._parts.keys.known.origin, [self.witness])
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
                        checkpoint = await parts.sign_head()
                    if size > checkpoint.size:
                        await self._raise_contradiction()
                    old = size
        raise WitnessFailed("moves")

    async def _raise_contradiction(self) -> None:
        """Raise `Contradicted`; or `WitnessFailed` if what the witness itself shows is continued by this log."""
        shown = await self._client.evidence(self._parts.keys.known.verifier)
        if shown is None:
            raise Contradicted(None)
        # Read after what was shown: whatever our key signed was committed before.
        head = await self._parts.sign_head()
        if shown.size <= head.size and await self._parts.tiles.head(self._parts.pool, shown.size) == shown.tree_head:
            raise WitnessFailed("contradicts_itself")
        if self._parts.kept is not None:
            with suppress(Forked):  # then what is kept is of the same size, and contradicts it already
                await asyncio.to_thread(self._parts.kept.keep, shown, None)  # so that no start forgets it
        raise Contradicted(shown)
