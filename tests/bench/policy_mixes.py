"""G4 and G5: requests as they come: one in a hundred is a miss, and how many are in a life of 10,000 decisions."""

import random
from collections.abc import Iterator, Sequence

from policies.decide import decide
from policies.slice import Slice
from policies.state import PolicyState
from tests.bench.policy_hits import fields_of
from tests.bench.policy_peers import batch_is_right, cedar_batch, sliced
from tests.bench.policy_race import Turn, WrongAnswer, asking, race
from tests.bench.policy_rows import GOALS, MIXED, RATE, Row, timed
from tests.bench.policy_world import DATASETS, NOW, PURPOSES, Question, World

REQUESTS, ONE_IN = 1_000, 100
"""Requests a slice; one in so many was not decided before."""
_HOT = 20
"""Agreements whose clients ask all the time; each of the others asks once."""
DECISIONS, EPOCHS = 10_000, 10
"""A life: so many decisions; one kind of life has so many epochs, and each begins with nothing remembered."""
_UNAGREED = 0.05
"""Of the requests of a life, so many are for a purpose that was drawn by chance."""


def mixed(world: World) -> Iterator[Row]:
    """G4: an element a request, then a field set a request; at last with misses that begin at the document."""
    policies = sliced(world)
    for whole, cold in ((False, False), (True, False), (False, True), (True, True)):
        requests = _requests(world, whole=whole)
        batches = [(cedar_batch(each, policies[each[0].place]), True) for each in requests]
        taken = race({MIXED: _ours(world, requests, cold=cold), "cedar": asking(batch_is_right, batches)})
        compared = f"Cedar in slices, {'a field set' if whole else 'one element'} a request"
        kind = f"{MIXED}, {'from the document on' if cold else 'engine ready'}"
        asked = None if cold else GOALS["G4"]
        yield timed("G4", len(policies), compared, kind, ours=taken[MIXED], theirs=taken["cedar"], asked=asked)


def remembered(world: World) -> Iterator[Row]:
    """G5: how many of the decisions of a life were made before, within one epoch and over several."""
    for epochs in (1, EPOCHS):
        rate = 1 - _made(world, epochs) / DECISIONS
        compared = f"all of {DECISIONS:,} decisions, {epochs} epoch{'s' if epochs > 1 else ''}"
        yield Row("G5", len(world.agreements), compared, RATE, f"{rate:.2%}", "-", rate, GOALS["G5"])


def _requests(world: World, *, whole: bool) -> list[list[Question]]:
    """Return the questions of each request, allowed and refused; each hundredth is under an agreement of its own."""
    choose = random.Random(4)  # noqa: S311 -- the same requests in every run
    found = []
    for number in range(REQUESTS):
        late, rest = divmod(number, ONE_IN)
        place = _HOT + late if rest == ONE_IN - 1 else choose.randrange(_HOT)
        asked = world.field_set(place, choose.choice(DATASETS))
        found.append(asked if whole else [choose.choice(asked)])
    return found


def _ours(world: World, requests: Sequence[Sequence[Question]], *, cold: bool) -> Turn:
    """Return a slice of `requests`, each time with the same ones decided before."""
    state = world.state()
    asked = []
    for each in requests:
        request = each[0].request if len(each) == 1 else each[0].whole
        fields = fields_of(decide(state, request, NOW))
        if [field.element for field in fields] != [one.element.id for one in each if one.allowed]:
            raise WrongAnswer(request)
        asked.append((request, fields))
    late = [each[0] for each in requests[ONE_IN - 1 :: ONE_IN]]

    def run() -> int:
        for question in late:
            _forget(state, question, cold=cold)
        for request, fields in asked:
            if fields_of(decide(state, request, NOW)) != fields:
                raise WrongAnswer(request)
        return len(asked)

    return run


def _forget(state: PolicyState, question: Question, *, cold: bool) -> None:
    """Drop the table of `question`, and its rules and engine too if `cold`: one thing in a hundred, so it may count."""
    held = state.slice_for(question.client, question.agreement)
    assert isinstance(held, Slice)
    place = (question.client, question.agreement, question.dataset, question.purpose, held.segment(NOW))
    state._tables._kept.pop((state.epoch, *place), None)
    if cold:
        state._slices._kept.pop((question.client, question.agreement), None)


def _made(world: World, epochs: int) -> int:
    """Return how many tables were made in a life: few clients ask much, many ask little (Zipf)."""
    choose = random.Random(4)  # noqa: S311 -- the same life in every run
    places = range(len(world.agreements))
    weights = [1 / (place + 1) for place in places]
    made = 0
    for _ in range(epochs):
        state = world.state()
        for _ in range(DECISIONS // epochs):
            (place,) = choose.choices(places, weights)
            purpose = choose.choice(PURPOSES) if choose.random() < _UNAGREED else None
            question = choose.choice(world.field_set(place, choose.choice(DATASETS)))
            question = world.question(place, question.dataset, question.element, purpose)
            if bool(decide(state, question.request, NOW)) is not question.allowed:
                raise WrongAnswer(question)
        made += len(state._tables)
    return made
