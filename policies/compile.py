"""
From one verified agreement to the rules that carry it out: pure, deterministic, and traceable clause by clause.

INVARIANT: rules that allow come from a `VerifiedAgreement` only, each naming the digest of the signed bytes and the
clause in them; clients come from a `VerifiedBinding` to that agreement only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from agreements.accountable import Window
from agreements.canonical import Json, canonical_bytes, digest_of
from agreements.document import Agreement
from agreements.elements import Catalogue
from agreements.in_force import VerifiedAgreement, VerifiedBinding
from policies.denials import denial, guarded, outside
from policies.engine import MODEL_DIGEST, Link
from policies.errors import UncompilableAgreement
from policies.guardrails import Guardrails
from policies.rule import ANY, Effect, Rule, instant
from policies.strictness import require_known
from policies.term import bounds
from policies.zones import PINNED, Zones

UNACCOUNTED: Final = "people:/"
"""The clause of denials to a client for which nobody answers."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A stop in force: a client, a partner (`partner:…`) or an agreement (its digest), by the log entry `entry`."""

    concerns: str
    entry: int

    @property
    def clause(self) -> str:
        """What the denials of this stop name as their origin."""
        return f"log:/{self.entry}"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """
    All rules of one agreement, sorted, the clients linked to its role, and what each clause lets out.

    `digest` also covers the model, the catalogue, the guardrails and the time-zone data: all that a decision rests on.
    """

    agreement: str
    role: str
    rules: tuple[Rule, ...]
    links: tuple[Link, ...]
    released: Mapping[str, str]
    """Clause -> transformation."""
    digest: str


def compile_rules(
    verified: VerifiedAgreement,
    bindings: Iterable[VerifiedBinding],
    catalogue: Catalogue,
    guardrails: Guardrails,
    *,
    suspensions: Iterable[Suspension] = (),
    until: datetime | None = None,
    accountable: Mapping[str, Sequence[Window]] = MappingProxyType({}),
    zones: Zones = PINNED,
) -> Ruleset:
    """
    Compile one agreement for the clients that `bindings` bind to it.

    `until` is the first instant at which it no longer counts, if that is before the end of its own term. `accountable`
    gives, for each client, the instants at which somebody answers for it; at all others it is denied (row D3).

    Raises `UncompilableAgreement`, `UnknownTimeZone` or `MalformedRule`; there is no ruleset with some of its rules.
    """
    agreement = verified.agreement
    clients = _clients(agreement, bindings)
    return rules_of(
        agreement,
        clients,
        catalogue,
        guardrails,
        suspensions=suspensions,
        until=until,
        accountable=accountable,
        zones=zones,
    )


def rules_of(
    agreement: Agreement,
    clients: Iterable[str],
    catalogue: Catalogue,
    guardrails: Guardrails,
    *,
    suspensions: Iterable[Suspension] = (),
    until: datetime | None = None,
    accountable: Mapping[str, Sequence[Window]] = MappingProxyType({}),
    zones: Zones = PINNED,
) -> Ruleset:
    """
    Return what an agreement says as rules, signed or not: what `compile_rules` and a rehearsal have in common.

    Raises as `compile_rules`. INVARIANT: nothing leaves by rules of a document that was not verified; besides
    `compile_rules`, only `policies.rehearsal` calls this, and the reader takes no permit of a rehearsal.
    """
    role = role_of(agreement.digest)
    bound = sorted(set(clients))
    rules = sorted(
        {
            *_grants(agreement, role, catalogue, until, zones),
            *guarded(agreement, role, guardrails),
            *_stops(agreement, role, bound, suspensions),
            *(rule for each in bound for rule in _unaccounted(agreement, each, accountable.get(each, ()))),
        },
        key=lambda rule: rule.order,
    )
    links = tuple((client, role) for client in bound)
    released = {
        line.pointer: require_known(line.transformation) for terms in agreement.datasets for line in terms.elements
    }
    covered: Json = {
        "agreement": agreement.digest,
        "catalogue": catalogue.digest,
        "guardrails": guardrails.digest,
        "links": [list(link) for link in links],
        "model": MODEL_DIGEST,
        "released": dict(released),
        "rules": [list(rule.line) for rule in rules],
        "tzdata": zones.release,
        "v": 1,
    }
    return Ruleset(agreement.digest, role, tuple(rules), links, released, digest_of(canonical_bytes(covered)))


def role_of(agreement: str) -> str:
    """Return the role of an agreement. Typed, so that no subject can be called like a role (hazard 7)."""
    return f"role:agr:{agreement.removeprefix('sha256:')}"


def act_of(purpose: str) -> str:
    """Return what reading for `purpose` is called in rules."""
    return f"read:{purpose}"


def _clients(agreement: Agreement, bindings: Iterable[VerifiedBinding]) -> list[str]:
    clients = set()
    for verified in bindings:
        if verified.agreement != agreement.digest:
            raise UncompilableAgreement("A client is bound to another agreement than the one compiled.")
        clients.add(verified.binding.client)
    return sorted(clients)


def _grants(
    agreement: Agreement, role: str, catalogue: Catalogue, until: datetime | None, zones: Zones
) -> Iterator[Rule]:
    """Allow each listed element, and nothing that is not listed; a framework by itself allows nothing."""
    term = agreement.term
    first, last = bounds(term.first_day, term.last_day, term.time_zone, zones)
    begins, ends = instant(first), instant(last if until is None else min(last, until))
    if agreement.framework or begins >= ends:
        return
    for terms in agreement.datasets:
        known = {element.id for element in catalogue.in_dataset(terms.dataset)}
        for line in terms.elements:
            if line.element not in known:
                raise UncompilableAgreement(f"{line.pointer} names an element that its dataset does not have.")
            yield Rule(
                sub=role,
                agr=agreement.digest,
                obj=terms.dataset,
                fld=line.element,
                act=act_of(agreement.purpose.code),
                nbf=begins,
                exp=ends,
                eft=Effect.ALLOW.value,
                clause=line.pointer,
            )


def _stops(agreement: Agreement, role: str, clients: list[str], suspensions: Iterable[Suspension]) -> Iterator[Rule]:
    """Deny everything to a suspended client, and to everybody under a suspended agreement or partner."""
    for stop in suspensions:
        if stop.concerns in clients:
            yield denial(stop.concerns, ANY, ANY, stop.clause)
        if stop.concerns in {agreement.partner.id, agreement.digest}:
            yield denial(role, agreement.digest, ANY, stop.clause)


def _unaccounted(agreement: Agreement, client: str, windows: Sequence[Window]) -> Iterator[Rule]:
    """Deny everything to a client whenever nobody answers for it (34 CFR 99.33(a)(2), (d))."""
    held = [(instant(window.begins), instant(window.ends)) for window in windows]
    return outside(held, denial(client, agreement.digest, ANY, UNACCOUNTED))
