"""What analyses say is what would be decided: gone through one by one, and compared with `decide`."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from agreements.elements import DATASETS
from agreements.errors import UnknownElement
from policies.analyse.obtained import Obtained, obtained
from policies.analyse.who import counter_example, who
from policies.compile import Suspension
from policies.decide import decide
from policies.decision import Permit
from policies.reasons import suspended
from policies.rehearsal import Rehearsed
from policies.request import AccessRequest
from policies.table import Table
from tests.factories.agreements import client_id
from tests.factories.analysed import (
    BANNED,
    FEBRUARY,
    MENTOR,
    MENTORING,
    PROMISES,
    SECOND,
    STATE,
    STOPPED,
    TUTORING,
    alone,
    everything,
    only_lines,
    with_lines,
)
from tests.factories.policy_worlds import NOVEMBER, TUTOR

CLIENTS = (TUTOR, MENTOR, BANNED, client_id("nobody"))
PURPOSES = ("tutoring", "mentoring", "advertising")
EDGES = sorted({edge for each in everything() for edge in (each.begins, each.ends)} | {FEBRUARY})
TIMES = [edge + timedelta(seconds=seconds) for edge in EDGES for seconds in (-1, 0, 1)]

Leaving = set[tuple[str, str, tuple[str, ...]]]


def said(client: str, agreement: str, dataset: str, purpose: str) -> list[Obtained]:
    asked = (client, agreement, dataset, purpose)
    return [each for each in everything() if (each.client, each.agreement, each.dataset, each.purpose) == asked]


@pytest.mark.claim(2)
def test_nothing_is_left_out_and_nothing_is_added_at_any_time() -> None:
    compared = 0
    for client, made, dataset, purpose in product(CLIENTS, PROMISES, DATASETS, PURPOSES):
        listed = said(client, made.document.digest, dataset, purpose)
        for now in TIMES:
            decision = decide(STATE, AccessRequest(client, made.document.digest, purpose, dataset), now)
            fields = decision.fields if isinstance(decision, Permit) else ()
            leaving: Leaving = {(field.name, field.transformation, field.clauses) for field in fields}
            assert {(each.name, each.transformation, each.clauses) for each in listed if each.holds_at(now)} == leaving
            compared += len(leaving)
    assert compared > 500


def test_a_stopped_client_or_agreement_obtains_nothing() -> None:
    assert not any(each.client == BANNED or each.agreement == STOPPED.digest for each in everything())


def test_what_a_guardrail_withholds_is_obtained_by_nobody() -> None:
    meals = with_lines(MENTORING, ("000092", "exact"))
    state = alone(Rehearsed(meals, frozenset({MENTOR})))
    assert {each.element for each in obtained(state)} == set(MENTORING.element_ids)
    assert who(state, "000092") == ()


def test_who_obtains_an_element_now_or_ever() -> None:
    assert {(each.client, each.agreement) for each in who(STATE, "000100", NOVEMBER)} == {
        (TUTOR, TUTORING.digest),
        (MENTOR, MENTORING.digest),
        (TUTOR, SECOND.digest),
    }
    assert {each.agreement for each in who(STATE, "000100")} > {
        each.agreement for each in who(STATE, "000100", NOVEMBER)
    }
    assert all(each.ends == FEBRUARY for each in who(STATE, "000100") if each.agreement == MENTORING.digest)


def test_an_element_that_nobody_has_is_refused_and_not_answered_with_nobody() -> None:
    with pytest.raises(UnknownElement):
        who(STATE, "999999")


def test_who_receives_the_column_empty_obtains_nothing() -> None:
    blank = only_lines(TUTORING, {"000115": "blank"})
    state = alone(Rehearsed(blank, frozenset({TUTOR})))
    assert [each.transformation for each in obtained(state)] == ["blank"]
    assert who(state, "000115") == ()


def test_a_counter_example_is_given_where_somebody_else_obtains_it() -> None:
    found = who(STATE, "000202", NOVEMBER)
    assert counter_example(found, {TUTORING.partner.id, MENTORING.partner.id}) is None
    shown = counter_example(found, {TUTORING.partner.id})
    assert shown is not None
    assert (shown.partner, shown.clauses) == (MENTORING.partner.id, ("/datasets/1/elements/2",))


def test_an_agreement_that_cannot_be_judged_gives_nothing() -> None:
    crossed = only_lines(TUTORING, {"000202": "exact"})
    assert not list(obtained(alone(Rehearsed(crossed, frozenset({TUTOR})))))


def test_a_stop_of_the_partner_ends_all_of_it() -> None:
    stop = Suspension(TUTORING.partner.id, 9)
    assert not list(obtained(alone(*PROMISES[:1], PROMISES[4], stops=(stop,))))


def test_a_refusal_of_the_whole_stands_above_what_single_rules_allow() -> None:
    state = alone(PROMISES[0])
    table = state.table_for(TUTOR, TUTORING.digest, "students", "tutoring", NOVEMBER)
    assert isinstance(table, Table)
    key = (state.epoch, TUTOR, TUTORING.digest, "students", "tutoring", table.held.segment(NOVEMBER))
    state._tables._kept[key] = replace(table, refusal=suspended("log:/1"))
    assert {each.dataset for each in obtained(state) if each.client == TUTOR} == {"attendance"}
