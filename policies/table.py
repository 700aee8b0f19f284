"""
The cold path: Casbin is asked about every catalogued element of a dataset, once for each stretch of time.

What is kept is a table of Casbin's answers. INVARIANT: an element is in `granted` only if Casbin allowed it and an
independent reading of the same rules says so too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agreements.elements import Transformation
from policies.compile import act_of
from policies.decision import Denied, GrantedField, Permit
from policies.engine import Question, Verdict
from policies.reading import matching
from policies.reasons import alarmed, whole
from policies.rule import ANY, Effect, Rule, instant
from policies.slice import Slice
from policies.strictness import strictest

Asked = tuple[tuple[str, ...] | None, tuple[str, ...], str | None]
"""Elements, names of filters, sort: all of a request that a decision within one table depends on."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """An element that does not leave: withheld by `clause`, though the agreement covers it; not covered if empty."""

    clause: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Casbin's answers for one dataset and purpose while time lies in one segment."""

    held: Slice
    dataset: str
    purpose: str
    valid_from: datetime
    valid_until: datetime
    granted: Mapping[str, GrantedField]
    """Wire name -> field, in the catalogue's order."""
    withheld: Mapping[str, Withheld]
    refusal: Denied | None
    """Why nothing leaves, if that does not depend on the elements asked."""
    decisions: dict[Asked, Permit | Denied] = field(default_factory=dict, repr=False, compare=False)
    """Decisions already made from this table; owned by `policies.decide`, which bounds it."""


def build_table(held: Slice, dataset: str, purpose: str, now: datetime) -> Table:
    """Ask Casbin about every element of `dataset`. Raises `PolicyError` if no engine can be built."""
    engine = held.engine(dataset)
    at = instant(now)
    granted: dict[str, GrantedField] = {}
    withheld: dict[str, Withheld] = {}
    alarm: str | None = None
    refusal = whole(held, dataset, Question(held.client, held.agreement.digest, dataset, ANY, act_of(purpose), at))
    for element in held.catalogue.in_dataset(dataset):
        question = Question(held.client, held.agreement.digest, dataset, element.id, act_of(purpose), at)
        verdict = engine.ask(question)
        rules = matching(held.rules, question, held.links)
        alarm = alarm or verdict.alarm or _disagreement(verdict, rules)
        allowing = [rule for rule in rules if rule.eft == Effect.ALLOW]
        denying = [rule for rule in rules if rule.eft == Effect.DENY]
        if not verdict.allowed:
            withheld[element.name] = Withheld(denying[0].clause if allowing and denying else "")
            continue
        clauses = tuple(rule.clause for rule in allowing)
        transformation = strictest(held.released[clause] for clause in clauses)
        if transformation == Transformation.DROP:
            # A clause that drops a column covers nothing of it.
            withheld[element.name] = Withheld()
            continue
        codes = held.guardrails.codes.leaving(element.id, held.agreement.basis)
        granted[element.name] = GrantedField(element.id, element.name, transformation, clauses, codes)
    if alarm is not None:
        # One answer that cannot be trusted spoils the table: nothing leaves.
        granted, refusal = {}, alarmed(alarm)
    return Table(held, dataset, purpose, *held.bounds(held.segment(now)), granted, withheld, refusal)


def _disagreement(verdict: Verdict, rules: tuple[Rule, ...]) -> str | None:
    """Return an alarm if Casbin's answer is not the one that the rules, read by us, give."""
    effects = {rule.eft for rule in rules}
    if verdict.allowed != (effects == {Effect.ALLOW}):
        return "readings_differ"
    if verdict.line and verdict.line not in {rule.line for rule in rules}:
        return "rule_not_determining"
    return None
