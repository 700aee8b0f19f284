"""
G1 and G2: one decision that was made before, at any number of agreements, against engines that evaluate it.

INVARIANT: a hit is reading a table of Casbin's answers, and the rows say so. Engine against engine is G3.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import cedarpy

from policies.decide import decide
from policies.decision import Denied, GrantedField, Permit
from policies.request import AccessRequest
from policies.slice import Slice
from policies.state import PolicyState, TableKey
from tests.bench.policy_peers import (
    NOTHING,
    batch_is_right,
    cedar_batch,
    cedar_request,
    in_one_set,
    naive_casbin,
    sliced,
    stock_request,
)
from tests.bench.policy_race import Turn, WrongAnswer, asking, race
from tests.bench.policy_rows import DECISION, FIELD_SET, GOALS, LOOK_UP, NAIVE, Row, timed
from tests.bench.policy_world import DATASETS, NOW, Question, World

EACH = 64
"""Allowed questions, and as many refused ones."""
_ROUNDS = 200
"""A hit takes about a microsecond: so many rounds make a slice that a clock can measure."""
_SETS = 10
"""Field sets asked a slice."""
_NAIVE_QUESTIONS = 4
"""At 1,000 agreements each takes a tenth of a second."""


def flat(worlds: Sequence[World]) -> Iterator[Row]:
    """G1: the same at every number of agreements, an element at a time and a field set at a time."""
    for world in worlds:
        questions, policies = world.questions(EACH), sliced(world)
        singly = [((cedar_request(each), policies[each.place]), each.allowed) for each in questions]
        hits = _hits(world, questions)
        taken = race(hits | {"cedar": asking(_authorized, singly)})
        many, asked = len(policies), GOALS["G1"]
        for kind in hits:
            yield timed("G1", many, "Cedar in slices", kind, ours=taken[kind], theirs=taken["cedar"], asked=asked)
        sets = [
            world.field_set(place * len(policies) // _SETS, DATASETS[place % len(DATASETS)]) for place in range(_SETS)
        ]
        batches = asking(batch_is_right, [(cedar_batch(found, policies[found[0].place]), True) for found in sets])
        taken = race({FIELD_SET: _decided_sets(world, sets), "cedar": batches})
        compared, ours, theirs = "Cedar in slices, a batch", taken[FIELD_SET], taken["cedar"]
        yield timed("G1", many, compared, FIELD_SET, ours=ours, theirs=theirs, asked=asked)


def undivided(world: World) -> Iterator[Row]:
    """G2: engines that hold all agreements at once."""
    questions = world.questions(EACH)
    policies, enforcer = in_one_set(world), naive_casbin(world)
    one_set = [((cedar_request(each), policies), each.allowed) for each in questions]
    naive = [(stock_request(each), each.allowed) for each in questions[:_NAIVE_QUESTIONS]]
    hits = _hits(world, questions)
    taken = race(
        hits
        | {
            "one set": asking(_authorized, one_set),
            "naive": asking(lambda each: bool(enforcer.enforce(*each)), naive),
        }
    )
    for kind in hits:
        for name, compared, asked in (
            ("one set", "Cedar, all in one set, a permit each", GOALS["G2"]),
            ("naive", "stock pycasbin, one enforcer", NAIVE),
        ):
            ours, theirs = taken[kind], taken[name]
            yield timed("G2", len(world.agreements), compared, kind, ours=ours, theirs=theirs, asked=asked)


def _hits(world: World, questions: Sequence[Question]) -> dict[str, Turn]:
    """Return the two kinds of hit, on a state in which every table that is asked for was made."""
    state = world.state()
    requests = [(each.request, each.allowed) for each in questions]
    keyed = [((_key(state, each), each.element.name), each.allowed) for each in questions]
    return {
        LOOK_UP: asking(partial(_looked_up, state), keyed, _ROUNDS),
        DECISION: asking(partial(_decided, state), requests, _ROUNDS),
    }


def _key(state: PolicyState, question: Question) -> TableKey:
    held = state.slice_for(question.client, question.agreement)
    assert isinstance(held, Slice)
    decide(state, question.request, NOW)
    segment = held.segment(NOW)
    return (state.epoch, question.client, question.agreement, question.dataset, question.purpose, segment)


def _looked_up(state: PolicyState, asked: tuple[TableKey, str]) -> bool:
    key, name = asked
    table = state._tables.get(key)
    return table is not None and name in table.granted


def _decided(state: PolicyState, request: AccessRequest) -> bool:
    return bool(decide(state, request, NOW))


def _authorized(asked: tuple[dict[str, Any], cedarpy.PolicySet]) -> bool:
    return cedarpy.is_authorized(*asked, NOTHING).allowed


def _decided_sets(world: World, sets: Sequence[Sequence[Question]]) -> Turn:
    state = world.state()
    asked = []
    for found in sets:
        request = found[0].whole
        fields = fields_of(decide(state, request, NOW))
        if [each.element for each in fields] != [each.element.id for each in found if each.allowed]:
            raise WrongAnswer(request)
        asked.append(((request, fields), True))
    return asking(lambda each: fields_of(decide(state, each[0], NOW)) == each[1], asked, _ROUNDS)


def fields_of(decision: Permit | Denied) -> tuple[GrantedField, ...]:
    """Return what a decision lets out."""
    return decision.fields if isinstance(decision, Permit) else ()
