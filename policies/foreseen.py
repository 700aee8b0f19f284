"""What the guardrails will deny of an agreement, while it is a draft: for whoever writes it, never for a decision."""

from dataclasses import dataclass

from agreements.document import Agreement
from policies.compile import role_of
from policies.denials import guarded
from policies.guardrails import Guardrails
from policies.rule import ANY, instant
from policies.term import bounds


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One denial to come: of an element, or of everything (None), with its clause in the guardrails and the reason."""

    element: str | None
    clause: str
    reason: str


def foreseen(agreement: Agreement, guardrails: Guardrails) -> tuple[Foreseen, ...]:
    """
    Return what no signature can open within the agreement's term, each clause and element once.

    Raises `MalformedPopulation` or `UnknownTimeZone`.
    """
    first, last = bounds(agreement.term.first_day, agreement.term.last_day, agreement.term.time_zone)
    begins, ends = instant(first), instant(last)
    found = {
        (rule.fld, rule.clause): Foreseen(
            None if rule.fld == ANY else rule.fld, rule.clause, guardrails.reason(rule.clause)
        )
        for rule in guarded(agreement, role_of(agreement.digest), guardrails)
        if rule.nbf < ends and begins < rule.exp
    }
    return tuple(found[key] for key in sorted(found))
