"""
What becomes of a partner: it leaves, it is debarred, or it goes on as another one.

INVARIANT: what ends, ends together, in one transaction: agreements with their populations, and clients, so that no
token is left with anything to ask for. Leaving takes one person and no signature; a debarment and a succession are
documents, verified as at every load.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from sqlalchemy import select

from agreements.lifecycle import Standing
from agreements.parties import VerifiedDebarment, verify_debarment, verify_succession
from agreements.register import Register, Registered
from agreements.signature import Envelope
from agreements.successors import answering_for, barring, following, over, require_open, successor_of
from audit.events import Event
from gateway.services.errors import NothingLeft, UnknownPartner
from gateway.services.filing import Desk, Filing
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Registry
from gateway.services.suspensions import partner_of, stop_agreement, suspend_client
from gateway.store.tables import client

_OVER = frozenset({Standing.TERMINATED.value, Standing.CLOSED.value})


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended of one partner, and the entry that says so."""

    partner: str
    entry: int
    agreements: tuple[str, ...]
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """
    One partner in a list. `barred_until` is the last day (UTC) of what bars it today, inherited or its own.

    `suspended_by` is the entry of its own stop, which a reinstatement has to name.
    """

    id: str
    agreements: tuple[str, ...]
    clients: tuple[str, ...]
    barred_until: date | None
    barred_by: tuple[str, ...]
    debarments_over: tuple[str, ...]
    successor: str | None
    predecessors: tuple[str, ...]
    suspended_by: int | None


class Parties:
    """Ends what a partner had, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def leave(self, partner: str, reason: str, person: str | None = None) -> Ended:
        """
        End everything of a partner; what it owes begins. `person` is who signed in to do it.

        Raises `UnknownPartner` if it never had anything, `NothingLeft` if all of it has ended: each stop of a client
        takes a signature of its own to undo.
        """
        async with self._desk.filing() as filing:
            stopped = {stop.concerns for stop in filing.registry.suspensions}
            ended = await _end(filing, partner, reason, person)
            if not ended.agreements and not ended.clients:
                raise UnknownPartner(f"The partner {partner} has no agreement and no client here.")
            if not ended.agreements and stopped.issuperset(ended.clients):
                raise NothingLeft(f"Everything of the partner {partner} has ended already.")
        return ended

    async def debar(self, document: Envelope) -> tuple[Ended, ...]:
        """
        Register a debarment; end everything of the partner and of those who succeeded it, unless it is over already.

        Raises an `AgreementError` naming the first thing that is wrong; nothing was written then.
        """
        async with self._desk.filing() as filing:
            verified = verify_debarment(filing.filed(document), authority=filing.authority)
            await filing.file(
                Event.PARTNER_DEBARRED,
                document,
                concerns=None,
                partner=verified.partner,
                cause=verified.debarment.cause,
                from_day=verified.debarment.from_day.isoformat(),
                until_day=verified.until.isoformat(),
                officers=sorted(officer.key.thumbprint for officer in verified.officers),
            )
            ending = answering_for(verified.partner, filing.registry.successions) if verified.ends_what_stands else ()
            return tuple([await _end(filing, partner, f"debarred until {verified.until}") for partner in ending])

    async def succeed(self, document: Envelope, approvals: Sequence[Envelope]) -> tuple[Ended, ...]:
        """
        Register a succession; end everything of the predecessor, and of the successor too if it is barred by it.

        Raises an `AgreementError` naming the first thing that is wrong, such as `PartnerGone` for a second successor.
        """
        async with self._desk.filing() as filing:
            registry = filing.registry
            filed = [filing.filed(approval) for approval in approvals]
            verified = verify_succession(filing.filed(document), filed, authority=filing.authority)
            require_open(registry.successions, verified)
            predecessor, successor = verified.succession.parties
            await filing.file(
                Event.PARTNER_SUCCEEDED,
                document,
                concerns=None,
                predecessor=predecessor,
                successor=successor,
                kind=verified.succession.kind,
                signers=sorted(signer.key.thumbprint for signer in verified.signers),
            )
            for approval in approvals:
                await filing.approve(approval, document.digest)
            inherited = following(registry.debarments, (*registry.successions, verified))
            barred = any(
                each.partner == successor and each.received == verified.received and each.ends_what_stands
                for each in inherited
            )
            ending = (predecessor, successor) if barred else (predecessor,)
            return tuple([await _end(filing, partner, f"{predecessor} went on as {successor}") for partner in ending])

    async def lines(self) -> tuple[PartnerLine, ...]:
        """Return every partner that is known here, by its id."""
        moment, registry = await self._desk.registry()
        today = moment.now.astimezone(UTC).date()
        return tuple(_line(partner, registry, today) for partner in sorted(_known(registry)))


async def _end(filing: Filing, partner: str, reason: str, person: str | None = None) -> Ended:
    """End what a partner has, whether or not it verifies or is stopped already; write the entry that sums it up."""
    connection = filing.connection
    agreements = tuple(each.document.digest for each in _standing(filing.registry.register, partner))
    for digest in agreements:
        await stop_agreement(connection, digest, Standing.TERMINATED, reason, person)
    owned = select(client.c.id).where(client.c.partner == partner).distinct().order_by(client.c.id)
    clients = tuple(await connection.scalars(owned))
    for client_id in clients:
        await suspend_client(connection, client_id, reason, person)
    index = await filing.append(
        Event.PARTNER_LEFT, partner=partner, agreements=list(agreements), clients=list(clients), **by(person)
    )
    return Ended(partner, index, agreements, clients)


def _standing(register: Register, partner: str) -> Iterable[Registered]:
    """Return the agreements of a partner that are not over, oldest first."""
    for each in register.agreements:
        if partner_of(each) == partner and not any(move.status in _OVER for move in each.moves):
            yield each


def _known(registry: Registry) -> set[str]:
    named = {each.verified.agreement.partner.id for each in registry.history.values()}
    named |= {known.partner for known in registry.clients.values()}
    named |= {each.partner for each in following(registry.debarments, registry.successions)}
    return named.union(*(each.succession.parties for each in registry.successions))


def _line(partner: str, registry: Registry, today: date) -> PartnerLine:
    barred = barring(registry.debarments, partner, registry.successions, today)
    succession = successor_of(partner, registry.successions)
    return PartnerLine(
        id=partner,
        agreements=tuple(
            digest for digest, granted in registry.granted.items() if granted.agreement.agreement.partner.id == partner
        ),
        clients=tuple(known.id for known in registry.clients.values() if known.partner == partner),
        barred_until=max((each.until for each in barred), default=None),
        barred_by=_digests(barred),
        debarments_over=_digests(over(registry.debarments, partner, registry.successions, today)),
        successor=None if succession is None else succession.succession.successor,
        predecessors=tuple(
            each.succession.predecessor for each in registry.successions if each.succession.successor == partner
        ),
        suspended_by={stop.concerns: stop.entry for stop in registry.suspensions}.get(partner),
    )


def _digests(debarments: Iterable[VerifiedDebarment]) -> tuple[str, ...]:
    return tuple(each.digest for each in debarments)
