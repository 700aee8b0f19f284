"""What is called dead changes no answer when it is taken away; what is alive changes one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policies.analyse.dead import Dead, Why, dead
from policies.analyse.obtained import obtained
from policies.compile import Suspension
from policies.rehearsal import Rehearsed
from policies.state import PolicyState
from tests.factories.analysed import (
    AUTUMN,
    BANNED,
    MENTOR,
    MENTORING,
    PROMISES,
    SECOND,
    STATE,
    STOPPED,
    TUTORING,
    alone,
    only_lines,
    with_lines,
)
from tests.factories.policy_worlds import NOVEMBER, TUTOR

AFTER = datetime(2027, 3, 1, tzinfo=UTC)
EARLY = datetime(2026, 1, 1, tzinfo=UTC)


def found(state: PolicyState, since: datetime = EARLY) -> list[Dead]:
    return list(dead(state, since))


def only(agreement: Rehearsed, since: datetime = EARLY, **more: tuple[Suspension, ...]) -> list[tuple[Why, str, str]]:
    return [(each.why, each.clause, each.by) for each in found(alone(agreement, **more), since)]


def answers(state: PolicyState, since: datetime) -> set[tuple[str, ...]]:
    """Every answer from an instant on, by whatever clauses."""
    return {
        (each.client, each.dataset, each.element, each.transformation, str(max(each.begins, since)), str(each.ends))
        for each in obtained(state)
        if each.ends > since
    }


def without(agreement: Rehearsed, pointer: str) -> Rehearsed:
    datasets = tuple(
        replace(terms, elements=tuple(line for line in terms.elements if line.pointer != pointer))
        for terms in agreement.document.datasets
    )
    return replace(agreement, document=replace(agreement.document, datasets=datasets))


MANY = Rehearsed(
    with_lines(
        only_lines(MENTORING, {"000092": "exact", "000100": "exact", "000094": "exact", "000033": "year"}),
        *(("000033", "exact"), ("000094", "drop"), ("000255", "drop"), ("000172", "blank")),
    ),
    frozenset({TUTOR, MENTOR}),
)
"""Meals are gated under this basis; the birth date and the enrollment status are given twice."""


@pytest.mark.parametrize("since", [EARLY, AFTER])
def test_a_dead_clause_changes_no_answer_when_it_is_removed_and_a_live_one_does(since: datetime) -> None:
    whole = answers(alone(MANY), since)
    clauses = {each.clause for each in found(alone(MANY), since)}
    lines = {line.pointer for terms in MANY.document.datasets for line in terms.elements}
    assert clauses < lines
    assert len(clauses) > 2
    for pointer in lines:
        assert (answers(alone(without(MANY, pointer)), since) == whole) == (pointer in clauses)


def test_each_dead_clause_says_why() -> None:
    said = {each.clause.rpartition("/")[2]: each for each in found(alone(MANY))}
    assert {place: (each.element, each.why) for place, each in said.items()} == {
        "0": ("000092", Why.WITHHELD),
        "2": ("000094", Why.NEVER_STRICTEST),
        "4": ("000033", Why.NEVER_STRICTEST),
        "6": ("000255", Why.DROPPED),
    }
    assert said["0"].by.startswith("guardrails:/gates/")
    assert (said["2"].by, said["4"].by) == ("/datasets/0/elements/5", "/datasets/0/elements/3")
    assert all(each.questions for each in said.values())


def test_an_agreement_without_clients_is_dead() -> None:
    assert only(Rehearsed(TUTORING, frozenset())) == [(Why.NO_CLIENT, "", "")]


def test_an_agreement_that_ends_before_it_begins_is_dead() -> None:
    assert only(Rehearsed(TUTORING, frozenset({TUTOR}), until=EARLY)) == [(Why.NO_WINDOW, "", "")]


def test_an_agreement_that_is_over_is_dead() -> None:
    ended = Rehearsed(TUTORING, frozenset({TUTOR}), until=NOVEMBER)
    assert only(ended, AFTER) == [(Why.OVER, "", "")]
    assert only(ended) == []


def test_a_framework_allows_nothing_by_itself() -> None:
    assert only(Rehearsed(replace(TUTORING, framework=True), frozenset({TUTOR}))) == [(Why.FRAMEWORK, "", "")]


def test_a_client_for_whom_nobody_answers_is_named() -> None:
    nobody = Rehearsed(TUTORING, frozenset({TUTOR}), accountable={TUTOR: ()})
    assert [(each.why, each.client) for each in found(alone(nobody))] == [(Why.UNANSWERED, TUTOR)]
    for_a_while = Rehearsed(SECOND, frozenset({TUTOR}), accountable={TUTOR: (AUTUMN,)})
    assert found(alone(for_a_while)) == []
    assert [each.why for each in found(alone(for_a_while), AFTER)] == [Why.UNANSWERED]


def test_a_stop_is_named_by_its_entry_and_one_client_does_not_kill_the_clauses_of_another() -> None:
    said = [(each.client, each.why, each.by) for each in found(STATE) if each.client is not None]
    assert sorted(said) == sorted([(BANNED, Why.STOPPED, "log:/3"), (MENTOR, Why.STOPPED, "log:/5")])
    tutoring = [each for each in found(STATE) if each.agreement == TUTORING.digest]
    assert [each.client for each in tutoring] == [BANNED]
    stopped = [each for each in found(STATE) if each.agreement == STOPPED.digest]
    assert [(each.client, each.clause) for each in stopped] == [(MENTOR, "")]


def test_a_stop_is_named_before_a_missing_person() -> None:
    nobody = Rehearsed(TUTORING, frozenset({TUTOR}), accountable={TUTOR: ()})
    assert only(nobody, stops=(Suspension(TUTOR, 7),)) == [(Why.STOPPED, "", "log:/7")]


def test_a_promise_that_cannot_be_judged_has_no_client_who_could_use_it() -> None:
    assert only(Rehearsed(only_lines(TUTORING, {"000202": "exact"}), frozenset({TUTOR}))) == [(Why.NO_CLIENT, "", "")]


def test_what_is_in_use_is_not_dead() -> None:
    assert found(alone(PROMISES[0])) == found(alone(replace(PROMISES[0], clients=frozenset({TUTOR}))))
    assert not found(alone(Rehearsed(TUTORING, frozenset({TUTOR}))))
