"""Refusals first: every reason, in its order, and what it says and does not say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from agreements.elements import load_catalogue
from policies.compile import Suspension
from policies.decide import _SHAPES, _judge, decide
from policies.decision import Permit
from policies.errors import (
    ClockWithoutZone,
    NothingAsked,
    PolicyError,
    UnclearRequest,
    UnknownDataset,
    UnknownElement,
)
from policies.guardrails import read_guardrails
from policies.population import parse
from policies.reasons import Code
from policies.slice import Slice
from policies.state import PolicyState
from policies.table import Table, build_table
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import NOVEMBER, TUTOR, Promise, World, compiled, denied, permitted, promise

AFTER = datetime(2027, 7, 2, tzinfo=UTC)
BEFORE = datetime(2026, 8, 1, tzinfo=UTC)
STRICTER = read_guardrails(
    files("policies").joinpath("guardrails.toml").read_text("utf-8")
    + '\n[[never]]\nelement = "000115"\nreason = "No first names here."\n'
    + '\n[[never]]\nelement = "000172"\nreason = "No last names here."\n',
    load_catalogue(),
)
SUSPENDED = (Suspension(TUTOR, 12),)


def unanswered(made: Promise) -> Promise:
    """The same promise, with nobody to answer for its clients."""
    return replace(made, granted=replace(made.granted, accountable={}))


class TestUnclearRequests:
    """Answered before anything is judged, so the answer is the same for everybody."""

    @pytest.mark.parametrize(
        ("error", "changes"),
        [
            (UnknownDataset, {"dataset": "lunches"}),
            (UnknownDataset, {"dataset": ""}),
            (UnknownElement, {"elements": ("grade_level", "shoe_size")}),
            (UnknownElement, {"elements": ("days_absent",)}),
            (UnknownElement, {"elements": ("",)}),
            (UnknownElement, {"elements": ("*",)}),
            (UnknownElement, {"elements": ("000100",)}),
            (UnknownElement, {"filters": {"shoe_size": "44"}}),
            (UnknownElement, {"sort": "shoe_size"}),
            (UnknownElement, {"sort": ""}),
            (NothingAsked, {"elements": ()}),
        ],
    )
    @pytest.mark.parametrize("world", [World(), World((promise(),), SUSPENDED, ()), World(suspensions=SUSPENDED)])
    def test_they_are_refused_whoever_asks(
        self, world: World, error: type[PolicyError], changes: Mapping[str, Any]
    ) -> None:
        with pytest.raises(error) as refused:
            world.decide(**{"dataset": "students", **changes})
        assert isinstance(refused.value, UnclearRequest)
        assert "shoe" not in str(refused.value)
        assert "shoe" not in refused.value.public_detail

    def test_a_clock_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ClockWithoutZone):
            World().decide("students", now=datetime(2026, 11, 2))  # noqa: DTZ001 -- the refusal of exactly this


BOUND: list[Code] = [code for code in Code if code not in {Code.BEARER, Code.ADDRESS}]
"""The reasons against a request whose token is bound to a key; `test_bearer.py` has the others."""


class TestReasonsInTheirOrder:
    """Each world also has every later reason: the first one is given."""

    @pytest.mark.parametrize("code", BOUND)
    def test_the_first_reason_is_given(self, code: Code) -> None:
        step = BOUND.index(code)
        world = World(
            clients=() if step < 1 else (TUTOR,),
            suspensions=SUSPENDED if step < 2 else (),
            guardrails=STRICTER,
            promises=(promise() if step > 5 else unanswered(promise()),),
        )
        digest = world.promises[0].digest if step > 2 else "sha256:" + "0" * 64
        now = BEFORE if step == 3 else AFTER if step == 4 else NOVEMBER
        dataset = "assessments" if step < 7 else "students"
        purpose = "mentoring" if step < 8 else "tutoring"
        elements = ("school_year",) if step < 7 else ("sex", "first_name") if step < 9 else ("first_name",)
        decision = world.decide(dataset, *elements, agreement=digest, purpose=purpose, now=now)
        assert denied(decision).code == code

    def test_one_after_the_other_is_the_documented_order(self) -> None:
        assert list(Code) == [
            "unknown_client",
            "suspended",
            "no_agreement",
            "agreement_not_yet_valid",
            "agreement_expired",
            "no_responsible_person",
            "bearer_not_covered",
            "address_not_covered",
            "dataset_not_covered",
            "purpose_not_covered",
            "element_not_covered",
            "denied_by",
        ]


class TestEnds:
    def test_who_is_replaced_is_not_told_to_destroy_what_the_next_version_lets_them_keep(self) -> None:
        made = promise()
        replaced = Promise(made.signed, replace(made.granted, until=datetime(2026, 11, 1, tzinfo=UTC)))
        for world, now, said in (
            (World((replaced,)), NOVEMBER, ("a later version of it took over", "2026-11-01T00:00:00Z")),
            (World(), AFTER, ("What it says about destruction applies now.", "2027-07-01T07:00:00Z")),
        ):
            ended = denied(world.decide("students", now=now))
            assert ended.code == "agreement_expired"
            assert [text in ended.detail for text in said] == [True, True]
            assert ("destruction" in ended.detail) is ("later version" not in ended.detail)


class TestStops:
    @pytest.mark.parametrize("concerns", [TUTOR, "partner:bright-path", "agreement"])
    def test_a_suspended_client_partner_or_agreement_gets_nothing(self, concerns: str) -> None:
        digest = promise().digest
        world = World(suspensions=(Suspension(digest if concerns == "agreement" else concerns, 12),))
        decision = denied(world.decide("students"))
        assert (decision.code, decision.facts["clause"]) == ("suspended", "log:/12")

    def test_the_stop_is_told_even_after_the_term(self) -> None:
        assert denied(World(suspensions=SUSPENDED).decide("students", now=AFTER)).code == "suspended"

    def test_the_stop_of_another_client_of_the_same_agreement_stops_only_that_one(self) -> None:
        world = World((promise(clients=("tutor", "other")),), (Suspension(client_id("other"), 12),))
        assert world.decide("students")

    @pytest.mark.ferpa("S5")
    def test_an_agreement_that_was_revoked_is_no_agreement(self) -> None:
        world = World()
        request = world.ask("students")
        world.promises = (promise(SPS_B),)
        assert denied(decide(world.state(), request, NOVEMBER)).code == "no_agreement"

    def test_a_client_the_agreement_does_not_name_has_no_agreement(self) -> None:
        world = World(clients=(TUTOR, client_id("stranger")))
        assert denied(world.decide("students", client=client_id("stranger"))).code == "no_agreement"

    def test_a_new_epoch_forgets_what_the_old_one_allowed(self) -> None:
        world = World()
        assert world.decide("students")
        world.epoch, world.suspensions = 2, SUSPENDED
        assert denied(world.decide("students")).code == "suspended"


class TestElements:
    def test_one_element_that_is_not_granted_refuses_the_whole_request(self) -> None:
        decision = denied(World().decide("students", "grade_level", "sex", "birthdate", "race", "sex"))
        assert decision.code == "element_not_covered"
        assert decision.elements == ("sex", "race")
        assert decision.facts["clause"] == "/datasets/0/elements"
        assert "sex, race" in decision.detail

    def test_the_place_is_that_of_the_dataset_asked(self) -> None:
        decision = denied(World().decide("attendance", "chronic_absenteeism"))
        assert decision.facts["clause"] == "/datasets/1/elements"

    @pytest.mark.parametrize("used", [{"filters": {"sex": "F"}}, {"sort": "sex"}])
    def test_what_is_not_granted_is_neither_filtered_on_nor_sorted_by(self, used: Mapping[str, Any]) -> None:
        decision = denied(World().decide("students", "grade_level", **used))
        assert (decision.code, decision.elements) == ("element_not_covered", ("sex",))
        assert denied(World().decide("students", **used)).elements == ("sex",)

    @pytest.mark.parametrize("used", [{"filters": {"first_name": "Ada"}}, {"sort": "first_name"}])
    def test_a_blanked_value_is_neither_filtered_on_nor_sorted_by(self, used: Mapping[str, Any]) -> None:
        world = World((promise(changes={"/datasets/0/elements/0/transformation": "blank"}),))
        assert permitted(world.decide("students", "first_name")).fields[0].transformation == "blank"
        assert denied(world.decide("students", **used)).elements == ("first_name",)

    def test_a_guardrail_refuses_what_the_agreement_grants_and_says_why(self) -> None:
        decision = denied(World(guardrails=STRICTER).decide("students", "first_name", "grade_level"))
        assert (decision.code, decision.elements) == ("denied_by", ("first_name",))
        assert decision.facts["clause"] == "guardrails:/never/9"
        assert "No first names here." in decision.detail

    def test_what_a_guardrail_withholds_is_left_out_of_all_that_is_granted(self) -> None:
        names = {field.name for field in permitted(World(guardrails=STRICTER).decide("students")).fields}
        assert "grade_level" in names
        assert not names & {"first_name", "last_name"}

    def test_missing_elements_are_named_before_withheld_ones(self) -> None:
        decision = denied(World(guardrails=STRICTER).decide("students", "first_name", "sex"))
        assert (decision.code, decision.elements) == ("element_not_covered", ("sex",))

    def test_an_agreement_of_which_guardrails_leave_nothing_is_denied(self) -> None:
        only_name = {"/datasets/0/elements": [{"element": "000115", "transformation": "exact"}]}
        decision = denied(World((promise(changes=only_name),), guardrails=STRICTER).decide("students"))
        assert (decision.code, decision.elements) == ("denied_by", ("first_name",))


def two_clauses(transformation: str) -> Slice:
    """A slice in which a second clause gives the birthdate in another way."""
    made = promise()
    ruleset = compiled(made)
    first = next(rule for rule in ruleset.rules if rule.fld == "000033")
    second = replace(first, clause="/datasets/0/elements/99")
    return Slice(
        TUTOR,
        made.signed.agreement,
        replace(
            ruleset,
            rules=(*ruleset.rules, second),
            released={**ruleset.released, second.clause: transformation},
        ),
        epoch=1,
        catalogue=load_catalogue(),
        guardrails=STRICTER,
    )


class TestSeveralClauses:
    @pytest.mark.parametrize(("second", "wins"), [("exact", "age_years"), ("year", "year"), ("blank", "blank")])
    def test_the_strictest_wins_and_all_are_named(self, second: str, wins: str) -> None:
        field = build_table(two_clauses(second), "students", "tutoring", NOVEMBER).granted["birthdate"]
        assert field.transformation == wins
        assert field.clauses == ("/datasets/0/elements/2", "/datasets/0/elements/99")

    def test_without_any_clause_there_is_no_agreement(self) -> None:
        made = promise()
        empty = replace(compiled(made), rules=())
        held = Slice(TUTOR, made.signed.agreement, empty, epoch=1, catalogue=load_catalogue(), guardrails=STRICTER)
        table = build_table(held, "students", "tutoring", NOVEMBER)
        assert denied(_judge(table, (None, (), None))).code == "no_agreement"

    def test_a_clause_that_drops_the_element_covers_nothing(self) -> None:
        table = build_table(two_clauses("drop"), "students", "tutoring", NOVEMBER)
        assert "birthdate" not in table.granted
        assert not table.withheld["birthdate"].clause


def engine_of(state: PolicyState, world: World, dataset: str = "students") -> Any:
    held = state.slice_for(TUTOR, world.promises[0].digest)
    assert isinstance(held, Slice)
    return held.engine(dataset)._casbin


class Fixed:
    """A matcher that always says the same."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def eval(self, _: object) -> bool:
        return self.answer


class TestAlarms:
    """Whatever cannot be judged is denied, and somebody is told."""

    @staticmethod
    def alarm_of(state: PolicyState, world: World) -> str:
        decision = denied(decide(state, world.ask("students"), NOVEMBER))
        assert decision.code == "denied_by"
        return decision.facts["alarm"]

    def test_a_fault_in_casbin_spoils_the_whole_table(self) -> None:
        world = World()
        state = world.state()
        engine_of(state, world).enabled = False
        assert self.alarm_of(state, world) == "engine_disabled"

    def test_casbin_and_our_own_reading_must_agree(self) -> None:
        world = World()
        state = world.state()
        engine_of(state, world)._expression = Fixed(False)
        assert self.alarm_of(state, world) == "readings_differ"

    def test_a_matcher_that_matches_everything_meets_the_sentinel(self) -> None:
        world = World()
        state = world.state()
        engine_of(state, world)._expression = Fixed(True)
        assert self.alarm_of(state, world) == "rule_not_determining"

    def test_the_rule_casbin_names_must_be_one_that_matches(self) -> None:
        world = World()
        state = world.state()
        casbin = engine_of(state, world)
        original = casbin.enforce_ex
        casbin.enforce_ex = lambda *values: (original(*values)[0], list(compiled(promise(SPS_B)).rules[0].line))
        assert self.alarm_of(state, world) == "rule_not_determining"

    def test_a_rule_that_was_tampered_with_stops_the_engine(self) -> None:
        world = World()
        state = world.state()
        held = state.slice_for(TUTOR, world.promises[0].digest)
        assert isinstance(held, Slice)
        object.__setattr__(held.rules[-1], "fld", "*")
        assert self.alarm_of(state, world) == "malformed_rule"

    def test_an_agreement_that_cannot_be_compiled_is_denied(self) -> None:
        a, b = promise(), promise(SPS_B)
        crossed = replace(a, granted=replace(a.granted, bindings=(*a.granted.bindings, *b.granted.bindings)))
        world = World((crossed,))
        assert self.alarm_of(world.state(), world) == "uncompilable_agreement"


class TestPermits:
    @pytest.mark.parametrize("seal", [None, True, object()])
    def test_nobody_but_a_decision_makes_one_or_copies_one(self, seal: object) -> None:
        made = permitted(World().decide("students"))
        with pytest.raises(TypeError, match="Only a decision"):
            replace(made, epoch=2, seal=seal)
        with pytest.raises(ValueError, match="seal"):
            replace(made, epoch=2)  # type: ignore[call-arg] # what a caller might try

    def test_it_holds_all_that_the_reader_needs(self) -> None:
        world = World()
        agreement = world.promises[0].signed.agreement
        permit = permitted(
            world.decide("students", "birthdate", "grade_level", filters={"grade_level": "09"}, sort="last_name")
        )
        assert [field.name for field in permit.fields] == ["birthdate", "grade_level"]
        assert permit.fields[0].transformation == "age_years"
        assert permit.fields[0].clauses == ("/datasets/0/elements/2",)
        assert permit.filters == ((permit.fields[1], "09"),)
        assert permit.sort is not None
        assert permit.sort.name == "last_name"
        assert (permit.client, permit.agreement, permit.purpose, permit.dataset, permit.epoch) == (
            TUTOR,
            agreement.digest,
            "tutoring",
            "students",
            1,
        )
        assert permit.rows.population == parse(agreement.population)
        assert permit.rows.element_order == agreement.element_ids
        assert (permit.rows.basis, permit.rows.school_years, permit.rows.time_zone, permit.rows.cadence) == (
            "consent",
            ("2026-2027",),
            "America/Los_Angeles",
            "weekly",
        )
        assert permit.notices == (agreement.obligations.redisclosure_notice,)
        assert not permit.ferpa_9932_required
        assert permit.ruleset_digest == compiled(world.promises[0]).digest
        assert permit.valid_from <= NOVEMBER < permit.valid_until

    def test_fields_stand_in_the_order_of_the_catalogue_each_once(self) -> None:
        order = [element.name for element in load_catalogue().in_dataset("students")]
        asked = permitted(World().decide("students", "grade_level", "first_name", "grade_level"))
        assert [field.name for field in asked.fields] == ["first_name", "grade_level"]
        every = [field.name for field in permitted(World().decide("students")).fields]
        assert every == sorted(every, key=order.index)

    def test_a_remembered_decision_is_the_same_object_and_keeps_no_filter_value(self) -> None:
        world = World()
        state, request = world.state(), world.ask("students", filters={"grade_level": "09"})
        first = permitted(decide(state, request, NOVEMBER))
        second = permitted(decide(state, replace(request, filters={"grade_level": "10"}), NOVEMBER))
        assert (first.filters[0][1], second.filters[0][1]) == ("09", "10")
        table = state.table_for(TUTOR, request.agreement, "students", "tutoring", NOVEMBER)
        assert isinstance(table, Table)
        assert [decision.filters for decision in table.decisions.values() if decision] == [()]
        plain = replace(request, filters={})
        assert decide(state, plain, NOVEMBER) is decide(state, plain, NOVEMBER)

    def test_inventing_shapes_does_not_fill_the_memory(self) -> None:
        world = World()
        state = world.state()
        names = [field.name for field in permitted(world.decide("students")).fields]
        for number in range(_SHAPES + 5):
            asked = tuple(name for bit, name in enumerate(names) if (number + 1) >> bit & 1)
            assert isinstance(decide(state, world.ask("students", *asked), NOVEMBER), Permit)
        table = state.table_for(TUTOR, world.promises[0].digest, "students", "tutoring", NOVEMBER)
        assert isinstance(table, Table)
        assert len(table.decisions) <= _SHAPES

    def test_the_order_in_which_agreements_are_given_does_not_show(self) -> None:
        pair = (promise(), promise(SPS_B))
        request = World(pair).ask("students")
        decisions = [decide(World(order).state(), request, NOVEMBER) for order in (pair, pair[::-1])]
        assert decisions[0] == decisions[1]


def test_every_error_has_its_own_code_and_a_remedy() -> None:
    def below(kind: type[PolicyError]) -> list[type[PolicyError]]:
        return [kind, *(found for child in kind.__subclasses__() for found in below(child))]

    kinds = below(PolicyError)
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind("What happened.").public_detail == f"What happened. {kind.remedy}"
    assert PolicyError("For the log.", public_detail="For people.").public_detail == "For people."


def test_an_engine_holds_only_rules_about_its_dataset() -> None:
    world = World()
    loaded = engine_of(world.state(), world, "attendance").get_policy()
    assert {line[2] for line in loaded} == {"attendance", "nothing"}
