"""What a denial says to the partner, and what it says to the operator."""

from gateway.problems import Problem
from gateway.services.grants import alarm
from policies.decision import Denied

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
