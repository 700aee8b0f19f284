"""What an administrator sees of agreements and clients: where each stands, what it lets leave, whom it covers today."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agreements.document import Agreement, parse_agreement
from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.in_force import VerifiedBinding
from agreements.lifecycle import Standing
from agreements.register import Registered
from gateway.services.compatibility.secrets import live_secrets
from gateway.services.errors import UnknownAgreement
from gateway.services.office import Office
from gateway.services.standing.registry import Registry
from gateway.services.stewardship import Stewardship
from policies.bearer import signed_networks
from policies.state import Granted

UNVERIFIED = "not verified"
"""The standing of a document that is registered, was not terminated, and yet does not verify: nothing leaves by it."""
_ENDED = frozenset({Standing.TERMINATED.value, Standing.CLOSED.value})


@dataclass(frozen=True, slots=True)
class ElementLine:
    """One element that may leave, and as what."""

    dataset: str
    element: str
    name: str
    transformation: str


@dataclass(frozen=True, slots=True)
class SecretLine:
    """A secret of a client: the entry that issued it, and the first instant after its time."""

    entry: int
    ends: datetime


@dataclass(frozen=True, slots=True)
class ClientLine:
    """
    A registered client and its agreements. `suspended_by` is the entry that stopped it, None while nothing does.

    `partner_suspended_by` is the entry that stopped its partner, and so this client too. `compatibility` says that it
    knows only a secret: whoever steals that, or a token, can ask from its networks, and `secrets` are those in use.
    """

    id: str
    name: str
    partner: str
    agreements: tuple[str, ...]
    suspended_by: int | None
    partner_suspended_by: int | None
    bindings: tuple["BindingLine", ...]
    compatibility: bool
    networks: tuple[str, ...]
    secrets: tuple[SecretLine, ...]


@dataclass(frozen=True, slots=True)
class BindingLine:
    """
    One binding of a client. `keys` are the thumbprints that count now; from a `jwks_url`, while they are fresh.

    `last_day` is the last day of the agreement's zone on which it counts, and `days_left` how many are left after
    today; None: as long as the agreement. No `allowed_addresses` means from anywhere.
    """

    document: str
    agreement: str
    keys: tuple[str, ...]
    jwks_url: str | None
    allowed_addresses: tuple[str, ...]
    contacts: tuple[str, ...]
    last_day: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """
    One agreement in a list. `suspended_by` is the entry that a reinstatement has to name.

    `partner_suspended_by` is the entry that stopped its partner: nothing leaves then, whatever its own standing.
    """

    digest: str
    id: str
    version: int
    replaced_by: str | None
    title: str
    district: str
    partner: str
    basis: str
    purpose: str
    first_day: date
    last_day: date
    time_zone: str
    standing: str
    suspended_by: int | None
    partner_suspended_by: int | None
    covered_today: int


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """
    One agreement, whole.

    `words_only` are the pointers to the terms that no rule carries out; `flags` the keys that signed or approved it and
    were revoked later: somebody looks at what they signed. `ended_by` is the entry that ended it for good.
    """

    agreement: AgreementLine
    school_years: Mapping[str, Sequence[str]]
    elements: tuple[ElementLine, ...]
    population: Mapping[str, object]
    cadence: str
    clients: tuple[ClientLine, ...]
    words_only: tuple[str, ...]
    approved_by: str | None
    flags: tuple[str, ...]
    ended_by: int | None


async def agreement_lines(office: Office) -> tuple[AgreementLine, ...]:
    """Return every registered agreement, oldest first. One that cannot even be read is left to the alarms."""
    lines = await uncounted_lines(office)
    covered = await covered_by(office, lines)
    return tuple(replace(line, covered_today=covered[line.digest]) for line in lines)


async def uncounted_lines(office: Office) -> tuple[AgreementLine, ...]:
    """Return as `agreement_lines`, without counting students: for a list of which a part is shown."""
    _, registry = await office.desk.registry()
    stops = {stop.concerns: stop.entry for stop in registry.suspensions}
    readable = [_agreement(registry, each, office.desk.catalogue) for each in registry.register.agreements]
    return tuple(_line(registry, found, stops) for found in readable if found is not None)


async def covered_by(office: Office, lines: Iterable[AgreementLine]) -> Mapping[str, int]:
    """Return how many students each of these covers today, by digest, in one statement."""
    return await Stewardship(office).covered_by({line.digest: line.time_zone for line in lines})


async def agreement_page(office: Office, digest: str) -> AgreementPage:
    """Return one agreement. Raises `UnknownAgreement`."""
    moment, registry = await office.desk.registry()
    each = next((item for item in registry.register.agreements if item.document.digest == digest), None)
    agreement = None if each is None else _agreement(registry, each, office.desk.catalogue)
    if each is None or agreement is None:
        raise UnknownAgreement(f"No agreement {digest} is registered.")
    promised = registry.history.get(digest)
    line = _line(registry, agreement, {stop.concerns: stop.entry for stop in registry.suspensions})
    return AgreementPage(
        agreement=replace(line, covered_today=(await covered_by(office, [line]))[digest]),
        school_years={terms.dataset: terms.school_years for terms in agreement.datasets},
        elements=element_lines(agreement, office.desk.catalogue),
        population=agreement.population,
        cadence=agreement.cadence,
        clients=tuple(line for line in _clients(registry, moment.now) if digest in line.agreements),
        words_only=agreement.words_only,
        approved_by=None if promised is None else promised.verified.approver.key.thumbprint,
        flags=() if promised is None else promised.verified.flags,
        ended_by=next((move.index for move in each.moves if move.status in _ENDED), None),
    )


async def client_lines(office: Office) -> tuple[ClientLine, ...]:
    """Return every client whose binding is in force, suspended ones included."""
    moment, registry = await office.desk.registry()
    return _clients(registry, moment.now)


def element_lines(agreement: Agreement, catalogue: Catalogue) -> tuple[ElementLine, ...]:
    """Return what an agreement lets leave, in its own order."""
    return tuple(
        ElementLine(terms.dataset, line.element, catalogue.element(line.element).name, line.transformation)
        for terms in agreement.datasets
        for line in terms.elements
    )


def _line(registry: Registry, agreement: Agreement, stops: Mapping[str, int]) -> AgreementLine:
    promised = registry.history.get(agreement.digest)
    return AgreementLine(
        digest=agreement.digest,
        id=agreement.id,
        title=agreement.title,
        district=agreement.district.id,
        partner=agreement.partner.id,
        basis=agreement.basis,
        purpose=agreement.purpose.code,
        first_day=agreement.term.first_day,
        last_day=agreement.term.last_day,
        time_zone=agreement.term.time_zone,
        version=agreement.version,
        replaced_by=None if promised is None else promised.replaced_by,
        standing=UNVERIFIED if promised is None else promised.standing.value,
        suspended_by=stops.get(agreement.digest),
        partner_suspended_by=stops.get(agreement.partner.id),
        covered_today=0,  # counted by whoever shows it
    )


def _clients(registry: Registry, now: datetime) -> tuple[ClientLine, ...]:
    stops = {stop.concerns: stop.entry for stop in registry.suspensions}
    bound: dict[str, list[str]] = {}
    networks: dict[str, set[str]] = {}
    for digest, granted in registry.granted.items():
        for client in dict.fromkeys(binding.binding.client for binding in granted.bindings):
            bound.setdefault(client, []).append(digest)
            networks.setdefault(client, set()).update(signed_networks(granted, client))
    return tuple(
        ClientLine(
            id=known.id,
            name=known.name,
            partner=known.partner,
            agreements=tuple(bound[known.id]),
            suspended_by=stops.get(known.id),
            partner_suspended_by=stops.get(known.partner),
            bindings=tuple(
                _binding_line(granted, each, now)
                for granted in registry.granted.values()
                for each in granted.bindings
                if each.binding.client == known.id
            ),
            compatibility=bool(networks[known.id]),
            networks=tuple(sorted(networks[known.id])),
            secrets=tuple(SecretLine(each.entry, each.ends) for each in live_secrets(registry.secrets, known.id, now)),
        )
        for known in registry.clients.values()
    )


def _binding_line(granted: Granted, each: VerifiedBinding, now: datetime) -> BindingLine:
    zone = ZoneInfo(granted.document.term.time_zone)
    last_day = None if each.ends is None else (each.ends - timedelta(microseconds=1)).astimezone(zone).date()
    return BindingLine(
        document=each.digest,
        agreement=granted.document.digest,
        keys=tuple(key.key.thumbprint for key in each.keys) if each.counts_at(now) else (),
        jwks_url=each.binding.jwks_url,
        allowed_addresses=tuple(str(network) for network in each.binding.allowed_addresses),
        contacts=tuple(f"{contact.role}:{contact.mailbox}" for contact in each.binding.contacts),
        last_day=last_day,
        days_left=None if last_day is None else (last_day - now.astimezone(zone).date()).days,
    )


def _agreement(registry: Registry, each: Registered, catalogue: Catalogue) -> Agreement | None:
    """Return an agreement as it was verified; one that does not verify, as far as it can be read."""
    promised = registry.history.get(each.document.digest)
    if promised is not None:
        return promised.verified.agreement
    try:
        return parse_agreement(each.document.envelope.payload, catalogue)
    except AgreementError:
        return None
