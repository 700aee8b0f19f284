"""What a denial says to the partner, and what it says to the operator."""

from datetime import datetime
from typing import Protocol

from gateway.problems import Problem
from gateway.services.alarms import alarm
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.reasons import NO_AGREEMENT, OF_ONE_REQUEST, Code
from policies.request import AccessRequest, Bearer
from policies.state import PolicyState

_ALARM = "alarm"


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


class Asking(Protocol):
    """Who asks, under what, and what for: a `Caller`, or an entry that tells of one."""

    @property
    def client(self) -> str: ...  # noqa: D102 -- said by `Caller`
    @property
    def agreement(self) -> str: ...  # noqa: D102 -- said by `Caller`
    @property
    def purpose(self) -> str: ...  # noqa: D102 -- said by `Caller`
    @property
    def bearer(self) -> Bearer | None: ...  # noqa: D102 -- said by `Caller`


def permits_of(state: PolicyState, caller: Asking, now: datetime) -> tuple[list[Permit], Denied]:
    """Return a permit for each dataset that `caller` may read now, and what to say if there is none."""
    held = state.slice_for(caller.client, caller.agreement)
    permits: list[Permit] = []
    refusal = held if isinstance(held, Denied) else NO_AGREEMENT
    for dataset in state.names:
        request = AccessRequest(caller.client, caller.agreement, caller.purpose, dataset, bearer=caller.bearer)
        decision = decide(state, request, now)
        if isinstance(decision, Permit):
            permits.append(decision)
        elif decision.code != Code.DATASET:
            refusal = decision
    return permits, refusal


def standing_against(state: PolicyState, caller: Asking, now: datetime) -> Denied | None:
    """
    Return why `caller` may be answered nothing at all now, None if nothing stands against it.

    For routes that disclose no rows and so ask for no decision: a stop acts on them as on the others (claim 7).
    """
    held = state.slice_for(caller.client, caller.agreement)
    if isinstance(held, Denied):
        return held
    dataset = next(iter(held.rows))
    request = AccessRequest(caller.client, caller.agreement, caller.purpose, dataset, bearer=caller.bearer)
    decision = decide(state, request, now)
    return decision if isinstance(decision, Denied) and decision.code not in OF_ONE_REQUEST else None
