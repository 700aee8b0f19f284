"""
Grants that can never matter from an instant on, each with why, and proved by taking it away.

A grant matters if, for some client and stretch of time, the answer to its question is another one without it. So each
grant is taken away in turn, and Casbin is asked every question that it bears on with it and without it. INVARIANT: what
is called dead here changed no answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agreements.elements import Transformation
from policies.analyse.obtained import grants_of, stretches
from policies.compile import UNACCOUNTED
from policies.decision import Denied
from policies.engine import Engine, Question
from policies.reading import matching
from policies.rule import ANY, Effect, Rule, instant
from policies.slice import Slice
from policies.state import PolicyState, Promise
from policies.strictness import strictest


class Why(StrEnum):
    """Why nothing comes of it, in the order in which it is looked for."""

    FRAMEWORK = "framework"
    NO_CLIENT = "no_client"
    NO_WINDOW = "no_window"
    OVER = "over"
    STOPPED = "stopped"
    UNANSWERED = "unanswered"
    WITHHELD = "withheld"
    DROPPED = "dropped"
    NEVER_STRICTEST = "never_strictest"


@dataclass(frozen=True, slots=True)
class Dead:
    """
    What can never matter: one clause, or with an empty `clause` all of an agreement, for all clients or for one.

    `by` is what stands in its way, where that is a clause of its own; `questions` is how many were asked without it.
    """

    agreement: str
    line: str
    why: Why
    client: str | None = None
    clause: str = ""
    element: str = ""
    by: str = ""
    questions: int = 0


def dead(state: PolicyState, since: datetime) -> Iterator[Dead]:
    """
    Yield everything in force that can never matter from `since` on, agreement by agreement.

    Denials are not judged: a stop or a guardrail that is not needed today may be all that holds tomorrow.
    """
    for digest, promise in sorted(state.promises.items()):
        document = promise.document
        held = [each for client in sorted(promise.clients) if (each := _slice(state, client, digest)) is not None]
        if document.framework or not held:
            yield Dead(digest, document.id, Why.FRAMEWORK if document.framework else Why.NO_CLIENT)
        elif not grants_of(held[0]):
            yield Dead(digest, document.id, Why.NO_WINDOW)
        elif all(instant(since) >= rule.exp for rule in grants_of(held[0])):
            yield Dead(digest, document.id, Why.OVER)
        else:
            yield from _of_promise(promise, held, since)


def _slice(state: PolicyState, client: str, agreement: str) -> Slice | None:
    held = state.slice_for(client, agreement)
    return None if isinstance(held, Denied) else held


def _of_promise(promise: Promise, held: list[Slice], since: datetime) -> Iterator[Dead]:
    document = promise.document
    answered = []
    for each in held:
        barred = _barred_whole(each, since)
        if barred is None:
            answered.append(each)
        else:
            why = Why.UNANSWERED if barred == UNACCOUNTED else Why.STOPPED
            yield Dead(document.digest, document.id, why, client=each.client, by=barred)
    # The role of an agreement is the same for all its clients: so are its grants.
    for rule in grants_of(answered[0]) if answered else ():
        asked = [question for each in answered for question in _questions(each, rule, since)]
        if not any(_matters(each, rule, since) for each in answered):
            why, by = _reason(answered[0], rule, since)
            yield Dead(
                document.digest, document.id, why, clause=rule.clause, element=rule.fld, by=by, questions=len(asked)
            )


def _barred_whole(held: Slice, since: datetime) -> str | None:
    """Return the clause that denies everything at every instant at which a grant holds, None if something passes."""
    found = None
    for rule in grants_of(held):
        for question in _questions(held, rule, since):
            general = question._replace(obj=ANY, fld=ANY)
            denials = [each for each in held.rules if each.eft == Effect.DENY and each.fld == ANY]
            barring = matching(denials, general, held.links)
            if not barring:
                return None
            found = found or min(barring, key=lambda each: each.clause == UNACCOUNTED).clause
    return found


def _questions(held: Slice, rule: Rule, since: datetime) -> list[Question]:
    """Return every question that `rule` can bear on: one for each stretch of its window that is not over."""
    at = [instant(max(begins, since)) for begins, ends in stretches(held) if ends > since]
    return [
        Question(held.client, held.agreement.digest, rule.obj, rule.fld, rule.act, now)
        for now in at
        if rule.holds_at(now)
    ]


def _matters(held: Slice, rule: Rule, since: datetime) -> bool:
    """Return whether some answer is another one without `rule`, by asking Casbin with and without it."""
    questions = _questions(held, rule, since)
    elements = frozenset(element.id for element in held.catalogue)
    rest = tuple(each for each in held.rules if each != rule)
    without = Engine((each for each in rest if each.obj in {rule.obj, ANY}), held.links, elements)
    whole = held.engine(rule.obj)
    return any(
        _answer(whole, held, held.rules, question) != _answer(without, held, rest, question) for question in questions
    )


def _answer(engine: Engine, held: Slice, rules: tuple[Rule, ...], question: Question) -> str | None:
    """Return how the element leaves by these rules, None if it does not."""
    if not engine.ask(question).allowed:
        return None
    way = strictest(held.released[rule.clause] for rule in matching(rules, question, held.links))
    return None if way == Transformation.DROP else way


def _reason(held: Slice, rule: Rule, since: datetime) -> tuple[Why, str]:
    matched = [matching(held.rules, question, held.links) for question in _questions(held, rule, since)]
    denials = [[each.clause for each in rules if each.eft == Effect.DENY] for rules in matched]
    if all(denials):
        return Why.WITHHELD, denials[0][0]
    if held.released[rule.clause] == Transformation.DROP:
        return Why.DROPPED, ""
    others = (each.clause for rules in matched for each in rules if each != rule and each.eft == Effect.ALLOW)
    return Why.NEVER_STRICTEST, next(others)
