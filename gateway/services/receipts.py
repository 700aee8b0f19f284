"""Receipts: a partner's proof that an entry of its own is in the log, with what opens the commitments it can check."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

from audit.checkpoint import CheckpointSigner
from audit.commitments import Private, unpack_private
from audit.entry import parse
from audit.errors import EntryMissing
from audit.events import Event
from audit.log import Log
from audit.proof import Receipt
from audit.reading import leaf_at, receipt_for
from gateway.caller import Caller
from gateway.problems import Problem
from gateway.services.entries import draft_for, salts_for

_OPENING = "SELECT opening FROM audit.private WHERE idx = $1"
_CLOCK = "SELECT gateway.clock()"


@dataclass(frozen=True, slots=True)
class ReceiptOfEntry:
    """
    What a partner receives about one entry of its own.

    `result_salt` opens the commitment to the body it was sent: SHA-256(salt || body) is the leaf's `result`.
    """

    leaf: bytes
    receipt: Receipt
    opening: Private = field(repr=False)


class Receipts:
    """Reads receipts. A partner sees its own entries only; another's and one that is not there are the same answer."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        log: Log,
        signer: CheckpointSigner,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._pool = pool
        self._log = log
        self._signer = signer
        self._random = random

    async def read(self, caller: Caller, index: int, request_id: str) -> ReceiptOfEntry:
        """
        Return the receipt of entry `index`; that it was read is an entry too.

        Raises `Problem` (`not_found`, on the log first), and the log's own errors.
        """
        written = await self._own_leaf(caller, index)
        await self._append(caller, index, request_id, found=written is not None)
        if written is None:
            raise Problem("not_found")
        packed = await self._pool.fetchval(_OPENING, index)
        opening = unpack_private(packed) if packed else Private()
        return ReceiptOfEntry(written, await receipt_for(self._pool, self._signer, index), opening)

    async def _own_leaf(self, caller: Caller, index: int) -> bytes | None:
        try:
            written = await leaf_at(self._pool, index)
        except EntryMissing:
            return None
        body = parse(written).body
        # The agreement as well: a token for one agreement opens nothing of another, not even of the same client.
        own = body.get("client") == caller.client and body.get("agreement") == caller.agreement
        return written if own else None

    async def _append(self, caller: Caller, index: int, request_id: str, *, found: bool) -> None:
        now = await self._pool.fetchval(_CLOCK)
        salts = salts_for(f"/v1/receipts/{index}", self._random)
        # That somebody asked for an entry that is not theirs is on record without saying whether there is one.
        event, body = (Event.RECEIPT_READ, {"entry": index}) if found else (Event.REFUSAL, {"code": "not_found"})
        await self._log.append(draft_for(caller, event, now, salts, request_id=request_id, **body))
