"""The state that decisions rest on, opened for explanations: which agreements and clients a question is about."""

from dataclasses import dataclass

from agreements.document import Agreement
from agreements.errors import UnknownElement
from gateway.services.errors import UnknownAgreement, UnknownClient
from gateway.services.law import guardrails_of
from gateway.services.office import Office
from gateway.services.standing.registry import Moment, Promised, Registry
from policies.memo import Memo
from policies.state import PolicyState

_TABLES = 256


@dataclass(frozen=True, slots=True)
class Pair:
    """An agreement and a client of it; None where nobody can ask under it."""

    agreement: Agreement
    client: str | None


@dataclass(frozen=True, slots=True)
class World:
    """What is in force at one moment, and the state in which it is decided."""

    moment: Moment
    registry: Registry
    state: PolicyState

    def named(self, agreement: str | None, partner: str | None, client: str | None) -> tuple[Promised, ...]:
        """
        Return the agreements that were ever in force and are meant: by digest or id, by partner, by a client of theirs.

        Raises `UnknownClient`, `UnknownAgreement`.
        """
        if agreement is None and client is not None and client not in self.registry.clients:
            raise UnknownClient(f"No client {client} is registered.")
        found = [
            each
            for digest, each in self.registry.history.items()
            if agreement in {None, digest, each.verified.agreement.id}
            and partner in {None, each.verified.agreement.partner.id}
            and (agreement is not None or client is None or client in self.clients(digest))
        ]
        if not found:
            named = [f"agreement {agreement}"] if agreement else ["agreement"]
            named += [f"of {whom}" for whom in (partner or client,) if whom]
            raise UnknownAgreement(f"No {' '.join(named)} was ever in force here.")
        return tuple(sorted(found, key=lambda each: each.activated))

    def pairs(self, agreement: str | None, partner: str | None, client: str | None) -> tuple[Pair, ...]:
        """Return what is meant, client by client; a client that is named is asked about whether it is bound or not."""
        found = []
        for each in self.named(agreement, partner, client):
            own = each.verified.agreement
            clients = sorted(self.clients(own.digest)) if client is None else [client]
            found += [Pair(own, one) for one in clients] or [Pair(own, None)]
        return tuple(found)

    def elements(self, name: str) -> tuple[str, ...]:
        """Return the ids of the elements that `name`, an id or a wire name, means. Raises `UnknownElement`."""
        found = sorted({each.id for each in self.state.catalogue if name in {each.id, each.name}})
        if not found:
            raise UnknownElement(f"The catalogue has no element {name!r}.")
        return tuple(found)

    def clients(self, digest: str) -> frozenset[str]:
        """Return the clients that are bound to an agreement in force."""
        granted = self.registry.granted.get(digest)
        return frozenset() if granted is None else granted.clients


async def open_world(office: Office) -> World:
    """Read what is in force now, and verify it."""
    moment, registry = await office.desk.registry()
    return World(moment, registry, state_of(office, moment, registry))


def state_of(office: Office, moment: Moment, registry: Registry) -> PolicyState:
    """Return the state in which requests are decided at this epoch."""
    return PolicyState(
        epoch=moment.epoch,
        clients=registry.clients,
        granted=registry.granted,
        suspensions=registry.suspensions,
        catalogue=office.desk.catalogue,
        guardrails=guardrails_of(office.desk, registry),
        tables=Memo(_TABLES),
    )
