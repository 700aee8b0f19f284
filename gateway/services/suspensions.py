"""
Stopping agreements, partners and clients, and undoing a stop.

A stop needs one person and no signature, and nothing that could fail is asked before it is written: neither whether the
documents verify nor who may sign. Its undoing is a document that an officer signs.
"""

from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import Json, read_json
from agreements.errors import AgreementError
from agreements.in_force import verify_reinstatement
from agreements.lifecycle import Standing
from agreements.pointer import resolve
from agreements.register import Registered, insert_status, load_agreement, load_register
from agreements.signature import Envelope
from audit.change import append_change, next_index
from audit.entry import leaf
from audit.events import Event
from gateway.records.population import close_population
from gateway.services.errors import AlreadyTerminated, NothingToUndo, UnknownClient, UnknownPartner
from gateway.services.filing import Desk
from gateway.services.sealing import append_sealed
from gateway.services.standing.identity import by
from gateway.services.standing.registry import read_moment
from gateway.store.tables import client, client_status, partner_status

_ACTIVATED: Final = {"client": Event.CLIENT_ACTIVATED, "partner": Event.PARTNER_ACTIVATED}
_OVER = frozenset({Standing.TERMINATED.value, Standing.CLOSED.value})


class Suspensions:
    """Stops what is in force, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def stop_agreement(self, digest: str, standing: Standing, reason: str, person: str | None = None) -> int:
        """Suspend or terminate; the next request is refused. Raises `NotRegistered`, `AlreadyTerminated`."""
        async with self._desk.engine.begin() as connection:
            return await stop_agreement(connection, digest, standing, reason, person)

    async def suspend_partner(self, partner: str, reason: str, person: str | None = None) -> int:
        """Stop a partner under every agreement it has or gets. Raises `UnknownPartner`."""
        async with self._desk.engine.begin() as connection:
            return await suspend_partner(connection, partner, reason, person)

    async def suspend_client(self, client_id: str, reason: str, person: str | None = None) -> int:
        """Stop a client; its next request is refused, its tokens with it. Raises `UnknownClient`."""
        async with self._desk.engine.begin() as connection:
            return await suspend_client(connection, client_id, reason, person)

    async def name_of(self, client_id: str) -> str:
        """Return what a client was called when it was registered last, bound or not. Raises `UnknownClient`."""
        wanted = select(client.c.name).where(client.c.id == client_id).order_by(client.c.idx.desc()).limit(1)
        async with self._desk.engine.connect() as connection:
            found: str | None = await connection.scalar(wanted)
        if found is None:
            raise UnknownClient(f"No client {client_id} is registered.")
        return found

    async def everybody(self) -> tuple[str, ...]:
        """Return the ids of all partners, whether or not what names them verifies."""
        async with self._desk.engine.connect() as connection:
            return await _partners(connection)

    async def suspend_everybody(self, reason: str, person: str | None = None) -> tuple[int, ...]:
        """
        Stop every partner there is, all or none of them in one transaction; return the entries.

        Nothing is asked about them but their ids: a register that does not verify stops nobody from being stopped.
        """
        async with self._desk.engine.begin() as connection:
            partners = await _partners(connection)
            return tuple([await suspend_partner(connection, each, reason, person) for each in partners])

    async def reinstate(self, document: Envelope) -> int:
        """
        Undo a suspension by a document an officer signed; return the entry.

        Raises an `AgreementError`, or `NothingToUndo` if it names no suspension in force.
        """
        async with self._desk.filing() as filing:
            verified = verify_reinstatement(filing.filed(document), authority=filing.authority).reinstatement
            in_force = {(stop.concerns, stop.entry) for stop in filing.registry.suspensions}
            if (verified.subject, verified.undoes) not in in_force:
                raise NothingToUndo(f"Entry {verified.undoes} is not a suspension in force of {verified.subject}.")
            # A subject is an id that says what it is of, or the digest of an agreement.
            kind, _, _ = verified.subject.partition(":")
            event = _ACTIVATED.get(kind)
            return await filing.file(
                event or Event.AGREEMENT_ACTIVATED,
                document,
                concerns=verified.subject if event is None else None,
                undoes=verified.undoes,
                **{kind if event else "agreement": verified.subject},
            )


async def stop_agreement(
    connection: AsyncConnection, digest: str, standing: Standing, reason: str, person: str | None = None
) -> int:
    """
    Stop an agreement in the caller's transaction; return the entry. `person` is who signed in to do it.

    Raises `NotRegistered`, `AlreadyTerminated`.
    """
    ends = standing is Standing.TERMINATED
    moment = await read_moment(connection)
    event = Event.AGREEMENT_TERMINATED if ends else Event.AGREEMENT_SUSPENDED
    index = await next_index(connection)
    registered = await load_agreement(connection, digest)
    if any(move.status in _OVER for move in registered.moves):
        raise AlreadyTerminated(f"The agreement {digest} was terminated.")
    await insert_status(connection, digest, standing.value, index=index, reason=reason)
    if ends:
        await close_population(connection, digest, index)
    return await append_sealed(connection, index, event, moment.now, {"agreement": digest, **by(person)})


async def suspend_client(connection: AsyncConnection, client_id: str, reason: str, person: str | None = None) -> int:
    """Stop a client in the caller's transaction; return the entry. Raises `UnknownClient`."""
    moment = await read_moment(connection)
    if (await connection.scalar(select(client.c.id).where(client.c.id == client_id))) is None:
        raise UnknownClient(f"No client {client_id} is registered.")
    index = await append_change(connection, leaf(Event.CLIENT_SUSPENDED, moment.now, client=client_id, **by(person)))
    row = {"client": client_id, "status": "suspended", "idx": index, "reason": reason}
    await connection.execute(insert(client_status).values(row))
    return index


async def suspend_partner(connection: AsyncConnection, partner: str, reason: str, person: str | None = None) -> int:
    """Stop a partner in the caller's transaction; return the entry. Raises `UnknownPartner`."""
    moment = await read_moment(connection)
    if not await _has_something(connection, partner):
        raise UnknownPartner(f"The partner {partner} has no agreement and no client here.")
    index = await append_change(connection, leaf(Event.PARTNER_SUSPENDED, moment.now, partner=partner, **by(person)))
    row = {"partner": partner, "status": "suspended", "idx": index, "reason": reason}
    await connection.execute(insert(partner_status).values(row))
    return index


def partner_of(each: Registered) -> Json:
    """Return the partner an agreement names, verified or not: nothing but a stop or an end is based on it."""
    try:
        named = resolve(read_json(each.document.envelope.payload), "/partner/id")
    except AgreementError:
        return None
    return named if isinstance(named, str) else None


async def _partners(connection: AsyncConnection) -> tuple[str, ...]:
    named = {partner_of(each) for each in (await load_register(connection)).agreements}
    named |= set((await connection.scalars(select(client.c.partner).distinct())).all())
    return tuple(sorted(each for each in named if isinstance(each, str)))


async def _has_something(connection: AsyncConnection, partner: str) -> bool:
    """Return whether a partner is known here at all: a misspelt id must not look like a stop."""
    if (await connection.scalar(select(client.c.id).where(client.c.partner == partner).limit(1))) is not None:
        return True
    register = await load_register(connection)
    return any(partner_of(each) == partner for each in register.agreements)
