"""
What our decisions are compared with: Cedar by cedarpy, and Casbin as its documentation shows it.

Their policies are translated from the documents, not from our rules. Cedar gets its fastest form: policies and entities
parsed once, requests made beforehand, names as structures (as text each call takes a third longer).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import casbin
import cedarpy
from casbin.model import Model
from casbin.persist import Adapter

from agreements.document import Agreement
from policies.compile import act_of, role_of
from policies.engine import Link
from policies.rule import ANY, Rule, instant
from policies.term import bounds
from tests.bench.policy_world import NOW, Question, World

NOTHING = cedarpy.Entities.from_json_str("[]")
NAIVE_MODEL = """
[request_definition]
r = sub, agr, obj, fld, act, now
[policy_definition]
p = sub, agr, obj, fld, act, nbf, exp, eft, clause
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.fld == p.fld && r.act == p.act && r.agr == p.agr && \
r.now >= p.nbf && r.now < p.exp
"""
"""The documentation's order: the role first, then object and action, and here what an agreement adds to them."""


def cedar_request(question: Question) -> dict[str, Any]:
    """Return a question in Cedar's words."""
    return {
        "principal": {"type": "Client", "id": question.client},
        "action": {"type": "Action", "id": act_of(question.purpose)},
        "resource": {"type": "Element", "id": f"{question.dataset}/{question.element.id}"},
        "context": {"agreement": question.agreement, "now": int(NOW.timestamp())},
    }


@dataclass(frozen=True, slots=True)
class CedarBatch:
    """Many questions under one policy set, and what the documents answer."""

    requests: list[dict[str, Any]]
    policies: cedarpy.PolicySet
    answers: list[bool]


def cedar_batch(questions: Sequence[Question], policies: cedarpy.PolicySet) -> CedarBatch:
    """Return questions as Cedar is asked them all at once."""
    return CedarBatch(
        [cedar_request(each) for each in questions], policies, [question.allowed for question in questions]
    )


def batch_is_right(batch: CedarBatch) -> bool:
    """Ask Cedar, and say whether it answers what the documents do."""
    found = cedarpy.is_authorized_batch(batch.requests, batch.policies, NOTHING)
    return [each.allowed for each in found] == batch.answers


def cedar_text(agreement: Agreement, client: str) -> str:
    """Return an agreement as Cedar policies, one permit an element."""
    return "\n".join(
        f"{_head(agreement, client)}, resource == {resource}) when {{ {_term(agreement)} }};"
        for resource in _resources(agreement)
    )


def cedar_line(agreement: Agreement, client: str) -> str:
    """Return an agreement as one Cedar permit that lists its elements."""
    listed = ", ".join(_resources(agreement))
    return f"{_head(agreement, client)}, resource) when {{ {_term(agreement)} && [{listed}].contains(resource) }};"


def sliced(world: World) -> list[cedarpy.PolicySet]:
    """Return one parsed policy set an agreement."""
    return [
        cedarpy.PolicySet.from_str(cedar_text(agreement, client))
        for agreement, client in zip(world.agreements, world.clients, strict=True)
    ]


def in_one_set(world: World) -> cedarpy.PolicySet:
    """Return all agreements in one parsed policy set, a permit each."""
    lines = (cedar_line(agreement, client) for agreement, client in zip(world.agreements, world.clients, strict=True))
    return cedarpy.PolicySet.from_str("\n".join(lines))


def naive_casbin(world: World) -> casbin.Enforcer:
    """Return the stock enforcer with the rules of all agreements, as its documentation shows it."""
    lines, links = [], []
    for agreement, client in zip(world.agreements, world.clients, strict=True):
        role, act = role_of(agreement.digest), act_of(agreement.purpose.code)
        first, last = (instant(edge) for edge in _bounds(agreement))
        links.append([client, role])
        for dataset, element in _named(agreement):
            lines.append([role, agreement.digest, dataset, element, act, first, last, "allow", "-"])
    return _stock(NAIVE_MODEL, lines, links)


def stock_casbin(rules: Iterable[Rule], links: Iterable[Link], dataset: str) -> casbin.Enforcer:
    """Return the stock enforcer with our model and the rules of one slice that concern `dataset`."""
    lines = [list(rule.line) for rule in rules if rule.obj in {dataset, ANY}]
    return _stock(files("policies").joinpath("model.conf").read_text("utf-8"), lines, [list(link) for link in links])


def stock_request(question: Question) -> tuple[str, ...]:
    """Return a question in the order of both models."""
    act, at = act_of(question.purpose), instant(NOW)
    return (question.client, question.agreement, question.dataset, question.element.id, act, at)


def _stock(text: str, lines: list[list[str]], links: list[list[str]]) -> casbin.Enforcer:
    model = Model()
    model.load_model_from_text(text)
    return casbin.Enforcer(model, _Lines(lines, links))


class _Lines(Adapter):  # type: ignore[misc] # casbin has no types
    """Hands the lines over as they are: adding them one by one takes a time that grows with their square."""

    def __init__(self, lines: list[list[str]], links: list[list[str]]) -> None:
        self._lines, self._links = lines, links

    def load_policy(self, model: Model) -> None:
        model["p"]["p"].policy.extend(self._lines)
        model["g"]["g"].policy.extend(self._links)


def _head(agreement: Agreement, client: str) -> str:
    return f'permit(principal == Client::"{client}", action == Action::"{act_of(agreement.purpose.code)}"'


def _term(agreement: Agreement) -> str:
    first, last = (int(edge.timestamp()) for edge in _bounds(agreement))
    return f'context.agreement == "{agreement.digest}" && context.now >= {first} && context.now < {last}'


def _bounds(agreement: Agreement) -> Sequence[Any]:
    term = agreement.term
    return bounds(term.first_day, term.last_day, term.time_zone)


def _named(agreement: Agreement) -> Iterable[tuple[str, str]]:
    return ((terms.dataset, line.element) for terms in agreement.datasets for line in terms.elements)


def _resources(agreement: Agreement) -> list[str]:
    return [f'Element::"{dataset}/{element}"' for dataset, element in _named(agreement)]
