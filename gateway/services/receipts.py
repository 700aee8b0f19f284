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
        pool: asyncpg.Pool,
        log: Log,
        signer: CheckpointSigner,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._pool = pool
        self._log = log
        self._signer = signer
        self._random = random

    async def read(self, caller: Caller, named: str, request_id: str) -> ReceiptOfEntry:
        """
        Return the receipt of the entry whose number is `named`; that it was read is an entry too.

        Raises `Problem` (`not_found`, `invalid_request`; on the log first), and the log's own errors.
        """
        if not (named.isascii() and named.isdigit() and len(named) <= _MAX_DIGITS):
            await self._append(caller, named, request_id, Event.REFUSAL, code="invalid_request")
            raise Problem("invalid_request", _UNREADABLE)
        index = int(named)
        written = await self._own_leaf(caller, index)
        if written is None:
            # That somebody asked for an entry that is not theirs is on record without saying whether there is one.
        if found:
            draft = draft_for(caller, Event.RECEIPT_READ, now, salts, request_id=request_id, entry=index)
        else:
            draft = draft_for(caller, Event.REFUSAL, now, salts, request_id=request_id, code="not_found")
        await self._log.append(draft)
