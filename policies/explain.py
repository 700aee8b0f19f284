"""
Why each element of a dataset leaves or does not: the determining clauses, and the nearest miss.

For the district's eyes and the decision record; a partner is told the code and its own clause (`policies.reasons`).
"""

from dataclasses import dataclass
from datetime import datetime

from policies.compile import act_of
from policies.decision import Denied
from policies.engine import Question
from policies.reading import Miss, matching, nearest_miss
from policies.rule import instant
from policies.slice import Slice
from policies.state import PolicyState


@dataclass(frozen=True, slots=True)
class Determining:
    """A rule that matched: the agreement it is of (`*` if a client is stopped), its clause and its effect."""

    agreement: str
    clause: str
    effect: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One element: whether it leaves, all rules that matched, and if none granted it the one that came nearest."""

    element: str
    name: str
    leaves: bool
    determining: tuple[Determining, ...]
    nearest: Miss | None


def explain(
    state: PolicyState, *, client: str, agreement: str, dataset: str, purpose: str, now: datetime
) -> tuple[Explanation, ...] | Denied:
    """
    Explain every catalogued element of `dataset`, in the catalogue's order.

    Returns the denial itself where there is no agreement to explain. Other partners' rules are not in reach.
    """
    table = state.table_for(client, agreement, dataset, purpose, now)
    if isinstance(table, Denied):
        return table
    held = table.held
    return tuple(
        _explanation(
            held,
            element.name,
            Question(held.client, held.agreement.digest, dataset, element.id, act_of(purpose), instant(now)),
            leaves=element.name in table.granted,
        )
        for element in held.catalogue.in_dataset(dataset)
    )


def _explanation(held: Slice, name: str, question: Question, *, leaves: bool) -> Explanation:
    rules = matching(held.rules, question, held.links)
    determining = tuple(Determining(rule.agr, rule.clause, rule.eft) for rule in rules)
    granted = any(rule.effect == "allow" for rule in determining)
    nearest = None if granted else nearest_miss(held.rules, question, held.links)
    return Explanation(question.fld, name, leaves, determining, nearest)
