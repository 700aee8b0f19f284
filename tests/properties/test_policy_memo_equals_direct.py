"""
Three readings of the same agreements give the same answer to every question.

The memoised decision, one big enforcer that holds the rules of all agreements at once, and an oracle that reads the
signed documents and knows no rules. Questions start from something granted and change at most two of its parts:
questions drawn at random would almost all be refused by everyone.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.elements import DATASETS, load_catalogue
from agreements.purpose import PURPOSES
from policies.compile import Suspension, act_of
from policies.decide import decide
from policies.decision import Permit
from policies.engine import Engine, Question
from policies.guardrails import load_guardrails
from policies.request import AccessRequest
from policies.rule import instant
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import Promise, World, compiled, promise

CATALOGUE = load_catalogue()
CLIENTS = ("tutor", "mentor", "banned", "unbound")
PROMISES: tuple[Promise, ...] = (
    promise(clients=("tutor", "banned")),
    promise(SPS_B, clients=("tutor", "mentor")),
    promise(
        clients=("mentor", "tutor"),
        changes={
            "/id": "agreement:sps-a-short",
            "/term/first_day": "2027-02-01",
            "/term/last_day": "2028-02-29",
            "/term/time_zone": "America/New_York",
            "/datasets/0/elements/2/transformation": "year",
            "/datasets/0/elements/0": {"element": "000092", "transformation": "exact", "own_line": True},
        },
    ),
    promise(SPS_B, clients=("tutor",), changes={"/id": "agreement:sps-b-stopped"}),
)
SUSPENSIONS = (Suspension(client_id("banned"), 3), Suspension(PROMISES[3].digest, 5))
WORLD = World(PROMISES, SUSPENSIONS, tuple(client_id(name) for name in CLIENTS))
STATE = WORLD.state()
RULESETS = tuple(compiled(made, SUSPENSIONS) for made in PROMISES)
BIG = Engine(
    {rule: None for ruleset in RULESETS for rule in ruleset.rules},
    [link for ruleset in RULESETS for link in ruleset.links],
    frozenset(element.id for element in CATALOGUE),
)

Coordinates = tuple[str, str, str, str, str, datetime]
"""Client, agreement, dataset, element id, purpose, now."""
CUTS = sorted(
    {datetime.fromisoformat(edge) for ruleset in RULESETS for rule in ruleset.rules for edge in rule.line[5:7]}
)
TIMES = tuple(
    cut + timedelta(seconds=seconds) for cut in CUTS if 2000 < cut.year < 3000 for seconds in (-3600, -1, 0, 1, 86_400)
)
GRANTED: tuple[Coordinates, ...] = tuple(
    (client_id(client), made.digest, terms.dataset, line.element, made.purpose, made.signed.agreement.term.begins)
    for made, client in product(PROMISES, CLIENTS)
    for terms in made.signed.agreement.datasets
    for line in terms.elements
)
OTHER: tuple[st.SearchStrategy[Any], ...] = (
    st.sampled_from([client_id(name) for name in (*CLIENTS, "nobody")]),
    st.sampled_from([*(made.digest for made in PROMISES), "sha256:" + "0" * 64]),
    st.sampled_from(DATASETS),
    st.sampled_from([element.id for element in CATALOGUE]),
    st.sampled_from([*PURPOSES, "advertising"]),
    st.sampled_from(TIMES),
)


@st.composite
def questions(draw: st.DrawFn) -> Coordinates:
    """Something granted, at some time, with at most two parts changed."""
    question = list(draw(st.sampled_from(GRANTED)))
    question[5] = draw(OTHER[5])
    for place in draw(st.lists(st.integers(0, 5), max_size=2)):
        question[place] = draw(OTHER[place])
    return tuple(question)  # type: ignore[return-value] # each place keeps its type


def by_memo(question: Coordinates) -> bool:
    client, agreement, dataset, element, purpose, now = question
    names = {found.id: found.name for found in CATALOGUE.in_dataset(dataset)}
    if element not in names:
        return False
    decision = decide(STATE, AccessRequest(client, agreement, purpose, dataset, (names[element],)), now)
    if isinstance(decision, Permit):
        assert decision.valid_from <= now < decision.valid_until
        assert [field.element for field in decision.fields] == [element]
    return bool(decision)


def by_one_big_enforcer(question: Coordinates) -> bool:
    client, agreement, dataset, element, purpose, now = question
    return BIG.ask(Question(client, agreement, dataset, element, act_of(purpose), instant(now))).allowed


def by_the_documents(question: Coordinates) -> bool:
    client, agreement, dataset, element, purpose, now = question
    for made in PROMISES:
        content: Any = made.signed.agreement.content
        bound = {verified.binding.client for verified in made.granted.bindings}
        if made.digest != agreement or client not in bound or client == client_id("banned") or made is PROMISES[3]:
            continue
        term = content["term"]
        today = now.astimezone(ZoneInfo(term["time_zone"])).date()
        return (
            date.fromisoformat(term["first_day"]) <= today <= date.fromisoformat(term["last_day"])
            and content["purpose"]["code"] == purpose
            and (dataset, element)
            in {(row["dataset"], line["element"]) for row in content["datasets"] for line in row["elements"]}
        )
    return False


@settings(max_examples=2500, deadline=None, derandomize=True)
@given(questions())
def test_memo_one_big_enforcer_and_the_documents_agree(question: Coordinates) -> None:
    assert by_memo(question) == by_one_big_enforcer(question) == by_the_documents(question)


def test_the_questions_are_not_all_refused() -> None:
    answers = [by_the_documents((*granted[:5], now)) for granted in GRANTED for now in TIMES]
    assert sum(answers) > len(answers) / 10


@pytest.mark.parametrize("now", TIMES)
def test_everything_granted_is_granted_to_exactly_those_it_was_promised_to(now: datetime) -> None:
    for granted in GRANTED:
        question = (*granted[:5], now)
        assert by_memo(question) == by_the_documents(question)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(questions())
def test_no_permit_ever_holds_what_guardrails_close(question: Coordinates) -> None:
    client, agreement, dataset, _, purpose, now = question
    decision = decide(STATE, AccessRequest(client, agreement, purpose, dataset), now)
    if isinstance(decision, Permit):
        closed = {barrier.element for barrier in load_guardrails().closed(decision.rows.basis)}
        assert not closed & {field.element for field in decision.fields}


@pytest.mark.parametrize("made", PROMISES[:3], ids=["sps-a", "sps-b", "sps-a-short"])
def test_a_second_agreement_never_widens_what_the_first_one_gives(made: Promise) -> None:
    alone = World((made,)).state()
    for dataset, now in product(DATASETS, TIMES):
        request = AccessRequest(client_id("tutor"), made.digest, made.purpose, dataset)
        one, many = decide(alone, request, now), decide(STATE, request, now)
        if isinstance(one, Permit) and isinstance(many, Permit):
            assert one.fields == many.fields
        else:
            assert one == many


def test_times_in_another_zone_change_nothing() -> None:
    for granted, now in product(GRANTED[:5], TIMES):
        moved = now.astimezone(ZoneInfo("Asia/Kathmandu"))
        assert (
            by_memo((*granted[:5], now))
            == by_memo((*granted[:5], moved))
            == by_memo((*granted[:5], now.astimezone(UTC)))
        )
