"""Policy tests as files: read strictly, run on rehearsals, and honest about what they do not look at."""

from importlib.resources import files
from pathlib import Path

import pytest

from agreements.document import Agreement, parse_agreement
from agreements.elements import load_catalogue
from policies.errors import MalformedExpectations
from policies.expectations.form import read_policy_test
from policies.expectations.running import Outcome, run_policy_test
from policies.expectations.untouched import Untouched, untouched
from policies.guardrails import Guardrails, load_guardrails, read_guardrails
from tests.factories.agreements import SPS_A

EXAMPLES = Path(str(files("agreements").joinpath("examples")))
SHIPPED = sorted((EXAMPLES / "expectations").glob("*.policy.yaml"))
HEAD = f"format: pactgate-policy-test/1\nagreement: {SPS_A}\n"
NOT_COVERED = "denied element_not_covered; clause /datasets/0/elements; elements [sex]"
ROSTER, NO_SUCH = "/population/roster", "and no such condition"
ENROLLED = "{enrollments: [{school: ECS-101}], roster: true, consent: all}"


def case(given: str, expect: str) -> str:
    return f"{HEAD}expectations:\n  - name: one\n    given: {given}\n    expect: {expect}\n"


def agreement() -> Agreement:
    return parse_agreement((EXAMPLES / SPS_A).read_bytes(), load_catalogue())


def run(text: str, guardrails: Guardrails | None = None) -> tuple[Outcome, ...]:
    return run_policy_test(
        read_policy_test(text.encode()), agreement(), load_catalogue(), guardrails or load_guardrails()
    )


def differences(given: str, expect: str) -> tuple[str, ...]:
    (outcome,) = run(case(given, expect))
    assert outcome.passed is (not outcome.differences)
    return outcome.differences


@pytest.mark.parametrize(
    ("text", "line", "about"),
    [
        ("- a\n", 1, "Expected `object`"),
        (HEAD, 1, "missing required field `expectations`"),
        (f"{HEAD}expectations: []\n", 3, "length >= 1"),
        (f"{HEAD}lines: [1]\nexpectations: []\n", 3, "unknown field `lines`"),
        (case("{dataset: students, element: [sex]}", "{denied: suspended}"), 5, "unknown field `element`"),
        (case("{dataset: students, stopped: [me]}", "{denied: suspended}"), 5, "Invalid enum value 'me'"),
        (case("{dataset: students, student: {age: 17}}", "{row: true}"), 5, "unknown field `age`"),
        (case("{dataset: students, filters: {sex: 1}}", "{denied: suspended}"), 5, "Expected `str`"),
        (case("{dataset: students}", "{}"), 4, "expect one of"),
        (case("{dataset: students}", "{denied: suspended, permit: {}}"), 4, "expect one of"),
        (case("{dataset: students}", "{permit: {}, clause: /term}"), 4, "`clause` goes with `denied`"),
        (case("{dataset: students}", "{denied: suspended, values: [sex]}"), 4, "`values` goes with `row`"),
        (case(f"{{dataset: students, student: {ENROLLED}}}", "{row: true, because: consent}"), 4, "`because` with"),
        (case(f"{{dataset: students, student: {ENROLLED}}}", "{row: false, values: [sex]}"), 4, "`values` goes with"),
        (case("{}", "{denied: suspended}"), 4, "say the `dataset`"),
        (case("{dataset: students}", "{row: true}"), 4, "depends on the `student`"),
        (case(f"{{dataset: students, student: {ENROLLED}}}", "{permit: {}}"), 4, "only where a `row`"),
    ],
)
def test_a_file_that_would_test_something_else_is_refused_with_its_line(text: str, line: int, about: str) -> None:
    with pytest.raises(MalformedExpectations) as refused:
        read_policy_test(text.encode())
    assert str(refused.value).startswith(f"Line {line}: ")
    assert about in str(refused.value)


def test_what_is_not_yaml_is_refused() -> None:
    with pytest.raises(MalformedExpectations):
        read_policy_test(b"given: *anchor")


def test_two_expectations_of_one_name_are_refused() -> None:
    two = case("{dataset: students}", "{denied: suspended}") + "  - name: one\n    expect: {denied: suspended}\n"
    with pytest.raises(MalformedExpectations, match="Line 7: another expectation has this name"):
        read_policy_test(two.encode())


@pytest.mark.parametrize(
    ("given", "expect", "about"),
    [
        ("{dataset: students, at: someday}", "{denied: suspended}", "no day"),
        (
            "{dataset: students, student: {enrollments: [{}], roster: true, consent: [shoe_size]}}",
            "{row: true}",
            "has no element 'shoe_size'",
        ),
    ],
)
def test_a_time_or_an_element_that_is_none_is_refused_when_it_is_run(given: str, expect: str, about: str) -> None:
    with pytest.raises(MalformedExpectations, match=about):
        run(case(given, expect))


@pytest.mark.parametrize(
    ("given", "expect", "difference"),
    [
        (
            "{dataset: students, elements: [sex]}",
            "{permit: {sex: exact}}",
            f"permit: expected {{sex: exact}}, found {NOT_COVERED}",
        ),
        (
            "{dataset: students, elements: [sex]}",
            "{denied: denied_by, clause: /term, elements: [grade_level]}",
            "elements: expected [grade_level], found [sex]",
        ),
        (
            "{dataset: students, elements: [birthdate]}",
            "{denied: suspended}",
            "denied: expected suspended, found permit {birthdate: age_years}",
        ),
        (
            f"{{dataset: students, elements: [first_name], student: {ENROLLED}}}",
            "{row: false, because: consent}",
            "row: expected false, found true",
        ),
        (
            f"{{dataset: students, elements: [first_name], student: {ENROLLED}}}",
            "{row: true, values: [first_name, last_name]}",
            "values: expected [first_name, last_name], found [first_name]",
        ),
        (
            f"{{dataset: students, elements: [first_name], student: {ENROLLED}}}",
            "{row: false, because: /population/all/0/roster}",
            "because: expected that /population/all/0/roster does not hold, found that it does",
        ),
        (
            "{dataset: students, elements: [first_name], student: {enrollments: [{}]}}",
            "{row: false, because: /population/roster}",
            f"because: expected that {ROSTER} does not hold, found row false; because population, {NO_SUCH}",
        ),
        (
            f"{{dataset: students, stopped: [client], student: {ENROLLED}}}",
            "{row: false, because: /population/roster}",
            "row: expected false, found denied suspended; clause log:/1",
        ),
        ("{dataset: lunches}", "{denied: suspended}", "denied: expected suspended, found unknown_dataset"),
    ],
)
def test_what_differs_is_said_with_both_values(given: str, expect: str, difference: str) -> None:
    assert difference in differences(given, expect)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-08-31", "agreement_not_yet_valid"),
        ("2026-09-01T06:59:59Z", "agreement_not_yet_valid"),
        ("2026-08-31T23:59:59", "agreement_not_yet_valid"),
        ("2027-07-01T00:00:00", "agreement_expired"),
    ],
)
def test_a_time_without_a_zone_is_the_agreements_own_and_a_day_is_noon(at: str, code: str) -> None:
    assert differences(f"{{dataset: students, at: {at}}}", f"{{denied: {code}}}") == ()


def test_without_a_time_it_is_the_first_day() -> None:
    assert differences("{dataset: attendance, elements: [days_absent]}", "{permit: {days_absent: exact}}") == ()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_example_keeps_what_is_expected_of_it_and_every_rule_of_it_is_looked_at(path: Path) -> None:
    test = read_policy_test(path.read_bytes())
    agreed = parse_agreement((path.parent / test.agreement).read_bytes(), load_catalogue())
    outcomes = run_policy_test(test, agreed, load_catalogue(), load_guardrails())
    assert [(each.case.line, each.differences) for each in outcomes if not each.passed] == []
    assert untouched(agreed, outcomes, load_catalogue(), load_guardrails()) == Untouched((), (), ())
    kinds = ["denied" if each.case.expect.denied else "permit" for each in outcomes if each.case.expect.row is None]
    assert kinds[0] == "denied"
    assert kinds == sorted(kinds)


def test_every_example_has_expectations() -> None:
    assert [path.name.replace(".policy.", ".") for path in SHIPPED] == sorted(
        path.name for path in EXAMPLES.glob("*.yaml")
    )


def test_what_no_case_looks_at_is_named() -> None:
    stricter = read_guardrails(
        files("policies").joinpath("guardrails.toml").read_text("utf-8")
        + '\n[[never]]\nelement = "000115"\nreason = "No first names here."\n',
        load_catalogue(),
    )
    text = case("{dataset: students, elements: [grade_level], sort: last_name}", "{permit: {grade_level: exact}}")
    found = untouched(agreement(), run(text, stricter), load_catalogue(), stricter)
    assert "/datasets/0/elements/0" in found.lines
    assert not {"/datasets/0/elements/1", "/datasets/0/elements/3"} & set(found.lines)
    assert found.barriers == ("guardrails:/never/9",)
    assert found.conditions == ("/population/all/0/roster", "/population/all/1/in")
    met = case("{dataset: students, elements: [first_name]}", "{denied: denied_by, clause: guardrails:/never/9}")
    assert untouched(agreement(), run(met, stricter), load_catalogue(), stricter).barriers == ()


def test_a_case_that_fails_covers_nothing() -> None:
    outcomes = run(case("{dataset: students, elements: [grade_level]}", "{permit: {grade_level: year}}"))
    assert "/datasets/0/elements/3" in untouched(agreement(), outcomes, load_catalogue(), load_guardrails()).lines
