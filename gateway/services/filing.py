"""
Filing: how a signed document enters the register, with its entry, in one transaction.

INVARIANT: a document is judged when it is filed exactly as it will be judged at every load; what is refused wrote
nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.authority import Authority, Filed, Received
from agreements.elements import Catalogue, load_catalogue
from agreements.register import insert_document
from agreements.signature import Envelope
from agreements.trust import Trust
from audit.change import append_change, next_index
from audit.entry import leaf
from audit.events import MOVES_EPOCH, Event
from gateway.services.sealing import append_sealed
from gateway.services.standing.registry import Alarm, Moment, Registry
from gateway.services.standing.scopes import Scopes, scopes_of
from gateway.services.standing.snapshot import RegistryReader

_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('pactgate.filing', 0))")


@dataclass(frozen=True, slots=True)
class Filing:
    """One transaction in which documents are filed: what stands, and the pen."""

    connection: AsyncConnection
    moment: Moment
    registry: Registry
    documents: list[str] = field(default_factory=list)
    """The digests of what was filed here, in that order."""

    @property
    def authority(self) -> Authority:
        """Who may sign now."""
        return self.registry.authority

    @property
    def received(self) -> Received:
        """What a document filed now is dated by."""
        return Received(self.moment.size, self.moment.now)

    def filed(self, envelope: Envelope) -> Filed:
        """Return a document as it will stand once it is filed here."""
        return Filed(envelope, self.received)

    async def append(self, event: Event, **body: object) -> int:
        """Write an entry, and move the epoch if the event does; return its index."""
        written = leaf(event, self.moment.now, **body)
        return await append_change(self.connection, written, moves_epoch=event in MOVES_EPOCH)

    async def next_index(self) -> int:
        """Lock the log's head, and return the index of the next entry: for rows that it dates and commits to."""
        return await next_index(self.connection)

    async def append_sealed(self, index: int, event: Event, **body: object) -> None:
        """Write the entry `index`, after the rows that it dates."""
        moves = event in MOVES_EPOCH
        await append_sealed(self.connection, index, event, self.moment.now, body, moves_epoch=moves)

    async def file_sealed(
        self, index: int, event: Event, envelope: Envelope, *, concerns: str | None, **body: object
    ) -> None:
        """Write the entry `index`, after the rows that it dates, and register the document that it names."""
        await self.append_sealed(index, event, document=envelope.digest, **body)
        await self.register(envelope, concerns, index)

    async def file(self, event: Event, envelope: Envelope, *, concerns: str | None, **body: object) -> int:
        """Write the entry that names a document, and register it. Raises `AlreadyRegistered`."""
        index = await self.append(event, document=envelope.digest, **body)
        await self.register(envelope, concerns, index)
        return index

    async def approve(self, approval: Envelope, concerns: str) -> int:
        """File the approval of the document with this digest; return its entry."""
        officers = sorted(signature.kid for signature in approval.signatures)
        return await self.file(
            Event.AGREEMENT_APPROVED, approval, concerns=concerns, approves=concerns, officers=officers
        )

    async def register(self, envelope: Envelope, concerns: str | None, index: int) -> None:
        """Register a document under the entry `index` that names it, which is written. Raises `AlreadyRegistered`."""
        await insert_document(self.connection, envelope, concerns=concerns, index=index)
        self.documents.append(envelope.digest)


class Desk:
    """
    Where documents are filed, as the loader role.

    `person` is the id of whoever signed in to file on the pages: the log then names them beside the document. One that
    `remembers` gives the same registry again as long as nothing of it changed, as the application role does: for pages,
    which are asked again and again. What is filed is always judged by what is read anew.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        trust: Trust,
        alarm: Alarm,
        *,
        catalogue: Catalogue | None = None,
        person: str | None = None,
        remembers: bool = False,
    ) -> None:
        self.engine = engine
        self.trust = trust
        self.catalogue = catalogue or load_catalogue()
        self.person = person
        self._reader = RegistryReader(trust, self.catalogue, alarm)
        self._remembers = remembers
        self._known: Registry | None = None

    def of(self, person: str) -> "Desk":
        """Return the same desk with this person at it."""
        seated = copy(self)
        seated.person = person
        return seated

    @asynccontextmanager
    async def filing(self) -> AsyncIterator[Filing]:
        """Open one transaction; it is committed at the end of the block, and nothing of it stands after a refusal."""
        async with self.engine.begin() as connection:
            # One at a time: two versions of one agreement must not both be judged before either is there.
            await connection.execute(_ONE_AT_A_TIME)
            moment, registry = await self._reader.read(connection)
            filing = Filing(connection, moment, registry)
            yield filing
            if self.person is not None and filing.documents:
                await filing.append(Event.PAPER_FILED, concerns=filing.documents[0], person=self.person)

    def reader(self, alarm: Alarm) -> RegistryReader:
        """Return a reader of what stood once, for pages: it knows what was verified here."""
        return self._reader.branch(alarm)

    async def registry(self) -> tuple[Moment, Registry]:
        """Return what is in force now."""
        async with self.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            moment, registry = await self._reader.read(connection, self._known)
        if self._remembers:
            self._known = registry
        return moment, registry

    async def registry_in(self, connection: AsyncConnection) -> tuple[Moment, Registry]:
        """Return what is in force, inside a transaction that is about to change records."""
        return await self._reader.read(connection)

    async def scopes(self, connection: AsyncConnection) -> Scopes:
        """Return what is in force, as far as populations need it; for changes of records, inside their transaction."""
        moment, registry = await self.registry_in(connection)
        return scopes_of(registry, moment.now)
