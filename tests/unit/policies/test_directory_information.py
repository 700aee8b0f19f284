"""Directory information: what the notice designates, to whom and when, whatever an agreement says (34 CFR 99.37)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from agreements.elements import load_catalogue
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import MalformedGuardrails
from policies.guardrails import Guardrails, load_guardrails, read_guardrails
from policies.state import Granted
from tests.factories.agreements import Keyring, changed, client_id, client_jwk
from tests.factories.lawful import on
from tests.factories.policy_worlds import ALWAYS, NOVEMBER, TUTOR, World, permitted
from tests.factories.policy_worlds import Promise as Made

TEXT = files("policies").joinpath("guardrails.toml").read_text("utf-8")
NOTICE: Mapping[str, str] = {
    "notice": '"Notice of August 2026"',
    "school_years": '["2026-2027"]',
    "elements": '["000115", "000172", "000100", "001069"]',
    "limited_parties": '["partner:bright-path", "public_agency"]',
}
Edit = Callable[[str], str]
RING = Keyring()


def text(**changes: str) -> str:
    lines = "\n".join(f"{name} = {value}" for name, value in {**NOTICE, **changes}.items())
    before, _, rest = TEXT.partition("[directory]\n")
    return f"{before}[directory]\n{lines}\n\n[cells]{rest.partition('[cells]')[2]}"


def noticed(**changes: str) -> Guardrails:
    return read_guardrails(text(**changes), load_catalogue())


def world(guardrails: Guardrails | None = None, changes: Mapping[str, Any] | None = None) -> World:
    content = changed(on("directory_information"), changes or {})
    signed = RING.agreement(content=content)
    bindings = (RING.binding(signed, client_id("tutor"), [client_jwk("tutor")]).verified(RING),)
    made = Made(signed, Granted(signed.verified(RING), bindings, None, {TUTOR: (ALWAYS,)}))
    return World((made,), guardrails=guardrails or noticed())


def denied(decision: Permit | Denied) -> tuple[str, tuple[str, ...], str]:
    assert isinstance(decision, Denied), decision
    return decision.code, decision.elements, decision.facts.get("clause", "")


# --- The designation


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"notice": '""'}, id="a designation without a notice"),
        pytest.param({"notice": "3"}, id="a notice that is no text"),
        pytest.param(
            {"school_years": "[]", "elements": "[]", "limited_parties": "[]"}, id="a notice that designates nothing"
        ),
        pytest.param({"school_years": '["2026"]'}, id="no school year"),
        pytest.param({"elements": '["001071"]'}, id="the student number"),
        pytest.param({"elements": '["x-social-security-number"]'}, id="the Social Security number"),
        pytest.param({"elements": '["000128"]'}, id="marks"),
        pytest.param({"elements": '["000115", "000115"]'}, id="an element twice"),
        pytest.param({"limited_parties": '["any party", "partner:bright-path"]'}, id="any party and one more"),
        pytest.param({"limited_parties": '"any party"'}, id="parties that are no list"),
        pytest.param({"parties": "[]"}, id="a member nobody reads"),
    ],
)
@pytest.mark.ferpa("L5")
def test_a_designation_that_the_law_does_not_let_a_district_make_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(MalformedGuardrails):
        noticed(**changes)


@pytest.mark.ferpa("L5")
@pytest.mark.claim(2)
def test_without_a_notice_nothing_is_directory_information() -> None:
    assert not load_guardrails().directory.elements
    decision = world(load_guardrails()).decide("students", "first_name")
    assert denied(decision)[0] == "denied_by"


# --- What no agreement widens


@pytest.mark.ferpa("L5")
@pytest.mark.claim(2)
def test_an_element_outside_the_notice_is_denied_though_the_agreement_says_it_is_designated() -> None:
    narrow = world(noticed(elements='["000115", "000100", "001069"]'))
    assert denied(narrow.decide("students", "last_name")) == (
        "denied_by",
        ("last_name",),
        "guardrails:/directory/elements",
    )
    assert [field.name for field in permitted(narrow.decide("students")).fields] == ["first_name", "grade_level"]
    assert "99.37(a)(1)" in str(narrow.decide("students", "last_name"))


@pytest.mark.ferpa("L5")
@pytest.mark.parametrize(
    ("parties", "leaves"),
    [
        ('["partner:yearbook"]', False),
        ('["public_agency"]', False),
        ('["Bright Path Tutoring"]', False),
        ("[]", False),
        ('["partner:bright-path"]', True),
        ('["nonprofit"]', True),
        ('["any party"]', True),
    ],
)
def test_a_party_outside_the_notice_gets_nothing(parties: str, leaves: bool) -> None:
    decision = world(noticed(limited_parties=parties)).decide("students", "first_name")
    if leaves:
        assert permitted(decision).fields[0].name == "first_name"
    else:
        assert denied(decision) == ("denied_by", (), "guardrails:/directory/limited_parties")


@pytest.mark.ferpa("L5")
@pytest.mark.parametrize(
    ("now", "years", "leaves"),
    [
        (NOVEMBER, '["2025-2026"]', False),
        (NOVEMBER, '["2025-2026", "2026-2027"]', True),
        (datetime(2027, 6, 30, 23, 59, tzinfo=UTC), '["2026-2027"]', True),
        (datetime(2027, 7, 1, 6, 59, 59, tzinfo=UTC), '["2026-2027"]', True),
        (datetime(2027, 7, 1, 7, 0, tzinfo=UTC), '["2026-2027"]', False),
        (datetime(2027, 7, 1, 7, 0, tzinfo=UTC), '["2026-2027", "2027-2028"]', True),
    ],
)
def test_directory_information_leaves_in_the_school_years_of_the_notice_only(
    now: datetime, years: str, leaves: bool
) -> None:
    lasting = world(noticed(school_years=years), {"/term/last_day": "2027-12-31"})
    decision = decide(lasting.state(), lasting.ask("students", "first_name"), now)
    if leaves:
        leave = permitted(decision)
        assert leave.valid_from <= now < leave.valid_until
    else:
        assert denied(decision) == ("denied_by", (), "guardrails:/directory/school_years")


def test_the_notice_concerns_no_other_basis() -> None:
    leave = permitted(World(guardrails=noticed(elements='["000138"]')).decide("students", "last_name"))
    assert leave.fields[0].name == "last_name"


# --- Row L6: nobody is confirmed by what is not directory information


@pytest.mark.ferpa("L6")
@pytest.mark.claim(8)
@pytest.mark.parametrize("used", [{"filters": {"student_identifier": "1001"}}, {"sort": "student_identifier"}])
def test_a_search_by_the_student_number_is_refused_before_anybody_is_looked_for(used: dict[str, Any]) -> None:
    there = world().decide("students", "first_name", **used)
    assert denied(there)[:2] == ("element_not_covered", ("student_identifier",))
    if "filters" in used:
        # Whoever has the number, and nobody: one answer, and it does not repeat the number.
        assert world().decide("students", "first_name", filters={"student_identifier": "no such"}) == there
        assert "1001" not in str(there)


@pytest.mark.ferpa("L6")
@pytest.mark.parametrize("name", ["student_identifier", "gpa_cumulative", "social_security_number", "last_name"])
def test_no_filter_sort_or_field_acts_on_what_is_not_designated(name: str) -> None:
    narrow = world(noticed(elements='["000115", "000100", "001069"]'))
    answers = [
        narrow.decide("students", name),
        narrow.decide("students", "first_name", sort=name),
        narrow.decide("students", "first_name", filters={name: "x"}),
    ]
    assert all(isinstance(answer, Denied) and answer.elements == (name,) for answer in answers)
    assert len({denied(answer) for answer in answers}) == 1


@pytest.mark.ferpa("L6")
@pytest.mark.parametrize(
    ("elements", "population", "leaves"),
    [
        ('["000115", "000172", "000100"]', {}, False),
        (NOTICE["elements"], {"in": {"column": "program_type", "values": ["Career and Technical Education"]}}, False),
        (NOTICE["elements"], {"in": {"column": "grade_level", "values": ["12"]}}, True),
    ],
    ids=["schools that the notice does not designate", "kinds of programs", "a designated grade level"],
)
def test_who_is_covered_does_not_depend_on_what_is_not_directory_information(
    elements: str, population: dict[str, Any], leaves: bool
) -> None:
    changes = {"/population/all/2": population} if population else {}
    decision = world(noticed(elements=elements), changes).decide("students", "first_name")
    if leaves:
        assert permitted(decision).fields
    else:
        assert denied(decision) == ("denied_by", (), "guardrails:/directory/population")
