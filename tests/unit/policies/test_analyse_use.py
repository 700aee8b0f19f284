"""What the log is compared with: grants that nobody asked for, and requests that are decided again."""

from dataclasses import replace
from typing import Any

import pytest

from policies.analyse.replay import DECIDED, Effect, Logged, Tallies, decided, differing
from policies.analyse.unused import Asked, Unused, unused
from policies.compile import Suspension
from policies.decision import Permit
from policies.rehearsal import Rehearsed
from tests.factories.analysed import (
    AUTUMN,
    FEBRUARY,
    MENTOR,
    MENTORING,
    SECOND,
    TUTORING,
    alone,
    everything,
    only_lines,
)
from tests.factories.policy_worlds import NOVEMBER, TUTOR

STATE = alone(Rehearsed(TUTORING, frozenset({TUTOR})))


def refused(code: str, *elements: str) -> dict[str, Any]:
    """What an entry says of a refusal."""
    return {"code": code, "says": {"code": code, "elements": list(elements)}}


DISCLOSED = Logged(
    7, NOVEMBER, TUTOR, TUTORING.digest, "tutoring", "students", ("grade_level",), says={"transformations": ["exact"]}
)
REFUSED = replace(DISCLOSED, entry=8, elements=("sex",), **refused("element_not_covered", "sex"))
OTHER = replace(DISCLOSED, entry=9, dataset="discipline", elements=(), **refused("dataset_not_covered"))


class TestUnused:
    def test_a_client_that_never_asked_is_listed_once(self) -> None:
        found = list(unused(everything(), Asked(), AUTUMN.begins, AUTUMN.ends))
        assert {(each.client, each.line, each.dataset) for each in found} == {
            (TUTOR, TUTORING.id, ""),
            (MENTOR, MENTORING.id, ""),
            (TUTOR, SECOND.id, ""),
        }
        assert len(found) == 3

    def test_a_dataset_and_an_element_that_were_never_asked_are_named(self) -> None:
        asked, partner = Asked(), MENTORING.partner.id
        asked.add(MENTOR, MENTORING.id, "students", [line.element for line in MENTORING.datasets[0].elements[1:]])
        asked.add(MENTOR, MENTORING.id, "attendance", ())
        own = [each for each in unused(everything(), asked, AUTUMN.begins, AUTUMN.ends) if each.client == MENTOR]
        assert own[-2:] == [
            Unused(partner, MENTOR, MENTORING.id, "discipline"),
            Unused(partner, MENTOR, MENTORING.id, "students", "000115", "first_name"),
        ]
        assert {each.element for each in own if each.dataset == "attendance"} == {
            line.element for line in MENTORING.datasets[1].elements
        }

    def test_what_was_not_granted_in_the_period_is_not_listed(self) -> None:
        late = {each.line for each in unused(everything(), Asked(), FEBRUARY, FEBRUARY.replace(month=3))}
        assert MENTORING.id not in late
        assert SECOND.id not in late
        assert TUTORING.id in late


class TestDecidedAgain:
    @pytest.mark.parametrize("logged", [DISCLOSED, REFUSED, OTHER])
    def test_the_same_rules_decide_the_same(self, logged: Logged) -> None:
        assert differing(decided(STATE, logged), logged) == ()

    def test_a_filter_on_a_column_that_leaves_empty_was_refused_and_is_again(self) -> None:
        state = alone(Rehearsed(only_lines(TUTORING, {"000115": "blank", "000100": "exact"}), frozenset({TUTOR})))
        for names in (("first_name",), ("sex", "first_name")):
            logged = replace(REFUSED, elements=names, **refused("element_not_covered", *names))
            assert differing(decided(state, logged), logged) == ()

    @pytest.mark.parametrize(
        "logged",
        [
            replace(DISCLOSED, says={"transformations": ["band"]}),
            replace(DISCLOSED, says={"clauses": [["/datasets/0/elements/1"]]}),
            replace(DISCLOSED, says={"basis": "consent" if TUTORING.basis != "consent" else "studies"}),
            replace(DISCLOSED, says={"ferpa_9932_required": None}),
            replace(DISCLOSED, **refused("suspended")),
            replace(REFUSED, **refused("denied_by", "sex")),
            replace(REFUSED, says={"code": REFUSED.code, "clause": "/datasets/1"}),
            replace(REFUSED, elements=("sex", "grade_level"), **refused("element_not_covered", "sex", "grade_level")),
            replace(REFUSED, elements=("grade_level",)),
        ],
    )
    def test_another_answer_is_noticed(self, logged: Logged) -> None:
        assert differing(decided(STATE, logged), logged)

    def test_a_name_that_is_no_more_is_a_denial(self) -> None:
        decision = decided(STATE, replace(DISCLOSED, elements=("shoe_size",)))
        assert not isinstance(decision, Permit)
        assert decision.code == "unknown_element"
        assert decision.code not in DECIDED


class TestTallies:
    def test_losses_gains_and_changes_are_counted_for_each_client_with_two_entries(self) -> None:
        after = only_lines(TUTORING, {"000100": "band", "000255": "exact"})
        state, tallies = alone(Rehearsed(after, frozenset({TUTOR}))), Tallies()
        named = replace(DISCLOSED, elements=("first_name", "grade_level"))
        for logged in (DISCLOSED, REFUSED, OTHER, replace(DISCLOSED, entry=10), replace(named, entry=11)):
            tallies.compare(logged, decided(STATE, logged), decided(state, logged))
        assert [(each.effect, each.requests, dict(each.elements), each.first, each.last) for each in tallies.all] == [
            (Effect.CHANGED, 2, {"students:grade_level": 2}, 7, 10),
            (Effect.GAINED, 1, {"students:sex": 1}, 8, 8),
            (Effect.LOST, 1, {"students:first_name": 1}, 11, 11),
        ]
        assert dict(tallies.all[2].codes) == {"element_not_covered": 1}

    def test_a_stop_loses_every_element_and_says_why(self) -> None:
        tallies = Tallies()
        stopped = alone(Rehearsed(TUTORING, frozenset({TUTOR})), stops=(Suspension(TUTOR, 3),))
        tallies.compare(DISCLOSED, decided(STATE, DISCLOSED), decided(stopped, DISCLOSED))
        (lost,) = tallies.all
        assert (dict(lost.elements), dict(lost.codes)) == ({"students:grade_level": 1}, {"suspended": 1})

    def test_the_same_answer_is_no_difference(self) -> None:
        tallies = Tallies()
        for logged in (DISCLOSED, REFUSED):
            tallies.compare(logged, decided(STATE, logged), decided(STATE, logged))
        assert tallies.all == ()
