"""What a denial says to the partner, and what it says to the operator."""

from datetime import datetime

from gateway.caller import Caller
from gateway.problems import Problem
from gateway.services.grants import alarm
from policies.decide import decide
from policies.decision import Denied
from policies.reasons import Code
from policies.request import AccessRequest
from policies.state import PolicyState

_ALARM = "alarm"
_OF_ONE_REQUEST = frozenset({Code.DATASET, Code.PURPOSE, Code.ELEMENT, Code.DENIED_BY})
"""Denials that speak of what was asked. All others stand against whatever this caller asks."""


def problem_of(denied: Denied) -> Problem:
    """
    Return the answer of a denial: its code, its sentence, and the elements and clause it is about.

    A denial that could not be judged is an alarm for the operator; the partner is not told what went wrong inside.
    """
    facts = dict(denied.facts)
    cause = facts.pop(_ALARM, None)
    if cause is not None:
        alarm("undecided", {"cause": cause})
    if denied.elements:
        return Problem(denied.code, denied.detail, elements=list(denied.elements), **facts)
    return Problem(denied.code, denied.detail, **facts)


def standing_against(state: PolicyState, caller: Caller, now: datetime) -> Denied | None:
    """
    Return why `caller` may be answered nothing at all now, None if nothing stands against it.

    For routes that disclose no rows and so ask for no decision: a stop acts on them as on the others (claim 7).
    """
    held = state.slice_for(caller.client, caller.agreement)
    if isinstance(held, Denied):
        return held
    request = AccessRequest(caller.client, caller.agreement, caller.purpose, next(iter(held.rows)))
    decision = decide(state, request, now)
    return decision if isinstance(decision, Denied) and decision.code not in _OF_ONE_REQUEST else None
