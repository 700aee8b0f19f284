"""Everything that stands against a request is said, in the fixed order, and nothing else decides than `decide`."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.document import Agreement
from agreements.elements import load_catalogue
from agreements.terms import ElementTerm
from policies.compile import Suspension, act_of
from policies.decide import decide
from policies.decision import Denied
from policies.engine import Question, Verdict
from policies.errors import UnknownElement
from policies.explain.over_time import explain_element
from policies.explain.own import for_partner
from policies.explain.request import RequestExplained, explain_request
from policies.explain.words import quoted, sentences, stretch_sentence
from policies.guardrails import load_guardrails, read_guardrails
from policies.reading import failing
from policies.reasons import NO_AGREEMENT, UNKNOWN_CLIENT, Code
from policies.rehearsal import Rehearsed, rehearse
from policies.rule import instant
from policies.slice import Slice
from policies.state import PolicyState
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import NOVEMBER, TUTOR, Promise, World, compiled, promise

LEAVES_AS_IT_IS = "'Grade level' (grade_level, 000100) leaves as it is:"
UNLESS = "unless something is signed or stopped"
AFTER, BEFORE = datetime(2027, 7, 2, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
MADE = promise()
STOPPED = (Suspension(TUTOR, 12), Suspension(MADE.digest, 14))
STRICTER = read_guardrails(
    files("policies").joinpath("guardrails.toml").read_text("utf-8")
    + '\n[[never]]\nelement = "000115"\nreason = "No first names here."\n'
    + '\n[[never]]\nelement = "000172"\nreason = "No last names here."\n',
    load_catalogue(),
)
BLANK = promise(changes={"/datasets/0/elements/0/transformation": "blank"})
OTHER = "sha256:" + "0" * 64


def with_lines(*more: tuple[str, str]) -> tuple[PolicyState, Agreement]:
    """A rehearsal of sps-a with lines that no valid agreement has: an element twice, a column that is dropped."""
    agreement = MADE.signed.agreement
    first, *others = agreement.datasets
    lines = [ElementTerm(*line, False, f"/datasets/0/elements/{12 + place}") for place, line in enumerate(more)]
    draft = replace(agreement, datasets=(replace(first, elements=(*first.elements, *lines)), *others))
    return rehearse([Rehearsed(draft, frozenset({TUTOR}))], load_catalogue(), load_guardrails()), draft


def unanswered(made: Promise) -> Promise:
    return replace(made, granted=replace(made.granted, accountable={}))


def explained(world: World, dataset: str, *names: str, now: datetime = NOVEMBER, **other: Any) -> RequestExplained:
    return explain_request(world.state(), world.ask(dataset, *names, **other), now)


def codes(found: RequestExplained) -> list[str]:
    return [denial.code for denial in found.reasons]


def test_names_that_nobody_has_are_refused_before_anything_is_explained() -> None:
    with pytest.raises(UnknownElement):
        explained(World(), "students", "shoe_size")


def test_a_stranger_is_told_no_more_than_that() -> None:
    found = explained(World(clients=()), "students")
    assert sentences(found, MADE.signed.agreement) == (
        "Denied at 2026-11-02T09:30:00Z, for 2 reasons.",
        f"1. unknown_client: {UNKNOWN_CLIENT.detail}",
        f"2. no_agreement: {NO_AGREEMENT.detail}",
    )
    assert codes(found) == ["unknown_client", "no_agreement"]
    assert (found.elements, found.ruleset, found.valid_until) == ((), None, None)


def test_a_stopped_client_without_an_agreement_lacks_both() -> None:
    assert codes(explained(World(suspensions=STOPPED), "students", agreement=OTHER)) == [
        "suspended",
        "no_agreement",
    ]


def test_a_client_without_an_agreement_lacks_it_once() -> None:
    assert codes(explained(World(), "students", agreement=OTHER)) == ["no_agreement"]


def test_all_that_stands_against_a_request_is_said_in_the_order_of_the_codes() -> None:
    world = World((unanswered(MADE),), suspensions=STOPPED, guardrails=STRICTER)
    found = explained(world, "students", "sex", "last_name", "first_name", now=AFTER, purpose="mentoring")
    assert codes(found) == [
        "suspended",
        "suspended",
        "agreement_expired",
        "no_responsible_person",
        "purpose_not_covered",
        "element_not_covered",
        "denied_by",
        "denied_by",
    ]
    assert codes(found) == sorted(codes(found), key=[*map(str, Code)].index)
    assert [denial.elements for denial in found.reasons[-3:]] == [("sex",), ("last_name",), ("first_name",)]


def test_a_dataset_that_is_not_covered_has_no_elements_to_miss() -> None:
    assert codes(explained(World(), "courses", "course_title", now=BEFORE)) == [
        "agreement_not_yet_valid",
        "dataset_not_covered",
    ]


@pytest.mark.parametrize("use", [{"sort": "first_name"}, {"filters": {"first_name": "Ana"}}])
def test_what_leaves_no_value_cannot_be_used_and_that_is_said(use: dict[str, Any]) -> None:
    found = explained(World((BLANK,)), "students", **use)
    assert codes(found) == ["element_not_covered"]
    assert found.reasons[0].elements == ("first_name",)


def test_what_everything_granted_lacks_is_no_reason_unless_it_is_all_of_it() -> None:
    assert explained(World(guardrails=STRICTER), "students").reasons == ()
    only = promise(changes={"/datasets/0/elements": [{"element": "000115", "transformation": "exact"}]})
    found = explained(World((only,), guardrails=STRICTER), "students")
    assert [(denial.code, denial.elements) for denial in found.reasons] == [("denied_by", ("first_name",))]


def test_an_answer_that_cannot_be_trusted_leaves_one_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policies.engine.Engine.ask", lambda *_: Verdict(allowed=False, alarm="engine_KeyError"))
    found = explained(World(suspensions=STOPPED), "students")
    assert [denial.facts["alarm"] for denial in found.reasons] == ["engine_KeyError"]
    over_time = explain_element(World().state(), client=TUTOR, agreement=MADE.digest, element="000100")
    assert not isinstance(over_time, Denied)
    assert {each.reasons[0].code for each in over_time} == {"denied_by"}


def test_a_reason_that_only_the_decision_knows_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    later = Denied(Code.DENIED_BY, "A reason of a later release.")
    monkeypatch.setattr("policies.explain.request.decide", lambda *_: later)
    assert explained(World(), "students").reasons == (later,)


def test_several_clauses_for_one_element_are_all_named_with_the_one_that_wins() -> None:
    state, draft = with_lines(("000033", "year"))
    found = explain_request(state, World().ask("students", "birthdate"), NOVEMBER)
    (about,) = found.elements
    assert [(rule.clause, rule.transformation) for rule in about.determining] == [
        ("/datasets/0/elements/12", "year"),
        ("/datasets/0/elements/2", "age_years"),
    ]
    assert (about.transformation, about.strictest) == ("year", "/datasets/0/elements/12")
    assert "/datasets/0/elements/12 is the strictest and wins" in sentences(found, draft)[1]


def test_a_clause_that_drops_a_column_lets_nothing_out() -> None:
    state, _ = with_lines(("000107", "drop"))
    found = explain_request(state, World().ask("students", "exit_date"), NOVEMBER)
    (about,) = found.elements
    assert about.is_covered
    assert (about.leaves, about.strictest) == (False, None)
    assert codes(found) == ["element_not_covered"]


def test_the_district_is_named_where_it_withholds_what_was_signed_and_what_was_not() -> None:
    found = explained(World(guardrails=STRICTER), "students", "first_name", "immigration_status")
    assert [[barrier.reason for barrier in each.barriers] for each in found.elements] == [
        ["No first names here."],
        ["Immigration status is never shared."],
    ]
    said = " ".join(sentences(found, MADE.signed.agreement))
    assert "though it is covered by /datasets/0/elements/0 ('element 000115, transformation exact')" in said
    assert "The district withholds it (guardrails:/never/7): Immigration status is never shared." in said


def test_a_permit_says_its_clauses_in_their_own_words_and_until_when_it_holds() -> None:
    assert sentences(explained(World(), "students", "grade_level"), MADE.signed.agreement) == (
        "Permitted at 2026-11-02T09:30:00Z.",
        f"{LEAVES_AS_IT_IS} /datasets/0/elements/3 ('element 000100, transformation exact').",
        f"This answer holds from 2026-09-01T07:00:00Z until 2027-07-01T07:00:00Z, {UNLESS}.",
    )


def test_a_denial_counts_its_reasons_and_quotes_the_clause_of_each() -> None:
    said = sentences(explained(World(), "students", "sex", now=AFTER), MADE.signed.agreement)
    assert said[0] == "Denied at 2027-07-02T00:00:00Z, for 2 reasons."
    assert said[1].endswith("Clause: /term/last_day ('2027-06-30').")
    assert said[-1].startswith("This answer holds from 2027-07-01T07:00:00Z on")
    one = sentences(explained(World(), "courses", now=BEFORE), None)
    assert one[0] == "Denied at 2026-08-01T00:00:00Z, for 2 reasons."
    assert len(one) == 4


def test_elements_that_nobody_asked_for_by_name_are_counted_not_listed() -> None:
    said = sentences(explained(World(), "students"), MADE.signed.agreement)
    listed = len(MADE.signed.agreement.datasets[0].elements)
    others = len(load_catalogue().in_dataset("students")) - listed
    assert len(said) == 1 + listed + 2
    assert f"No clause in force covers the other {others} elements of students." in said


def test_a_person_who_answers_for_nobody_has_no_clause_to_quote() -> None:
    said = sentences(explained(World((unanswered(MADE),)), "students", "grade_level"), MADE.signed.agreement)
    assert said[0].endswith("for one reason.")
    assert "Clause" not in said[1]


def test_a_clause_that_is_not_there_stands_as_it_is() -> None:
    agreement = MADE.signed.agreement
    assert quoted(agreement, "log:/12") == "log:/12"
    assert quoted(agreement, "/datasets/9") == "/datasets/9"
    assert quoted(agreement, "/datasets/0/school_years") == "/datasets/0/school_years ('2026-2027')"
    assert quoted(agreement, "/population/all") == "/population/all ('2 parts')"
    assert quoted(agreement, "/population/all/0/roster") == "/population/all/0/roster ('yes')"
    assert quoted(replace(agreement, content={"framework": False}), "/framework") == "/framework ('no')"


class TestOverTime:
    def test_without_an_agreement_the_denial_is_all_there_is(self) -> None:
        found = explain_element(World().state(), client=TUTOR, agreement="sha256:0", element="000100")
        assert isinstance(found, Denied)

    def test_what_cannot_be_judged_is_said_as_such(self) -> None:
        state = World().state()
        held = state.slice_for(TUTOR, MADE.digest)
        assert isinstance(held, Slice)
        object.__setattr__(held.rules[-1], "fld", "*")
        found = explain_element(state, client=TUTOR, agreement=MADE.digest, element="000100")
        object.__setattr__(held.rules[-1], "fld", compiled(MADE).rules[-1].fld)
        assert isinstance(found, Denied)
        assert found.facts["alarm"] == "malformed_rule"

    def test_an_element_leaves_from_the_first_to_the_last_day_of_the_term(self) -> None:
        found = explain_element(World().state(), client=TUTOR, agreement=MADE.digest, element="000115")
        assert not isinstance(found, Denied)
        assert [(each.dataset, each.leaves, instant(each.ends)) for each in found] == [
            ("students", False, "2026-09-01T07:00:00Z"),
            ("students", True, "2027-07-01T07:00:00Z"),
            ("students", False, "9999-12-31T23:59:59Z"),
        ]
        said = [stretch_sentence(each, MADE.signed.agreement) for each in found]
        assert said[0].startswith("In students, until 2026-09-01T07:00:00Z: The agreement is in force from")
        assert "leaves as it is" in said[1]

    def test_a_framework_grants_at_no_time_and_an_element_elsewhere_is_named_with_its_dataset(self) -> None:
        found = explain_element(World().state(), client=TUTOR, agreement=MADE.digest, element="000055")
        assert not isinstance(found, Denied)
        assert {each.dataset for each in found} == {"courses"}
        framework = replace(MADE.signed.agreement, framework=True)
        state = rehearse([Rehearsed(framework, frozenset({TUTOR}))], load_catalogue(), load_guardrails())
        whole = explain_element(state, client=TUTOR, agreement=framework.digest, element="000115")
        assert not isinstance(whole, Denied)
        assert [stretch_sentence(each, MADE.signed.agreement) for each in whole] == [
            f"In students, always: {NO_AGREEMENT.detail}"
        ]


@pytest.mark.claim(8)
class TestWhatAPartnerMayRead:
    def test_behind_an_unknown_agreement_nothing_is_told(self) -> None:
        found = for_partner(explained(World(suspensions=STOPPED), "students", agreement=OTHER))
        assert codes(found) == ["suspended"]
        assert (found.decision, found.elements, found.valid_until) == (found.reasons[0], (), None)

    def test_no_entry_of_the_log_and_no_other_party_is_named(self) -> None:
        other = promise(SPS_B)
        stops = (*STOPPED, Suspension(MADE.granted.document.partner.id, 15))
        world = World((MADE, other), suspensions=stops, guardrails=STRICTER)
        found = for_partner(explained(world, "students", "first_name", "sex"))
        assert codes(found) == ["suspended", "element_not_covered", "denied_by"]
        told = repr(replace(found, request=world.ask("students")))
        for secret in ("log:/", other.digest, client_id("other"), "ruleset"):
            assert secret not in told.replace("ruleset=None", "")

    def test_its_own_clauses_and_what_is_the_same_for_everyone_stay(self) -> None:
        found = for_partner(explained(World(guardrails=STRICTER), "students", "first_name"))
        (about,) = found.elements
        assert {rule.clause.partition("/")[0] for rule in about.determining} == {"", "guardrails:"}
        assert [barrier.reason for barrier in about.barriers] == ["No first names here."]
        permit = for_partner(explained(World(), "students", "first_name"))
        assert permit.permitted

    def test_what_went_wrong_inside_is_not_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("policies.engine.Engine.ask", lambda *_: Verdict(allowed=False, alarm="engine_KeyError"))
        found = for_partner(explained(World(), "students"))
        assert found.reasons[0].facts == {}

    def test_a_nearest_clause_of_another_agreement_would_be_left_out(self) -> None:
        found = explained(World(), "students", "sex")
        (about,) = found.elements
        assert about.nearest is not None
        assert for_partner(found).elements[0].nearest == about.nearest
        strange = replace(about, nearest=replace(about.nearest, agreement="sha256:" + "0" * 64))
        assert for_partner(replace(found, elements=(strange,))).elements[0].nearest is None

    def test_a_denial_that_speaks_of_another_agreement_would_lose_its_clause(self) -> None:
        found = explained(World(), "students", "sex")
        strange = Denied(Code.ELEMENT, "No.", facts={"agreement": "sha256:" + "0" * 64, "clause": "/datasets"})
        assert for_partner(replace(found, reasons=(strange,))).reasons[0].facts == {}


WORLDS = (
    World(),
    World((BLANK,)),
    World((promise(SPS_B), MADE)),
    World(suspensions=STOPPED),
    World(guardrails=STRICTER),
    World((unanswered(MADE),)),
)
STATES = {id(world): world.state() for world in WORLDS}
NAMES = ("grade_level", "sex", "first_name", "immigration_status", "birthdate", "enrollment_status")
MOMENTS = (BEFORE, NOVEMBER, AFTER, datetime(2026, 9, 1, 6, 59, 59, tzinfo=UTC), datetime(2026, 9, 1, 7, tzinfo=UTC))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.sampled_from(WORLDS),
    st.one_of(st.none(), st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple)),
    st.one_of(st.none(), st.sampled_from(NAMES)),
    st.sampled_from(("tutoring", "mentoring")),
    st.sampled_from(MOMENTS),
)
def test_the_reasons_are_empty_exactly_for_a_permit_and_begin_with_the_denials_own(
    world: World, names: tuple[str, ...] | None, sort: str | None, purpose: str, now: datetime
) -> None:
    state = STATES[id(world)]
    request = replace(world.ask("students", sort=sort, purpose=purpose), elements=names)
    found = explain_request(state, request, now)
    decision = decide(state, request, now)
    assert found.decision == decision
    assert bool(decision) is (found.reasons == ())
    if isinstance(decision, Denied):
        assert found.reasons[0].code == decision.code
        assert found.reasons[0].facts.get("clause") == decision.facts.get("clause")
    for each in found.elements:
        assert each.leaves is (each.strictest is not None)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(st.sampled_from(WORLDS[:2]), st.sampled_from(("students", "attendance", "courses")), st.sampled_from(MOMENTS))
def test_the_rule_that_casbin_names_is_among_the_determining_clauses(world: World, dataset: str, now: datetime) -> None:
    state = STATES[id(world)]
    held = state.slice_for(TUTOR, world.promises[0].digest)
    assert isinstance(held, Slice)
    for each in explain_request(state, world.ask(dataset), now).elements:
        asked = Question(TUTOR, held.agreement.digest, dataset, each.element, act_of("tutoring"), instant(now))
        named = held.engine(dataset).ask(asked).line
        assert not named or named[8] in {rule.clause for rule in each.determining}
        assert bool(named) is bool(each.determining)


FIELDS = {
    "agreement": "agr",
    "element": "fld",
    "dataset": "obj",
    "purpose": "act",
    "not_before": "now",
    "client": "sub",
}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.sampled_from(("000100", "000255", "000115")),
    st.sampled_from(("students", "courses")),
    st.sampled_from(("tutoring", "mentoring")),
    st.sampled_from((BEFORE, NOVEMBER)),
)
def test_changing_exactly_what_the_nearest_miss_names_makes_that_rule_match(
    element: str, dataset: str, purpose: str, now: datetime
) -> None:
    state = STATES[id(WORLDS[0])]
    request = World().ask(dataset, purpose=purpose)
    held = state.slice_for(TUTOR, MADE.digest)
    assert isinstance(held, Slice)
    for each in explain_request(state, request, now).elements:
        if each.element != element or each.nearest is None:
            continue
        question = Question(TUTOR, MADE.digest, dataset, element, act_of(purpose), instant(now))
        mended = question._replace(**{FIELDS[failed.name]: failed.required for failed in each.nearest.failing})
        (rule,) = [rule for rule in held.rules if rule.clause == each.nearest.clause]
        assert failing(rule, question, held.links) == each.nearest.failing
        assert failing(rule, mended, held.links) == ()
        for left_out in each.nearest.failing:
            back = {FIELDS[left_out.name]: getattr(question, FIELDS[left_out.name])}
            assert failing(rule, mended._replace(**back), held.links) == (left_out,)
