"""
G3: a decision that was not made before: every element of a dataset is judged, and every answer is Casbin's.

This is engine against engine. Our time holds the second reading of the rules and the table that is made of it; Cedar's
holds nothing but a batch of the same questions, made beforehand.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import casbin
import cedarpy

from agreements.elements import load_catalogue
from policies.decision import Denied
from policies.guardrails import load_guardrails
from policies.rehearsal import Rehearsed
from policies.slice import Slice
from policies.state import REHEARSAL
from policies.table import Table, build_table
from tests.bench.policy_peers import batch_is_right, cedar_batch, cedar_text, stock_casbin, stock_request
from tests.bench.policy_race import Turn, asking, race
from tests.bench.policy_rows import GOALS, MISS, STOCK, Row, timed
from tests.bench.policy_world import DATASETS, NOW, Question, World

TYPICAL = "programs"
"""The dataset whose number of elements is nearest to 12."""
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class FieldSet:
    """All questions about one dataset, and what the documents let out of it."""

    questions: Sequence[Question]
    wanted: frozenset[str]

    def is_answered_by(self, table: Table | Denied) -> bool:
        """Whether a table lets out exactly what the documents do."""
        return isinstance(table, Table) and table.granted.keys() == self.wanted


def misses(world: World, place: int = 0) -> Iterator[Row]:
    """G3: one dataset and five with engines that are ready, then what comes before an engine's first question."""
    typical = _field_set(world, place, TYPICAL)
    for many, sets in (
        ("one dataset", [typical]),
        ("five datasets", [_field_set(world, place, each) for each in DATASETS]),
    ):
        taken = race(_ready(world, place, sets))
        questions = sum(len(found.questions) for found in sets)
        for kind, asked in ((MISS, GOALS["G3"]), (STOCK, None)):
            compared = f"Cedar, a batch of {questions} ({many}), all ready"
            yield timed("G3", 1, compared, kind, ours=taken[kind], theirs=taken["cedar"], asked=asked)
    for stage, ours, theirs in _unready(world, place, typical):
        taken = race({MISS: asking(ours, [(typical, True)]), "cedar": asking(theirs, [(typical, True)])})
        compared = f"Cedar, a batch of {len(typical.questions)}, {stage}"
        yield timed("G3", 1, compared, MISS, ours=taken[MISS], theirs=taken["cedar"], asked=None)


def held_at(world: World, place: int) -> Slice:
    """Return the slice of one agreement, its rules compiled and its engines not yet built."""
    agreement, client = world.agreements[place], world.clients[place]
    catalogue, guardrails = load_catalogue(), load_guardrails()
    ruleset = Rehearsed(agreement, frozenset({client})).compile(catalogue, guardrails, ())
    return Slice(client, agreement, ruleset, epoch=REHEARSAL, catalogue=catalogue, guardrails=guardrails)


def _field_set(world: World, place: int, dataset: str) -> FieldSet:
    questions = world.field_set(place, dataset)
    return FieldSet(questions, frozenset(each.element.name for each in questions if each.allowed))


def _ready(world: World, place: int, sets: Sequence[FieldSet]) -> dict[str, Turn]:
    held = held_at(world, place)
    policies = cedarpy.PolicySet.from_str(cedar_text(world.agreements[place], world.clients[place]))
    stock = [(stock_casbin(held.rules, held.links, each.questions[0].dataset), each.questions) for each in sets]
    return {
        MISS: asking(lambda each: each.is_answered_by(_table(held, each)), [(each, True) for each in sets], _ROUNDS),
        STOCK: asking(lambda each: _stock_is_right(*each), [(each, True) for each in stock], _ROUNDS),
        "cedar": asking(batch_is_right, [(cedar_batch(each.questions, policies), True) for each in sets], _ROUNDS),
    }


def _unready(
    world: World, place: int, typical: FieldSet
) -> Iterator[tuple[str, Callable[[FieldSet], bool], Callable[[FieldSet], bool]]]:
    """Yield what is not ready, and the two ways to an answer from there."""
    agreement, client = world.agreements[place], world.clients[place]
    catalogue, guardrails = load_catalogue(), load_guardrails()
    ruleset = Rehearsed(agreement, frozenset({client})).compile(catalogue, guardrails, ())
    text = cedar_text(agreement, client)
    one = typical.questions[0]

    def built(each: FieldSet) -> bool:
        held = Slice(client, agreement, ruleset, epoch=REHEARSAL, catalogue=catalogue, guardrails=guardrails)
        return each.is_answered_by(_table(held, each))

    def compiled(each: FieldSet) -> bool:
        state = World([agreement], [client]).state()
        return each.is_answered_by(state.table_for(client, agreement.digest, one.dataset, one.purpose, NOW))

    def parsed(each: FieldSet) -> bool:
        return batch_is_right(cedar_batch(each.questions, cedarpy.PolicySet.from_str(text)))

    def translated(each: FieldSet) -> bool:
        policies = cedarpy.PolicySet.from_str(cedar_text(agreement, client))
        return batch_is_right(cedar_batch(each.questions, policies))

    yield "engine built, policies parsed", built, parsed
    yield "from the document on", compiled, translated


def _table(held: Slice, asked: FieldSet) -> Table:
    return build_table(held, asked.questions[0].dataset, asked.questions[0].purpose, NOW)


def _stock_is_right(enforcer: casbin.Enforcer, questions: Sequence[Question]) -> bool:
    return all(bool(enforcer.enforce(*stock_request(each))) is each.allowed for each in questions)
