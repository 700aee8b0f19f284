"""
From one verified emergency order to the rules that carry it out (34 CFR 99.36): pure, and traceable clause by clause.

INVARIANT: rules that allow come from a `VerifiedEmergencyOrder` only. An order overrides no guardrail: what is never
shared stays so, and a statute gate opens only if it names the basis `health_safety_emergency`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agreements.basis import Basis
from agreements.canonical import Json, canonical_bytes, digest_of
from agreements.elements import DATASETS, Catalogue, Transformation
from agreements.emergencies import VerifiedEmergencyOrder
from agreements.pointer import pointer
from policies.compile import Ruleset, act_of
from policies.denials import denial
from policies.engine import MODEL_DIGEST
from policies.guardrails import Guardrails
from policies.rule import ANY, Effect, Rule, instant

BASIS: Final = Basis.HEALTH_SAFETY_EMERGENCY.value
ACT: Final = act_of("emergency")
"""What handing over records by an order is called in rules."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an order before its hours were over, by the log entry `entry`. Nothing undoes it."""

    entry: int

    @property
    def clause(self) -> str:
        """What the denials of this end name as their origin."""
        return f"log:/{self.entry}"


def compile_order(
    order: VerifiedEmergencyOrder, catalogue: Catalogue, guardrails: Guardrails, *, ended: Ended | None = None
) -> Ruleset:
    """
    Compile an order for each of its recipients. Elements leave exactly as they are.

    Raises `MalformedRule`; there is no ruleset with some of its rules.
    """
    role = f"role:emg:{_hex(order)}"
    rules = sorted(
        {*_grants(order, role, catalogue), *_barriers(order, role, guardrails), *_end(order, role, ended)},
        key=lambda rule: rule.order,
    )
    links = tuple((recipient_of(order, place), role) for place in range(len(order.order.recipients)))
    released = {_clause(place): Transformation.EXACT.value for place in range(len(order.order.elements))}
    covered: Json = {
        "catalogue": catalogue.digest,
        "guardrails": guardrails.digest,
        "links": [list(link) for link in links],
        "model": MODEL_DIGEST,
        "order": order.digest,
        "released": dict(released),
        "rules": [list(rule.line) for rule in rules],
        "v": 1,
    }
    digest = digest_of(canonical_bytes(covered))
    return Ruleset(order.digest, role, tuple(rules), links, MappingProxyType(released), digest)


def recipient_of(order: VerifiedEmergencyOrder, place: int) -> str:
    """Return what the recipient at this place of an order is called in rules: a place, never a name."""
    return f"recipient:{_hex(order)}:{place}"


def _grants(order: VerifiedEmergencyOrder, role: str, catalogue: Catalogue) -> Iterator[Rule]:
    """Allow each listed element in each dataset that has it, while the order stands."""
    begins, ends = (instant(edge) for edge in order.window)
    if begins >= ends:
        return
    for place, element in enumerate(order.order.elements):
        for dataset in DATASETS:
            if dataset in catalogue.element(element).datasets:
                effect = Effect.ALLOW.value
                yield Rule(role, order.digest, dataset, element, ACT, begins, ends, effect, _clause(place))


def _barriers(order: VerifiedEmergencyOrder, role: str, guardrails: Guardrails) -> Iterator[Rule]:
    """Deny what the district withholds even in an emergency."""
    for barrier in guardrails.closed(BASIS):
        if barrier.element in order.order.elements:
            yield denial(role, order.digest, barrier.element, barrier.clause)


def _end(order: VerifiedEmergencyOrder, role: str, ended: Ended | None) -> Iterator[Rule]:
    if ended is not None:
        yield denial(role, order.digest, ANY, ended.clause)


def _clause(place: int) -> str:
    return pointer("elements", place)


def _hex(order: VerifiedEmergencyOrder) -> str:
    return order.digest.removeprefix("sha256:")
