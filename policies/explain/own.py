"""
What a partner may read of an explanation: its own clauses, and guardrails that are the same for everyone.

INVARIANT: nothing of another agreement, of other clients, of entries of the log or of what went wrong inside is left
(claim 8).
"""

from collections.abc import Iterable
from dataclasses import replace

from policies.compile import UNACCOUNTED
from policies.decision import Denied
from policies.explain.elements import Determining, Explanation
from policies.explain.request import RequestExplained
from policies.reasons import Code

_FACTS = ("agreement", "clause", "exp", "nbf")
_UNTOLD = frozenset({Code.UNKNOWN_CLIENT, Code.NO_AGREEMENT})
"""Behind these nothing is told: whether such an agreement exists is not the client's to know."""


def for_partner(explained: RequestExplained) -> RequestExplained:
    """Return the explanation as the client's own partner may read it."""
    own = explained.request.agreement
    if any(denial.code in _UNTOLD for denial in explained.reasons):
        first = _own_denial(explained.reasons[0], own)
        return replace(
            explained,
            decision=first,
            reasons=(first,),
            elements=(),
            ruleset=None,
            valid_from=None,
            valid_until=None,
        )
    decision = explained.decision
    return replace(
        explained,
        decision=_own_denial(decision, own) if isinstance(decision, Denied) else decision,
        reasons=tuple(_once(_own_denial(denial, own) for denial in explained.reasons)),
        elements=tuple(_own_element(each, own) for each in explained.elements),
        ruleset=None,
    )


def _own_denial(denied: Denied, agreement: str) -> Denied:
    facts = {name: value for name, value in denied.facts.items() if name in _FACTS}
    if facts.get("agreement", agreement) != agreement or not _is_own(facts.get("clause", "/")):
        facts.pop("agreement", None)
        facts.pop("clause", None)
    return replace(denied, facts=facts)


def _own_element(explained: Explanation, agreement: str) -> Explanation:
    nearest = explained.nearest
    return replace(
        explained,
        determining=tuple(rule for rule in explained.determining if _may_be_told(rule, agreement)),
        nearest=nearest if nearest is not None and nearest.agreement == agreement else None,
    )


def _may_be_told(rule: Determining, agreement: str) -> bool:
    return rule.agreement == agreement and _is_own(rule.clause)


def _is_own(clause: str) -> bool:
    return clause.startswith(("/", "guardrails:/")) or clause == UNACCOUNTED


def _once(denials: Iterable[Denied]) -> list[Denied]:
    """Return each denial once: two stops read the same without the entries that made them."""
    found: list[Denied] = []
    for each in denials:
        if each not in found:
            found.append(each)
    return found
