"""
Why each element of a dataset leaves or does not: all determining clauses, what made it strictest, the nearest miss.

For the district's eyes; what a partner may read of it is in `policies.explain.own`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agreements.elements import Element
from policies.compile import act_of
from policies.decision import Denied
from policies.engine import Question
from policies.reading import Miss, matching, nearest_miss
from policies.rule import Effect, instant
from policies.slice import Slice
from policies.state import PolicyState
from policies.table import Table


@dataclass(frozen=True, slots=True)
class Determining:
    """
    A rule that matched: the agreement it is of (`*` if a client is stopped), its clause and its effect.

    `transformation` is what an allowing clause lets out.
    """

    agreement: str
    clause: str
    effect: str
    transformation: str | None = None


@dataclass(frozen=True, slots=True)
class Barrier:
    """A guardrail of the district that withholds the element, whatever the agreement says."""

    clause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    One element: whether it leaves, all rules that matched, and if none granted it the one that came nearest.

    `strictest` is the clause by which it leaves as `transformation`; both are None if it does not leave.
    """

    element: str
    name: str
    title: str
    leaves: bool
    transformation: str | None
    strictest: str | None
    determining: tuple[Determining, ...]
    barriers: tuple[Barrier, ...]
    nearest: Miss | None

    @property
    def is_covered(self) -> bool:
        """Whether a clause in force grants it, withheld or not."""
        return any(rule.effect == Effect.ALLOW for rule in self.determining)


def explain(
    state: PolicyState, *, client: str, agreement: str, dataset: str, purpose: str, now: datetime
) -> tuple[Explanation, ...] | Denied:
    """
    Explain every catalogued element of `dataset`, in the catalogue's order.

    Returns the denial itself where there is no agreement to explain. Other partners' rules are not in reach.
    """
    table = state.table_for(client, agreement, dataset, purpose, now)
    return table if isinstance(table, Denied) else explain_table(table, now)


def explain_table(table: Table, now: datetime) -> tuple[Explanation, ...]:
    """Explain what Casbin answered at `now`, which lies in the table's segment."""
    return tuple(_explanation(table, element, now) for element in table.held.catalogue.in_dataset(table.dataset))


def _explanation(table: Table, element: Element, now: datetime) -> Explanation:
    held = table.held
    question = Question(
        held.client, held.agreement.digest, table.dataset, element.id, act_of(table.purpose), instant(now)
    )
    determining = tuple(
        Determining(rule.agr, rule.clause, rule.eft, held.released[rule.clause] if rule.eft == Effect.ALLOW else None)
        for rule in matching(held.rules, question, held.links)
    )
    granted = table.granted.get(element.name)
    form = None if granted is None else granted.transformation
    is_covered = any(rule.effect == Effect.ALLOW for rule in determining)
    return Explanation(
        element=element.id,
        name=element.name,
        title=element.title,
        leaves=granted is not None,
        transformation=form,
        strictest=next((rule.clause for rule in determining if form and rule.transformation == form), None),
        determining=determining,
        barriers=_barriers(held, element.id, determining),
        nearest=None if is_covered else nearest_miss(held.rules, question, held.links),
    )


def _barriers(held: Slice, element: str, determining: Iterable[Determining]) -> tuple[Barrier, ...]:
    """Return what withholds the element: by a rule, or if the agreement came to name it."""
    clauses = [rule.clause for rule in determining if rule.clause.startswith("guardrails:/")]
    clauses += [
        barrier.clause for barrier in held.guardrails.closed(held.agreement.basis) if barrier.element == element
    ]
    return tuple(Barrier(clause, held.guardrails.reason(clause)) for clause in dict.fromkeys(clauses))
