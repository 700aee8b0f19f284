"""
Bringing documents into force: signers, agreements, clients; and stopping what is in force.

Each act is one transaction: judge everything first, then lock the head, write the entries, register the documents, move
the populations. INVARIANT: a document is judged here exactly as it will be judged at every load.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.document import Agreement
from agreements.documents.binding import read_binding
from agreements.elements import Catalogue, load_catalogue
from agreements.entitlement import introduce
from agreements.in_force import VerifiedAgreement, verify_agreement, verify_binding, verify_reinstatement
from agreements.register import digest_bytes, insert_document, insert_status, load_agreement, load_signers
from agreements.signature import Envelope
from agreements.standing import Standing
from agreements.trust import Trust
from audit.change import append_change
from audit.entry import leaf
from audit.events import MOVES_EPOCH, Event
from gateway.records.coverage import Scope
from gateway.records.population import close_population, rewrite_population
from gateway.records.release import population
from gateway.services.errors import AlreadyTerminated, ClientTaken, NothingToUndo, UnknownAgreement, UnknownClient
from gateway.services.registry import Alarm, Moment, Registry, RegistryReader, read_moment
from gateway.store.tables import client, client_status
from policies.decision import RowTerms
from policies.population import parse


@dataclass(frozen=True, slots=True)
class Activated:
    """An agreement that came into force: its digest, the entry that says so, and how many students it covers."""

    agreement: str
    entry: int
    covered: int


class Onboarding:
    """Brings documents into force, as the loader role."""

    def __init__(self, engine: AsyncEngine, trust: Trust, alarm: Alarm, *, catalogue: Catalogue | None = None) -> None:
        self._engine = engine
        self._trust = trust
        self._catalogue = catalogue or load_catalogue()
        self._reader = RegistryReader(trust, self._catalogue, alarm)

    async def introduce_signer(self, document: Envelope) -> int:
        """Register a signer that an officer vouches for; return the entry. Raises an `AgreementError`."""
        known = introduce(document, self._trust)
        async with self._engine.begin() as connection:
            moment = await read_moment(connection)
            index = await _append(
                connection,
                moment,
                Event.SIGNER_INTRODUCED,
                document=document.digest,
                party=known.signer.party,
                signer=known.signer.key.thumbprint,
                officers=sorted(known.introduced_by),
            )
            await insert_document(connection, document, concerns=None, index=index)
        return index

    async def activate(self, document: Envelope, approvals: Sequence[Envelope]) -> Activated:
        """
        Bring a signed and approved agreement into force, from the first day of its term.

        Raises an `AgreementError` naming the first thing that is wrong; nothing was written then.
        """
        async with self._engine.begin() as connection:
            moment = await read_moment(connection)
            verified = await self._verify(connection, document, approvals, moment.now)
            digest = verified.agreement.digest
            received = await _append(
                connection,
                moment,
                Event.AGREEMENT_SIGNED,
                document=digest,
                signers=sorted(signer.key.thumbprint for signer in verified.signers),
            )
            await insert_document(connection, document, concerns=None, index=received)
            for approval in approvals:
                await self._approve(connection, moment, approval, digest)
            index = await _append(
                connection,
                moment,
                Event.AGREEMENT_ACTIVATED,
                agreement=digest,
                partner=verified.agreement.partner.id,
                basis=verified.agreement.basis,
                purpose=verified.agreement.purpose.code,
                words_only=len(verified.agreement.words_only),
            )
            await insert_status(connection, digest, Standing.ACTIVE.value, index=index, reason="signed and approved")
            await rewrite_population(connection, scope_of(verified), index)
            held = select(func.count()).where(population.c.agreement == digest, population.c.to_idx.is_(None))
            covered = (await connection.execute(held)).scalar_one()
        return Activated(digest, index, covered)

    async def stop_agreement(self, digest: str, standing: Standing, reason: str) -> int:
        """Stop an agreement; the next request is refused. Raises `NotRegistered`, `AlreadyTerminated`."""
        ends = standing is Standing.TERMINATED
        event = Event.AGREEMENT_TERMINATED if ends else Event.AGREEMENT_SUSPENDED
        async with self._engine.begin() as connection:
            moment = await read_moment(connection)
            index = await _append(connection, moment, event, agreement=digest)
            registered = await load_agreement(connection, digest)
            if any(move.status == Standing.TERMINATED for move in registered.moves):
                raise AlreadyTerminated(f"The agreement {digest} was terminated.")
            await insert_status(connection, digest, standing.value, index=index, reason=reason)
            if ends:
                await close_population(connection, digest, index)
        return index

    async def register_client(self, document: Envelope, approvals: Sequence[Envelope], name: str) -> str:
        """
        Bind a client's keys to an agreement in force; return the client's id.

        Raises an `AgreementError`, `UnknownAgreement` if the agreement is not in force, `ClientTaken`.
        """
        async with self._engine.begin() as connection:
            moment, registry = await self._reader.read(connection)
            agreement = _agreement_of(document, registry)
            verified = verify_binding(
                document,
                approvals,
                registry.signers,
                agreement=agreement,
                trust=self._trust,
                received_at=moment.now,
            )
            digest, bound = verified.digest, verified.binding
            owners = set(await connection.scalars(select(client.c.partner).where(client.c.id == bound.client)))
            if owners - {verified.partner}:
                raise ClientTaken(f"The client {bound.client} belongs to another partner.")
            index = await _append(
                connection,
                moment,
                Event.CLIENT_REGISTERED,
                client=bound.client,
                document=digest,
                agreement=bound.agreement,
                keys=[key.thumbprint for key in bound.keys],
            )
            await insert_document(connection, document, concerns=bound.agreement, index=index)
            for approval in approvals:
                await self._approve(connection, moment, approval, digest)
            row = {"id": bound.client, "partner": verified.partner, "name": name, "idx": index}
            digests = {"binding": digest_bytes(digest), "agreement": digest_bytes(bound.agreement)}
            await connection.execute(insert(client).values({**row, **digests}))
        return bound.client

    async def suspend_client(self, client_id: str, reason: str) -> int:
        """Stop a client; its next request is refused, its tokens with it. Raises `UnknownClient`."""
        async with self._engine.begin() as connection:
            moment = await read_moment(connection)
            if (await connection.scalar(select(client.c.id).where(client.c.id == client_id))) is None:
                raise UnknownClient(f"No client {client_id} is registered.")
            index = await _append(connection, moment, Event.CLIENT_SUSPENDED, client=client_id)
            row = {"client": client_id, "status": "suspended", "idx": index, "reason": reason}
            await connection.execute(insert(client_status).values(row))
        return index

    async def reinstate(self, document: Envelope) -> int:
        """
        Undo a suspension by a document an officer signed; return the entry.

        Raises an `AgreementError`, or `NothingToUndo` if it names no suspension in force.
        """
        verified = verify_reinstatement(document, trust=self._trust).reinstatement
        async with self._engine.begin() as connection:
            moment, registry = await self._reader.read(connection)
            if (verified.subject, verified.undoes) not in {
                (stop.concerns, stop.entry) for stop in registry.suspensions
            }:
                raise NothingToUndo(f"Entry {verified.undoes} is not a suspension in force of {verified.subject}.")
            of_client = verified.subject.startswith("client:")
            index = await _append(
                connection,
                moment,
                Event.CLIENT_ACTIVATED if of_client else Event.AGREEMENT_ACTIVATED,
                document=document.digest,
                undoes=verified.undoes,
                **{"client" if of_client else "agreement": verified.subject},
            )
            concerns = None if of_client else verified.subject
            await insert_document(connection, document, concerns=concerns, index=index)
        return index

    async def scopes(self, connection: AsyncConnection) -> Sequence[Scope]:
        """Return what is in force, as far as populations need it; for changes of records, inside their transaction."""
        _, registry = await self._reader.read(connection)
        return [scope_of(granted.agreement) for granted in registry.granted.values()]

    async def registry(self) -> tuple[Moment, Registry]:
        """Return what is in force now."""
        async with self._engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            return await self._reader.read(connection)

    async def _verify(
        self, connection: AsyncConnection, document: Envelope, approvals: Sequence[Envelope], now: datetime
    ) -> VerifiedAgreement:
        signers = [stored.envelope for stored in await load_signers(connection)]
        return verify_agreement(
            document, approvals, signers, trust=self._trust, catalogue=self._catalogue, received_at=now
        )

    async def _approve(self, connection: AsyncConnection, moment: Moment, approval: Envelope, concerns: str) -> None:
        officers = sorted(signature.kid for signature in approval.signatures)
        index = await _append(
            connection,
            moment,
            Event.AGREEMENT_APPROVED,
            document=approval.digest,
            approves=concerns,
            officers=officers,
        )
        await insert_document(connection, approval, concerns=concerns, index=index)


def scope_of(verified: VerifiedAgreement) -> Scope:
    """Return an agreement's population terms. Which school years leave is a matter of each dataset, not of these."""
    return scope_for(verified.agreement)


def scope_for(agreement: Agreement) -> Scope:
    """Return the population terms of an agreement that may be a draft: for counting, never for keeping a population."""
    return Scope(
        agreement.digest,
        RowTerms(
            population=parse(agreement.population),
            basis=agreement.basis,
            school_years=tuple(sorted({year for terms in agreement.datasets for year in terms.school_years})),
            time_zone=agreement.term.time_zone,
            cadence=agreement.cadence,
            element_order=agreement.element_ids,
        ),
    )


def _agreement_of(document: Envelope, registry: Registry) -> VerifiedAgreement:
    """Return the agreement in force that a binding says it is for; the verification judges the rest."""
    wanted = read_binding(document.payload).agreement
    granted = registry.granted.get(wanted)
    if granted is None:
        raise UnknownAgreement(f"No agreement {wanted} is in force.")
    return granted.agreement


async def _append(connection: AsyncConnection, moment: Moment, event: Event, **body: object) -> int:
    written = leaf(event, moment.now, **body)
    return await append_change(connection, written, moves_epoch=event in MOVES_EPOCH)
