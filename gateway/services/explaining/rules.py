"""The rules of an agreement as they are compiled: each with its clause, what it lets out, when, and what bars it."""

from collections.abc import Iterator
from dataclasses import dataclass

from agreements.document import Agreement
from agreements.elements import Catalogue
from gateway.services.explaining.world import World
from policies.compile import Ruleset
from policies.expectations.running import BOUND
from policies.guardrails import Guardrails
from policies.rehearsal import Rehearsed
from policies.rule import Effect, Rule


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One element of one dataset: in force from `nbf` until just before `exp`, unless something bars it."""

    dataset: str
    element: str
    name: str
    title: str
    clause: str
    transformation: str
    nbf: str
    exp: str
    barred_by: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A denial of everything: a stop, or a client for which nobody answers."""

    subject: str
    clause: str
    nbf: str
    exp: str


@dataclass(frozen=True, slots=True)
class RulesShown:
    """The rules of one agreement; `in_force` is False for a draft, which has no client and grants nothing."""

    agreement: str
    id: str
    version: int
    title: str
    basis: str
    purpose: str
    in_force: bool
    clients: tuple[str, ...]
    ruleset: str
    population: dict[str, object]
    lines: tuple[GrantLine, ...]
    bars: tuple[Bar, ...]


def draft_rules(draft: Agreement, catalogue: Catalogue, guardrails: Guardrails) -> RulesShown:
    """Return the rules that a draft would have. Raises as compiling does."""
    rehearsed = Rehearsed(draft, frozenset({BOUND}))
    ruleset = rehearsed.compile(catalogue, guardrails, ())
    return _shown(draft, ruleset, catalogue, guardrails, clients=(), in_force=False)


def rules_in_force(world: World, agreement: str | None, guardrails: Guardrails) -> tuple[RulesShown, ...]:
    """Return the rules of what is in force, suspended or not: all of it, or what `agreement` names."""
    found = []
    for promised in world.named(agreement, None, None):
        granted = world.registry.granted.get(promised.verified.agreement.digest)
        if granted is not None:
            ruleset = granted.compile(world.state.catalogue, guardrails, world.registry.suspensions)
            clients = tuple(sorted(granted.clients))
            found.append(
                _shown(granted.document, ruleset, world.state.catalogue, guardrails, clients=clients, in_force=True)
            )
    return tuple(found)


def _shown(
    agreement: Agreement,
    ruleset: Ruleset,
    catalogue: Catalogue,
    guardrails: Guardrails,
    *,
    clients: tuple[str, ...],
    in_force: bool,
) -> RulesShown:
    return RulesShown(
        agreement=agreement.digest,
        id=agreement.id,
        version=agreement.version,
        title=agreement.title,
        basis=agreement.basis,
        purpose=agreement.purpose.code,
        in_force=in_force,
        clients=clients,
        ruleset=ruleset.digest,
        population=dict(agreement.population),
        lines=tuple(_lines(ruleset, catalogue, guardrails)),
        bars=tuple(Bar(rule.sub, rule.clause, rule.nbf, rule.exp) for rule in ruleset.rules if _bars_everything(rule)),
    )


def _lines(ruleset: Ruleset, catalogue: Catalogue, guardrails: Guardrails) -> Iterator[GrantLine]:
    for rule in ruleset.rules:
        if rule.eft != Effect.ALLOW:
            continue
        element = catalogue.element(rule.fld)
        barred = tuple(each.clause for each in ruleset.rules if each.eft == Effect.DENY and each.fld == rule.fld)
        yield GrantLine(
            dataset=rule.obj,
            element=rule.fld,
            name=element.name,
            title=element.title,
            clause=rule.clause,
            transformation=ruleset.released[rule.clause],
            nbf=rule.nbf,
            exp=rule.exp,
            barred_by=barred,
            reasons=tuple(guardrails.reason(clause) for clause in barred),
        )


def _bars_everything(rule: Rule) -> bool:
    return rule.eft == Effect.DENY and rule.fld == "*"
