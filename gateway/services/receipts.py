"""Receipts: a partner's proof that an entry of its own is in the log, with what opens the commitments it can check."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from audit.commitments import Private, unpack_private
from audit.entry import parse
from audit.errors import EntryMissing
from audit.events import Event
from audit.log import Log
from audit.paths import TileHeads
from audit.proof import Receipt
from audit.reading import leaf_at, receipt_for
from gateway.caller import AnyCaller
from gateway.problems import Problem
from gateway.services.denials import problem_of, standing_against
from gateway.services.entries import draft_for, salts_for
from gateway.services.grants import Grants
from policies.told import told_of_denial

_OPENING = "SELECT opening FROM audit.private WHERE idx = $1"
_CLOCK = "SELECT gateway.clock()"
_MAX_DIGITS = 18
"""An index of more digits is larger than any log."""
_UNREADABLE = "A receipt is named by the number in the Pactgate-Receipt header."


@dataclass(frozen=True, slots=True)
class ReceiptOfEntry:
    """
    What a partner receives about one entry of its own.

    `result_salt` opens the commitment to the body it was sent: SHA-256(salt || body) is the leaf's `result`.
    """

    index: int
    leaf: bytes
    receipt: Receipt
    opening: Private = field(repr=False)


class Receipts:
    """Reads receipts. A partner sees its own entries only; another's and one that is not there are the same answer."""

    def __init__(
        self,
        grants: Grants,
        pool: asyncpg.Pool,
        log: Log,
        random: Callable[[int], bytes] = secrets.token_bytes,
        *,
        tiles: TileHeads | None = None,
    ) -> None:
        self._grants = grants
        self._pool = pool
        self._log = log
        self._random = random
        self._tiles = tiles or TileHeads()

    async def read(self, caller: AnyCaller, named: str, request_id: str) -> ReceiptOfEntry:
        """
        Return the receipt of the entry whose number is `named`; that it was read is an entry too.

        Raises `Problem` (that of a stop, `not_found`, `invalid_request`; on the log first), and the log's own errors.
        """
        state, moment = await self._grants.current()
        stop = standing_against(state, caller, moment.now)
        if stop is not None:
            why = {**told_of_denial(stop), "epoch": moment.epoch}
            await self._append(caller, named, request_id, Event.REFUSAL, now=moment.now, **why)
            raise problem_of(stop)
        against = self._grants.against(caller, moment.now)
        if against is not None:
            more = {"code": against.recorded, "epoch": moment.epoch}
            await self._append(caller, named, request_id, Event.REFUSAL, now=moment.now, **more)
            raise against
        if not (named.isascii() and named.isdigit() and len(named) <= _MAX_DIGITS):
            await self._append(caller, named, request_id, Event.REFUSAL, code="invalid_request")
            raise Problem("invalid_request", _UNREADABLE)
        index = int(named)
        written = await self._own_leaf(caller, index)
        if written is None:
            # That somebody asked for an entry that is not theirs is on record without saying whether there is one.
            await self._append(caller, named, request_id, Event.REFUSAL, code="not_found")
            raise Problem("not_found")
        await self._append(caller, named, request_id, Event.RECEIPT_READ, entry=index)
        packed = await self._pool.fetchval(_OPENING, index)
        opening = unpack_private(packed) if packed else Private()
        receipt = await receipt_for(self._pool, self._log.signer, index, self._tiles)
        return ReceiptOfEntry(index, written, receipt, opening)

    async def _own_leaf(self, caller: AnyCaller, index: int) -> bytes | None:
        try:
            written = await leaf_at(self._pool, index)
        except EntryMissing:
            return None
        body = parse(written).body
        # The agreement as well: a token for one agreement opens nothing of another, not even of the same client.
        own = body.get("client") == caller.client and body.get("agreement") == caller.agreement
        return written if own else None

    async def _append(
        self,
        caller: AnyCaller,
        named: str,
        request_id: str,
        event: Event,
        *,
        now: datetime | None = None,
        **body: Any,  # noqa: ANN401 - members of an entry
    ) -> None:
        draft = draft_for(
            caller,
            event,
            now or await self._pool.fetchval(_CLOCK),
            salts_for(f"/v1/receipts/{named}", self._random),
            request_id=request_id,
            configuration=self._grants.configuration,
            **body,
        )
        await self._log.append(draft)
