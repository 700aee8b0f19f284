"""Emergency orders as rules: Casbin decides what leaves by them, and none opens what the guardrails shut (row L4)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from agreements.elements import load_catalogue
from agreements.emergencies import VerifiedEmergencyOrder
from policies.decision import Denied
from policies.emergency import BASIS, Ended, compile_order, recipient_of
from policies.emergency_release import EmergencyPermit, Handing, OrderInForce
from policies.engine import Engine, Verdict
from policies.errors import ClockWithoutZone, MalformedRule, NothingAsked, UnknownElement
from policies.guardrails import load_guardrails
from policies.rule import Rule, require_link
from tests.factories.agreements import RECEIVED, client_id
from tests.factories.partners import ORDER, PartnerPapers

pytestmark = pytest.mark.ferpa("L4")

CATALOGUE, GUARDRAILS = load_catalogue(), load_guardrails()
HOMELESS, MEALS, SEX, NEVER = "000149", "000092", "000255", "x-social-security-number"
LATER = RECEIVED + timedelta(hours=1)
SECOND = timedelta(seconds=1)
NAMES = Handing((0,), "students", ("000115", "000172"))


def verified(*, reviewed: bool = False, **changes: Any) -> VerifiedEmergencyOrder:
    papers = PartnerPapers()
    order = papers.order(**changes)
    return papers.ordered(order, *([papers.review(order)] if reviewed else []))


def in_force(order: VerifiedEmergencyOrder | None = None, *, ended: Ended | None = None) -> OrderInForce:
    return OrderInForce(order or verified(), CATALOGUE, GUARDRAILS, ended=ended, epoch=7)


def denied(found: EmergencyPermit | Denied) -> tuple[str, str]:
    assert isinstance(found, Denied)
    return found.code, found.facts["clause"]


def permitted(found: EmergencyPermit | Denied) -> EmergencyPermit:
    assert isinstance(found, EmergencyPermit), found
    assert found.fields
    return found


@pytest.mark.parametrize("element", [HOMELESS, MEALS])
def test_what_no_guardrail_opens_in_an_emergency_stays_shut_although_the_order_lists_it(element: str) -> None:
    order = verified(elements=("000115", element))
    code, clause = denied(in_force(order).decide(Handing((0,), "students", ("000115", element)), LATER))
    assert code == "denied_by"
    assert clause.startswith("guardrails:/gates/")
    permitted(in_force(order).decide(Handing((0,), "students", ("000115",)), LATER))


def test_what_is_never_shared_would_be_refused_by_a_rule_even_if_an_order_could_list_it() -> None:
    order = verified()
    object.__setattr__(order, "order", replace(order.order, elements=(NEVER,)))
    code, clause = denied(in_force(order).decide(Handing((0,), "students", (NEVER,)), LATER))
    assert code == "denied_by"
    assert clause.startswith("guardrails:/never/")


def test_an_element_the_order_does_not_list_is_refused_and_refuses_the_rest() -> None:
    found = in_force().decide(Handing((0,), "students", ("000115", SEX)), LATER)
    assert denied(found) == ("element_not_covered", "/elements")
    assert isinstance(found, Denied)
    assert found.elements == (SEX,)


@pytest.mark.parametrize("place", [-1, 2, 99, 1000])
def test_a_recipient_the_order_does_not_list_gets_nothing(place: int) -> None:
    found = in_force().decide(replace(NAMES, recipients=(0, place)), LATER)
    assert denied(found) == ("recipient_not_listed", "/recipients")


def test_an_order_begins_and_ends_to_the_second() -> None:
    order = verified()
    assert denied(in_force(order).decide(NAMES, order.begins - SECOND)) == ("order_not_yet_open", "/begins")
    permitted(in_force(order).decide(NAMES, order.begins))
    permitted(in_force(order).decide(NAMES, order.ends - timedelta(microseconds=1)))
    assert denied(in_force(order).decide(NAMES, order.ends)) == ("order_over", "/hours")


def test_an_order_whose_review_is_overdue_releases_nothing_more() -> None:
    asked: dict[str, Any] = {"begins": RECEIVED + timedelta(hours=20), "hours": 72}
    due = verified(**asked).review_due
    permitted(in_force(verified(**asked)).decide(NAMES, due - SECOND))
    assert denied(in_force(verified(**asked)).decide(NAMES, due))[0] == "order_over"
    permitted(in_force(verified(reviewed=True, **asked)).decide(NAMES, due))


@pytest.mark.claim(7)
def test_an_ended_order_releases_nothing_and_names_the_entry_that_ended_it() -> None:
    assert denied(in_force(ended=Ended(41)).decide(NAMES, LATER)) == ("order_ended", "log:/41")


def test_an_order_of_no_time_at_all_grants_nothing() -> None:
    order = verified()
    object.__setattr__(order, "ends", order.begins)
    assert not [rule for rule in compile_order(order, CATALOGUE, GUARDRAILS).rules if rule.eft == "allow"]


def test_a_release_asks_for_something_that_is_there_by_a_clock_with_a_zone() -> None:
    for nothing in (replace(NAMES, elements=()), replace(NAMES, recipients=())):
        with pytest.raises(NothingAsked):
            in_force().decide(nothing, LATER)
    with pytest.raises(UnknownElement):
        in_force().decide(replace(NAMES, dataset="attendance"), LATER)
    with pytest.raises(ClockWithoutZone):
        in_force().decide(NAMES, datetime(2026, 10, 5, 12))  # noqa: DTZ001 -- the refusal of exactly this is tested


@pytest.mark.parametrize(
    "verdict", [Verdict(allowed=True, alarm="engine_disabled"), Verdict(allowed=False), Verdict(allowed=True)]
)
def test_where_casbin_and_our_own_reading_differ_nothing_leaves(
    monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    order = in_force(ended=Ended(41) if verdict == Verdict(allowed=True) else None)
    monkeypatch.setattr(Engine, "ask", lambda *_: verdict)
    assert denied(order.decide(NAMES, LATER)) == ("denied_by", "engine:/")


def test_a_permit_names_what_leaves_to_whom_by_which_clause_and_until_when() -> None:
    order = verified()
    permit = permitted(in_force(order).decide(Handing((1, 0, 1), "students", ("000172", "000115")), LATER))
    fields = [(each.element, each.name, each.transformation, each.clauses) for each in permit.fields]
    assert fields == [
        ("000115", "first_name", "exact", ("/elements/0",)),
        ("000172", "last_name", "exact", ("/elements/1",)),
    ]
    assert (permit.order, permit.recipients, permit.count) == (order.digest, (1, 0), ORDER.count)
    assert (permit.valid_from, permit.valid_until) == order.window
    assert permit.ferpa_9932_required
    assert permit.epoch == 7


def test_a_code_that_tells_a_guarded_status_does_not_leave_by_an_order_either() -> None:
    coded = "000110"
    (exit_type,) = permitted(
        in_force(verified(elements=(coded,))).decide(replace(NAMES, elements=(coded,)), LATER)
    ).fields
    assert exit_type.codes == GUARDRAILS.codes.leaving(coded, BASIS)
    assert exit_type.codes is not None
    assert "Unheard of" not in exit_type.codes.values


def test_a_permit_is_made_by_a_decision_only() -> None:
    permit = permitted(in_force().decide(NAMES, LATER))
    with pytest.raises(TypeError):
        replace(permit, count=1000, seal=None)


def test_each_rule_names_the_order_and_a_clause_and_the_digest_covers_all() -> None:
    order = verified(elements=("000115", HOMELESS, "001069"))
    made = compile_order(order, CATALOGUE, GUARDRAILS)
    assert made == compile_order(order, CATALOGUE, GUARDRAILS)
    assert {rule.agr for rule in made.rules} == {order.digest}
    clauses = {rule.clause for rule in made.rules if rule.eft == "allow"}
    assert clauses == {"/elements/0", "/elements/1", "/elements/2"}
    assert made.digest != compile_order(order, CATALOGUE, GUARDRAILS, ended=Ended(3)).digest


def test_what_leaves_by_an_order_and_what_does_not_is_explained() -> None:
    order = verified(elements=("000115", HOMELESS))
    first, homeless = in_force(order).explain(0, "students", LATER)
    assert (first.name, first.leaves, first.determining[0].clause) == ("first_name", True, "/elements/0")
    assert not homeless.leaves
    assert {rule.effect for rule in homeless.determining} == {"allow", "deny"}
    late, _ = in_force(order).explain(0, "students", order.ends)
    assert late.nearest is not None
    assert [each.name for each in late.nearest.failing] == ["until"]


@pytest.mark.parametrize(
    "link",
    [
        ("recipient:" + "a" * 64 + ":0", "role:emg:" + "b" * 64),
        ("recipient:" + "a" * 64 + ":0", "role:agr:" + "a" * 64),
        (client_id("one"), "role:emg:" + "a" * 64),
        ("role:emg:" + "a" * 64, "role:emg:" + "a" * 64),
        ("recipient:" + "a" * 64 + ":100", "role:emg:" + "a" * 64),
        ("recipient:" + "a" * 64 + ":", "role:emg:" + "a" * 64),
        ("recipient:" + "a" * 64, "role:emg:" + "a" * 64),
        ("recipient:" + "a" * 64 + ":0",),
        ("recipient:" + "a" * 64 + ":0", "role:emg:" + "a" * 64, ""),
    ],
)
def test_a_recipient_holds_the_role_of_its_own_order_and_nobody_else_does(link: tuple[str, ...]) -> None:
    with pytest.raises(MalformedRule):
        require_link(link)
    require_link((recipient_of(verified(), 0), compile_order(verified(), CATALOGUE, GUARDRAILS).role))


@pytest.mark.parametrize("subject", ["recipient:x:0", "recipient:County search and rescue", "role:emg:1", "role:emg:"])
def test_a_subject_of_an_order_is_a_digest_and_a_place_and_never_a_name(subject: str) -> None:
    rule = compile_order(verified(), CATALOGUE, GUARDRAILS).rules[0]
    with pytest.raises(MalformedRule):
        Rule(subject, *rule.line[1:])
