"""
Why a request is permitted or denied: everything that stands against it, not only the first, and until when that holds.

INVARIANT: the verdict is the one of `policies.decide`; this file explains it and never makes another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agreements.elements import Transformation
from policies.compile import act_of
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.engine import Question
from policies.explain.elements import Explanation, explain_table
from policies.reasons import NO_AGREEMENT, Code, all_of_it, denied_by, not_covered
from policies.request import AccessRequest
from policies.rule import ANY, Effect, instant
from policies.slice import Slice
from policies.state import PolicyState
from policies.strictness import HIDDEN, strictest
from policies.table import Table

_ORDER: Final = {code: place for place, code in enumerate(Code)}


@dataclass(frozen=True, slots=True)
class RequestExplained:
    """
    One request at one instant: the decision, all that stands against it in the order of `Code`, and each element asked.

    `reasons` is empty exactly if the decision is a permit. The answer holds from `valid_from` until just before
    `valid_until`; both are None where no agreement names the client.
    """

    request: AccessRequest
    now: datetime
    decision: Permit | Denied
    reasons: tuple[Denied, ...]
    elements: tuple[Explanation, ...]
    ruleset: str | None
    valid_from: datetime | None
    valid_until: datetime | None

    @property
    def permitted(self) -> bool:
        """Whether the request is permitted."""
        return isinstance(self.decision, Permit)


def explain_request(state: PolicyState, request: AccessRequest, now: datetime) -> RequestExplained:
    """Explain what `policies.decide` says of `request` at `now`. Raises as it does."""
    decision = decide(state, request, now)
    table = state.table_for(request.client, request.agreement, request.dataset, request.purpose, now)
    if isinstance(table, Denied):
        return RequestExplained(request, now, decision, _without_rules(table), (), None, None, None)
    every = explain_table(table, now)
    names = _named(request)
    return RequestExplained(
        request=request,
        now=now,
        decision=decision,
        reasons=() if isinstance(decision, Permit) else _reasons(table, request, now, decision),
        elements=every if request.elements is None else tuple(each for each in every if each.name in names),
        ruleset=table.held.digest,
        valid_from=table.valid_from,
        valid_until=table.valid_until,
    )


def _named(request: AccessRequest) -> tuple[str, ...]:
    """Return all names the request speaks of, each once: asked, filtered on, sorted by."""
    sort = () if request.sort is None else (request.sort,)
    return tuple(dict.fromkeys((*(request.elements or ()), *request.filters, *sort)))


def _without_rules(denied: Denied) -> tuple[Denied, ...]:
    """Return what stands against a client without rules: the denial, and that no agreement names it."""
    return (denied, NO_AGREEMENT) if denied.code in {Code.UNKNOWN_CLIENT, Code.SUSPENDED} else (denied,)


def _reasons(table: Table, request: AccessRequest, now: datetime, decision: Denied) -> tuple[Denied, ...]:
    if "alarm" in decision.facts:
        # Where one answer cannot be trusted, nothing else that was computed is said.
        return (decision,)
    held = table.held
    question = Question(held.client, held.agreement.digest, request.dataset, ANY, act_of(request.purpose), instant(now))
    found = [*all_of_it(held, request.dataset, question), *_of_elements(held, request)]
    if decision.code not in {each.code for each in found}:
        found.append(decision)
    return tuple(sorted(found, key=lambda each: _ORDER[Code(each.code)]))


def _of_elements(held: Slice, request: AccessRequest) -> Iterator[Denied]:
    """Yield what is not covered, and then, clause by clause, what is withheld though it is covered."""
    if request.dataset not in held.rows or not any(rule.eft == Effect.ALLOW for rule in held.rules):
        return
    forms = _forms(held, request.dataset)
    ids = {element.name: element.id for element in held.catalogue.in_dataset(request.dataset)}
    withheld = {name: _denials(held, element) for name, element in ids.items()}
    names = _named(request)
    if request.elements is None and all(withheld[name] for name in ids if ids[name] in forms):
        # Who asks for everything granted is not refused for what is withheld of it, unless that is all of it.
        names = tuple(name for name in ids if ids[name] in forms or name in names)
    used = {*request.filters, *(() if request.sort is None else (request.sort,))}
    missing = tuple(name for name in names if ids[name] not in forms or (name in used and forms[ids[name]] in HIDDEN))
    if missing:
        yield not_covered(held, request.dataset, missing)
    by_clause: dict[str, list[str]] = {}
    for name in names:
        for clause in withheld[name] if name not in missing else ():
            by_clause.setdefault(clause, []).append(name)
    for clause, named in by_clause.items():
        yield denied_by(tuple(named), clause, held.guardrails.reason(clause))


def _denials(held: Slice, element: str) -> tuple[str, ...]:
    """Return the clauses that withhold just this element; what stands against everything is said apart."""
    return tuple(rule.clause for rule in held.rules if rule.eft == Effect.DENY and rule.fld == element)


def _forms(held: Slice, dataset: str) -> dict[str, str]:
    """Return the strictest form of each element that the agreement lets out of `dataset`, in force now or not."""
    granted: dict[str, list[str]] = {}
    for rule in held.rules:
        if rule.eft == Effect.ALLOW and rule.obj == dataset:
            granted.setdefault(rule.fld, []).append(held.released[rule.clause])
    found = {element: strictest(forms) for element, forms in granted.items()}
    # A clause that drops a column covers nothing of it.
    return {element: form for element, form in found.items() if form != Transformation.DROP}
