"""
A whole answer made again: the rows of one disclosure as of its epoch, and the very bytes around them (claim 6).

It shows students, so the entry that says that it is done is committed first. INVARIANT: bytes are given out if and only
if they lead to the commitment in the entry; what cannot be rebuilt is said, never guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.commitments import require_bytes, unpack_private
from audit.entry import leaf, parse
from audit.errors import CommitmentMismatch
from audit.events import Event
from audit.reading import leaf_at
from gateway.records.reader import Position
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.rebuilding import Followed, Rebuilder, Rebuilt
from gateway.services.analysis.past import Law, read_past
from gateway.services.changes import Following, body_of
from gateway.services.disclosure import answer
from gateway.services.entries import cursor_nonce
from gateway.services.errors import NotRebuilt
from gateway.services.filing import Desk
from gateway.services.naming import Checked, Listed, listed
from gateway.services.obligations.history import driver_of
from gateway.services.standing.registry import Alarm, read_moment
from gateway.wrapping_keys import WrappingKeys

_OWN_NONCE: Final = (
    "The rows lead to the entry; the cursor after them does not come out again, since an earlier release sealed it at"
    " random."
)
_OPENING: Final = text("SELECT opening FROM audit.private WHERE idx = :index")


class Sealing(Protocol):
    """Turns a position into the text of the cursor that leaves, as the address that pages were asked of does it."""

    def __call__(  # noqa: D102 -- said above
        self,
        position: Position,
        *,
        client: str,
        agreement: str,
        dataset: str,
        query: Mapping[str, str],
        nonce: bytes,
    ) -> str: ...


class SealingChanges(Protocol):
    """Turns how far a client has come into the text of the cursor that leaves with changes."""

    def __call__(  # noqa: D102 -- said above
        self, come: Following, *, client: str, dataset: str, query: Mapping[str, str], nonce: bytes
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class Reproduced:
    """An answer that leads to its commitment. `record` is the entry that says that it was rebuilt."""

    entry: int
    record: int
    records: int
    body: bytes = field(repr=False)


class Reproductions:
    """Rebuilds answers in one installation, as the loader role. Holds the keys of subject numbers and cursors."""

    def __init__(
        self, desk: Desk, law: Law, alarm: Alarm, subject_key: WrappingKeys, seals: tuple[Sealing, SealingChanges]
    ) -> None:
        self._desk = desk
        self._law = law
        self._alarm = alarm
        self._key = SubjectKey(subject_key)
        self._seal, self._seal_changes = seals

    async def reproduce(self, index: int) -> Reproduced:
        """
        Return the answer of the disclosure at `index`, byte for byte as it left.

        Raises `EntryMissing`; `NotRebuilt`, saying why, and `CommitmentMismatch`.
        """
        async with self._desk.engine.begin() as connection:
            # (1): only what left to a partner can be made again, and that it is done is on record first.
            if parse(await leaf_at(await driver_of(connection), index)).event != Event.DISCLOSURE:
                raise NotRebuilt(f"Entry {index} is no disclosure to a partner.")
            moment = await read_moment(connection)
            written = leaf(Event.DISCLOSURE_REPRODUCED, moment.now, entry=index)
            record = await append_change(connection, written, moves_epoch=False)
        async with self._desk.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            past = await read_past(connection, self._desk.trust, self._law, self._alarm)
            found = await _listed(connection, index)
            # (2): whose row is whose stands in the list.
            if found.checked is Checked.ALTERED:
                raise NotRebuilt("The list of students beside the entry is not the one that it commits to.")
            # (3): the rows, by the root in the leaf.
            page = await Rebuilder(past, await driver_of(connection), self._key).rebuild(found)
        # (4): the answer around them, by the commitment to the result.
        return Reproduced(index, record, len(page.rows), self._answer(found, page))

    def _answer(self, found: Listed, page: Rebuilt) -> bytes:
        """Return the bytes that lead to the commitment: with a cursor, if more rows followed. Raises as `reproduce`."""
        result, salt = bytes.fromhex(found.entry.body["result"]), page.private.result_salt
        if page.followed is not None:
            body = self._answer_changes(page, page.followed)
            require_bytes(result, salt, body)
            return body
        last = answer(page.rows, None, page.permit.notices, single=page.asked.single)
        try:
            require_bytes(result, salt, last)
        except CommitmentMismatch:
            if page.after is None or page.asked.single:
                raise
        else:
            return last
        cursor = self._seal(
            page.after,
            client=page.permit.client,
            agreement=page.permit.agreement,
            dataset=page.permit.dataset,
            query=page.asked.bound,
            nonce=cursor_nonce(page.private),
        )
        followed = answer(page.rows, cursor, page.permit.notices, single=False)
        try:
            require_bytes(result, salt, followed)
        except CommitmentMismatch:
            if "configuration" in found.entry.body:
                raise
            raise NotRebuilt(_OWN_NONCE) from None
        return followed

    def _answer_changes(self, page: Rebuilt, followed: Followed) -> bytes:
        """Return the answer of a request for changes; its cursor says how far its client has come."""

        def seal(come: Following) -> str:
            return self._seal_changes(
                come,
                client=page.permit.client,
                dataset=page.permit.dataset,
                query=page.asked.bound,
                nonce=cursor_nonce(page.private),
            )

        return body_of(followed.changes, page.permit, followed.line, seal)[1]


async def _listed(connection: AsyncConnection, index: int) -> Listed:
    """Return the entry with the list beside it; a page without rows has none."""
    async for each in listed(connection, [index]):
        return each
    written = await leaf_at(await driver_of(connection), index)
    opening = await connection.scalar(_OPENING, {"index": index})
    private = None if opening is None else unpack_private(bytes(opening))
    return Listed(index, parse(written), written, (), private, Checked.HOLDS)
