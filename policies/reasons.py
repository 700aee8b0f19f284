"""
Why a request is refused, in a fixed order, in sentences for the partner.

A sentence speaks of the partner's own agreement and of guardrails that are the same for everyone; never of another
agreement, of other clients or of students.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from policies.compile import UNACCOUNTED
from policies.decision import Denied
from policies.engine import Question
from policies.reading import matching
from policies.rule import Effect, Rule, instant
from policies.slice import Slice


class Code(StrEnum):
    """The stable codes of denials, in the order in which they are looked for."""

    UNKNOWN_CLIENT = "unknown_client"
    SUSPENDED = "suspended"
    NO_AGREEMENT = "no_agreement"
    NOT_YET_VALID = "agreement_not_yet_valid"
    EXPIRED = "agreement_expired"
    NO_RESPONSIBLE_PERSON = "no_responsible_person"
    BEARER = "bearer_not_covered"
    ADDRESS = "address_not_covered"
    DATASET = "dataset_not_covered"
    PURPOSE = "purpose_not_covered"
    ELEMENT = "element_not_covered"
    DENIED_BY = "denied_by"


OF_ONE_REQUEST: Final = frozenset({Code.DATASET, Code.PURPOSE, Code.ELEMENT, Code.DENIED_BY})
"""Denials that speak of what was asked. All others stand against whatever this caller asks."""

_IF_ENDED: Final = "Ask the district. If the agreement was ended, what it says about destruction applies now."
UNKNOWN_CLIENT = Denied(Code.UNKNOWN_CLIENT, f"No agreement in force names this client. {_IF_ENDED}")
NO_AGREEMENT = Denied(Code.NO_AGREEMENT, f"This agreement is not in force, or does not name this client. {_IF_ENDED}")


def suspended(clause: str) -> Denied:
    """Return the denial of a stop."""
    detail = (
        "Access is suspended, and a new token does not change that. Stop asking; call the district's privacy office."
    )
    return Denied(Code.SUSPENDED, detail, facts={"clause": clause})


MEMORY_DIFFERS: Final = "memory_differs"
"""The alarm of an answer that was remembered otherwise than the rules give it."""


def alarmed(alarm: str) -> Denied:
    """Return the denial of a question that could not be judged. `facts["alarm"]` wants somebody's attention."""
    detail = "The request could not be judged, so it is refused. The district has been told."
    return Denied(Code.DENIED_BY, detail, facts={"alarm": alarm, "clause": "engine:/"})


def whole(held: Slice, dataset: str, question: Question) -> Denied | None:
    """
    Return why nothing of `dataset` can leave, whatever the element; None if it depends on the element.

    `question` names no element (`*`): only rules about everything can match it.
    """
    return next(all_of_it(held, dataset, question), None)


def all_of_it(held: Slice, dataset: str, question: Question) -> Iterator[Denied]:
    """Yield everything that stands against all of `dataset`, in the order of `Code`; arguments as `whole`."""
    # (1): a stop concerns everything at once, so it matches whatever the element.
    matched = matching(held.rules, question, held.links)
    for clause in dict.fromkeys(rule.clause for rule in matched if rule.clause.startswith("log:/")):
        yield suspended(clause)
    # (2): is there an agreement for this client at all?
    grants: Sequence[Rule] = [rule for rule in held.rules if rule.eft == Effect.ALLOW]
    if not grants:
        yield NO_AGREEMENT
        return
    # (3): is it in force? What it says of datasets and purposes is judged all the same.
    current = [rule for rule in grants if rule.holds_at(question.now)]
    if not current:
        yield _out_of_term(held, grants, question.now)
    # (4): does somebody answer for the client now?
    if any(rule.clause == UNACCOUNTED for rule in matched):
        yield Denied(
            Code.NO_RESPONSIBLE_PERSON,
            "Nobody answers for this client now: its responsible person must be on the partner's list of people, be "
            "trained, and have accepted the limits of the agreement for this school year.",
            facts={"clause": UNACCOUNTED, "agreement": held.agreement.digest},
        )
    # (5): the dataset, then the purpose.
    yield from _outside(held, dataset, question, current or grants)
    # (6): does the district rule out the whole agreement?
    barred = next((rule.clause for rule in matched if rule.clause.startswith("guardrails:/")), None)
    if barred is not None:
        yield denied_by((), barred, held.guardrails.reason(barred))


def _outside(held: Slice, dataset: str, question: Question, grants: Sequence[Rule]) -> Iterator[Denied]:
    """Yield why the dataset, and the purpose, are not what was signed."""
    of_dataset = [rule for rule in grants if rule.obj == dataset]
    if not of_dataset:
        covered = ", ".join(held.rows)
        yield Denied(
            Code.DATASET,
            f"The agreement does not cover the dataset {dataset}; it covers {covered}.",
            facts={"clause": "/datasets", "agreement": held.agreement.digest},
        )
    if not any(rule.act == question.act for rule in of_dataset or grants):
        signed = held.agreement.purpose.code
        yield Denied(
            Code.PURPOSE,
            f"The agreement was signed for the purpose {signed} and for no other.",
            facts={"clause": "/purpose/code", "agreement": held.agreement.digest},
        )


def _out_of_term(held: Slice, grants: Sequence[Rule], now: str) -> Denied:
    later = [rule.nbf for rule in grants if now < rule.nbf]
    if later:
        return Denied(
            Code.NOT_YET_VALID,
            f"The agreement is in force from {min(later)}.",
            facts={"clause": "/term/first_day", "nbf": min(later)},
        )
    ended = max(rule.exp for rule in grants)
    # Whoever is told that it is over, and no more, destroys what the next version lets them keep.
    early = ended < instant(held.agreement.term.ends)
    what = (
        "before its last day: a later version of it took over, for which you need a token of its own, or the agreement "
        "that it narrows is over."
        if early
        else "with its term. What it says about destruction applies now."
    )
    return Denied(
        Code.EXPIRED, f"The agreement ended at {ended}, {what}", facts={"clause": "/term/last_day", "exp": ended}
    )


def not_covered(held: Slice, dataset: str, names: tuple[str, ...]) -> Denied:
    """Return the denial that names what the agreement does not cover, and where its list of elements stands."""
    place = next(terms.pointer for terms in held.agreement.datasets if terms.dataset == dataset) + "/elements"
    detail = (
        f"The agreement does not cover {', '.join(names)}. Its list of elements is at {place}; an amendment signed by "
        "both parties can extend it."
    )
    return Denied(Code.ELEMENT, detail, names, {"clause": place, "agreement": held.agreement.digest})


def denied_by(names: tuple[str, ...], clause: str, reason: str) -> Denied:
    """Return the denial of elements, or of everything (no names), that something stronger withholds."""
    said = f"{', '.join(names)}: {reason}" if names else f"Nothing can leave under this agreement. {reason}"
    return Denied(Code.DENIED_BY, said, names, {"clause": clause})
