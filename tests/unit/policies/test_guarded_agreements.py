"""Agreements that no check let through: the guardrails hold even so, and name the law (rows M2, L5, P1)."""

from dataclasses import replace

import pytest

from agreements.document import Agreement
from agreements.elements import load_catalogue
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.foreseen import Foreseen, foreseen
from policies.guardrails import POPULATION_CODES, load_guardrails
from policies.rehearsal import Rehearsed, rehearse
from policies.request import AccessRequest
from tests.factories.agreements import changed, example
from tests.factories.lawful import on, read
from tests.factories.policy_worlds import NOVEMBER, TUTOR

GATED = {
    "000092": "42 U.S.C. 1758(b)(6)",
    "000086": "42 U.S.C. 1758(b)(6)",
    "000149": "42 U.S.C. 11432(g)(3)(G)",
    "000148": "42 U.S.C. 11432(g)(3)(G)",
    "000147": "42 U.S.C. 11432(g)(3)(G)",
    "000151": "34 CFR 300.622",
    "001501": "34 CFR 300.622",
    "000577": "34 CFR 300.622",
}


def gated(basis: str) -> Agreement:
    """An agreement over gated elements, signed for consent, as if a check had let it through on another basis."""
    lines = [{"element": each, "transformation": "exact", "own_line": True} for each in GATED]
    lawful = read(changed(example(), {"/datasets/0/elements": lines}))
    return replace(lawful, basis=basis)


def ask(agreement: Agreement, purpose: str, *elements: str) -> Permit | Denied:
    state = rehearse([Rehearsed(agreement, frozenset({TUTOR}))], load_catalogue(), load_guardrails())
    return decide(state, AccessRequest(TUTOR, agreement.digest, purpose, "students", elements or None), NOVEMBER)


@pytest.mark.claim(2)
@pytest.mark.ferpa("M2")
@pytest.mark.parametrize("element", GATED)
@pytest.mark.parametrize("basis", ["school_official", "studies", "audit_evaluation", "directory_information"])
def test_what_another_statute_guards_is_denied_by_that_law_though_it_was_signed(basis: str, element: str) -> None:
    name = load_catalogue().element(element).name
    decision = ask(gated(basis), "tutoring", name)
    assert isinstance(decision, Denied)
    assert decision.code == "denied_by"
    if basis != "directory_information":
        assert GATED[element] in decision.detail
    assert isinstance(ask(gated(basis), "tutoring"), Denied)
    assert isinstance(ask(gated("consent"), "tutoring", name), Permit)


@pytest.mark.ferpa("P1")
@pytest.mark.parametrize("purpose", ["", "*", "mentoring", "Tutoring", "tutoring "])
def test_a_purpose_that_is_not_the_agreements_opens_nothing(purpose: str) -> None:
    agreement = read(example())
    decision = ask(agreement, purpose, "grade_level")
    assert isinstance(decision, Denied)
    assert isinstance(ask(agreement, agreement.purpose.code, "grade_level"), Permit)


def test_a_draft_is_told_what_no_signature_can_open() -> None:
    guardrails = load_guardrails()
    assert foreseen(read(example()), guardrails) == ()
    told = foreseen(gated("school_official"), guardrails)
    assert {each.element for each in told} == set(GATED)
    assert all(GATED[str(each.element)] in each.reason for each in told)
    programs = {"in": {"column": "program_type", "values": ["our own"]}}
    guarded = read(changed(example(), {"/population/all/1": programs}))
    assert foreseen(guarded, guardrails) == (Foreseen(None, POPULATION_CODES, guardrails.reason(POPULATION_CODES)),)
    clauses = [each.clause for each in foreseen(read(on("directory_information")), guardrails)]
    assert clauses[:1] == ["guardrails:/directory/limited_parties"]
    assert len(set(clauses)) == 4
