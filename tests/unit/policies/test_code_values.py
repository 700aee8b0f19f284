"""What the values of coded elements tell: closed unless somebody judged them, in values, rows and populations."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from agreements.basis import Basis
from agreements.elements import load_catalogue
from policies.code_values import NOTHING, row_leaves
from policies.decision import Denied
from policies.errors import MalformedGuardrails
from policies.guardrails import Guardrails, load_guardrails, read_guardrails
from tests.factories.agreements import SPS_B
from tests.factories.policy_worlds import World, permitted, promise

RULES = files("policies").joinpath("guardrails.toml").read_text("utf-8")
TEXT = files("policies").joinpath("code_values.toml").read_text("utf-8")
EXIT, DIPLOMA, PROGRAM = "000110", "000138", "000225"
CODES = load_guardrails().codes
Edit = Callable[[str], str]


def read(text: str) -> Guardrails:
    return read_guardrails(RULES, load_catalogue(), text)


# --- The file


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda text: text + "not toml", id="not TOML"),
        pytest.param(lambda text: text.replace("version = 1", "version = 2"), id="another version"),
        pytest.param(lambda text: text.replace("version = 1", "version = 1\nextra = 1"), id="a member nobody reads"),
        pytest.param(lambda text: text.replace('"discipline", "programs"]', '"lunch"]'), id="unknown dataset"),
        pytest.param(lambda text: text.replace("never =", "nevre ="), id="misspelt member"),
        pytest.param(lambda text: text.replace('"34 CFR 300.622" =', '"34 CFR 300.623" ='), id="law without a gate"),
        pytest.param(lambda text: text.replace('"01931",', '"01907",'), id="a value judged twice in one list"),
        pytest.param(lambda text: text.replace('never = ["01923"', 'never = ["01907"'), id="a value judged both ways"),
        pytest.param(lambda text: text.replace('never = ["01923"', "never = [1923"), id="a value that is no text"),
        pytest.param(lambda text: text.replace('never = ["04957",', 'never = "04957" #'), id="values are no list"),
        pytest.param(lambda text: text.replace('"000255", ', ""), id="a text element that nobody judged"),
        pytest.param(lambda text: text.replace('"000255", ', '"000255", "000094", '), id="plain and coded at once"),
        pytest.param(lambda text: text.replace('"000255", ', '"000255", "000092", '), id="plain beside its own gate"),
        pytest.param(
            lambda text: text.replace('"000100", ', "") + '\n[elements."000100"]\nopen = ["09"]\n',
            id="a coded element that leaves in other forms",
        ),
    ],
)
def test_a_classification_that_leaves_something_unjudged_is_refused(edit: Edit) -> None:
    assert edit(TEXT) != TEXT
    with pytest.raises(MalformedGuardrails):
        read(edit(TEXT))


def test_a_changed_judgement_changes_the_digest_of_the_guardrails() -> None:
    assert read("# a remark\n" + TEXT).digest == load_guardrails().digest
    assert read(TEXT.replace('"Moved abroad",', "")).digest != load_guardrails().digest


def test_a_dataset_of_which_a_student_has_many_rows_withholds_whole_rows() -> None:
    assert CODES.whole_rows == {"courses", "assessments", "discipline", "programs"}


# --- Values


@pytest.mark.parametrize("basis", [*Basis, "unheard_of"])
@pytest.mark.parametrize("value", ["Whatever our own system writes", "special education", "01907 ", ""])
@pytest.mark.ferpa("M2")
def test_a_value_that_nobody_classified_leaves_under_no_basis(basis: str, value: str) -> None:
    for element in CODES.coded:
        told = CODES.leaving(element, basis)
        assert told is not None
        assert value not in told.values


@pytest.mark.parametrize(
    ("element", "value"),
    [
        (PROGRAM, "Nutrition"),
        (PROGRAM, "76000"),
        (PROGRAM, "Special Education"),
        (PROGRAM, "Section 504"),
        (EXIT, "Reached maximum age for services"),
        (EXIT, "01925"),
        (DIPLOMA, "Certificate of attendance"),
        ("000626", "Food Service"),
        ("000067", "English Language Development"),
        ("000028", "English Language Proficiency"),
    ],
)
@pytest.mark.ferpa("M2")
def test_a_value_that_tells_a_gated_status_leaves_under_the_bases_of_that_gate_only(element: str, value: str) -> None:
    opens = {basis for basis in Basis if value in (CODES.leaving(element, basis) or NOTHING).values}
    assert opens == {Basis.CONSENT}


def test_a_value_that_is_never_shared_stays_even_with_consent() -> None:
    for element, value in ((EXIT, "01923"), (PROGRAM, "Immigrant education")):
        assert all(value not in (CODES.leaving(element, basis) or NOTHING).values for basis in Basis)


def test_an_element_without_codes_is_not_limited_and_an_unknown_basis_opens_nothing() -> None:
    assert CODES.leaving("000115", "consent") is None
    assert CODES.leaving(EXIT, "unheard_of") == NOTHING


@pytest.mark.claim(2)
def test_a_permit_carries_the_values_that_may_leave_for_the_basis_of_its_agreement() -> None:
    line = {"/datasets/0/elements/0": {"element": EXIT, "transformation": "exact"}}
    for name in ("sps-a-tutoring-consent.yaml", SPS_B):
        world = World((promise(name, changes=line),))
        leave = permitted(world.decide("students", "exit_type", "grade_level", sort="exit_type"))
        basis = world.promises[0].signed.agreement.basis
        codes = {field.element: field.codes for field in leave.fields}
        assert codes == {EXIT: CODES.leaving(EXIT, basis), "000100": None}
        assert leave.sort is not None
        assert leave.sort.codes == codes[EXIT]
    assert CODES.leaving(EXIT, "consent") != CODES.leaving(EXIT, "school_official")


# --- Rows


ROW = {"000625": "ECS-READ", "000626": "Reading Intervention", PROGRAM: "Academic Intervention"}


@pytest.mark.parametrize(
    ("change", "leaves"),
    [
        ({}, True),
        ({"000626": None}, True),
        ({PROGRAM: "Special Education"}, False),
        ({"000626": "Food Service"}, False),
        ({"000625": "ECS-9000"}, False),
        (dict.fromkeys(ROW), False),
    ],
    ids=["all open", "one unknown", "gated kind", "gated name", "unclassified id", "nothing known"],
)
@pytest.mark.ferpa("M2")
def test_one_value_that_may_not_leave_withholds_the_whole_row(change: dict[str, str | None], leaves: bool) -> None:
    codes = CODES.row_codes("programs", "school_official", load_catalogue())
    assert set(ROW) < set(codes)
    assert row_leaves(codes, {**ROW, **change}) is leaves


def test_rows_with_gated_codes_leave_whole_under_the_basis_of_the_gate() -> None:
    codes = CODES.row_codes("programs", "consent", load_catalogue())
    assert row_leaves(codes, {**ROW, PROGRAM: "Special Education"})
    assert not row_leaves(codes, {**ROW, PROGRAM: "Immigrant education"})
    assert not row_leaves(CODES.row_codes("programs", "unheard_of", load_catalogue()), ROW)


@pytest.mark.ferpa("M2")
@pytest.mark.claim(2)
def test_a_permit_withholds_whole_rows_by_every_code_of_its_dataset_asked_for_or_not() -> None:
    world = World(promises=(promise("renton-cbo-consent.yaml"),))
    held = permitted(world.decide("courses", "school_year"))
    assert {element for element, _ in held.row_codes} == {"000055", "000067"}
    assert dict(held.row_codes) == CODES.row_codes("courses", "consent", load_catalogue())
    assert permitted(World().decide("students", "grade_level")).row_codes == ()


def test_rows_that_are_about_something_else_lose_the_value_and_not_the_row() -> None:
    codes = CODES.row_codes("students", "school_official", load_catalogue())
    assert codes == {}
    assert row_leaves(codes, {EXIT: "01925"})


# --- Populations


def among(word: str, *values: str) -> dict[str, Any]:
    return {word: {"column": "program_type", "values": list(values)}}


def world(condition: dict[str, Any], name: str = SPS_B) -> World:
    return World((promise(name, changes={"/population/all/1": condition}),))


@pytest.mark.parametrize(
    "condition",
    [
        among("in", "Special Education"),
        among("in", "Career and Technical Education", "Nutrition"),
        among("in", "a program of our own"),
        among("not_in_known", "Special Education"),
        among("not_in_known", "Career and Technical Education"),
        {"known": {"column": "program_type"}},
        {"any": [{"roster": True}, {"all": [among("in", "76000")]}]},
    ],
    ids=["gated", "one of two", "unclassified", "all but gated", "all but open", "any program", "deep inside"],
)
@pytest.mark.ferpa("M2")
@pytest.mark.claim(2)
def test_a_population_that_would_tell_a_guarded_status_lets_nothing_leave(condition: dict[str, Any]) -> None:
    decision = world(condition).decide("students", "grade_level")
    assert isinstance(decision, Denied)
    assert (decision.code, decision.facts["clause"]) == ("denied_by", "guardrails:/code_values/population")
    assert decision.detail.startswith("Nothing can leave under this agreement. Who is covered")
    assert isinstance(world(condition).decide("attendance"), Denied)


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        (among("in", "Career and Technical Education", "04906"), SPS_B),
        (among("in", "Special Education"), "sps-a-tutoring-consent.yaml"),
        ({"known": {"column": "grade_level"}}, SPS_B),
    ],
    ids=["open kinds", "gated with consent", "another column"],
)
def test_a_population_that_tells_nothing_guarded_is_served(condition: dict[str, Any], name: str) -> None:
    leave = permitted(world(condition, name).decide("students", "grade_level"))
    assert [field.name for field in leave.fields] == ["grade_level"]
