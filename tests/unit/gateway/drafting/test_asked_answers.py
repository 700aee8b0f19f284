"""Guided by questions: what is typed ends up in the draft, what is left open is missing, and doubt is asked again."""

from pathlib import Path

import pytest

from agreements.basis import Basis
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from tests.factories.drafts import Desk, options

CATALOGUE = load_catalogue()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


def test_nothing_answered_leaves_a_draft_that_names_everything(desk: Desk) -> None:
    draft = desk.new({"basis": "consent"}, typed="\n" * 60)
    assert draft.code == 0, draft.said
    named = {problem["path"] for problem in draft.data["problems"]}
    assert {"/district", "/partner", "/purpose", "/datasets", "/term", "/people", "/executed_pdf"} <= named
    assert {"/basis/records", "/basis/what_will_be_done"} <= named
    assert desk.new({"basis": "consent"}, typed="\n" * 60).refusal == "file_refused"


def test_a_whole_conversation_ends_in_a_draft_that_passes(desk: Desk) -> None:
    typed = [
        "district:emerald-city",
        "Emerald City School District",
        "partner:bright-path",
        "Bright Path",
        "church",
        "public_agency",
        "tutoring",
        "2026-2027",
        "",
        "Tutoring of those who asked for it.",
        "",  # the id that is offered
        "",  # the title that is offered
        *("The records", "Tutoring", "Tutors", "electronic", "Sessions are planned"),
        *(f"Part {number} of nine" for number in range(9)),
        "n",  # not the usual elements
        *("students:first_name", "students:000180", "y", "students:000149", "n", "students:unknown", ""),
        "roster",
        "ECS-101",
        "",
        "",  # the first day that is offered
        "2027-06-15",
        "America/Los_Angeles",
        "60",
        "",
        *("Cloud Ltd=Keeps the tutors' database", ""),
        "officer.pub.json",
        "paper.pdf",
        "Signed agreement",
    ]
    draft = desk.new({"basis": "consent"}, typed="\n".join(typed) + "\n")
    assert draft.code == 0, draft.said
    assert draft.data["complete"], draft.said
    agreement = parse_agreement(draft.text, CATALOGUE)
    assert agreement.id == "agreement:bright-path-tutoring"
    assert agreement.title == "Tutoring and academic support: data sharing agreement with Bright Path, 2026-2027"
    assert [(line.element, line.own_line) for line in agreement.datasets[0].elements] == [
        ("000115", False),
        ("000180", True),
    ]
    assert (agreement.term.first_day.isoformat(), agreement.term.last_day.isoformat()) == ("2026-07-01", "2027-06-15")
    assert agreement.obligations.destruction_period_days == 60
    assert [each.name for each in agreement.subrecipients] == ["Cloud Ltd"]
    assert agreement.population == {
        "all": [{"roster": True}, {"in": {"column": "school_identifier", "values": ["ECS-101"]}}]
    }
    assert "Expected one of nonprofit" in draft.said
    assert "no element named 'unknown'" in draft.said


def test_what_is_offered_is_shown_with_its_tier_and_its_law(desk: Desk) -> None:
    said = desk.new(options(Basis.CONSENT), "--yes").said
    assert "students: Date of birth (000033), age_years [T1]" in said
    assert "attendance: Number of days absent (000201), exact [T3]" in said


@pytest.mark.ferpa("M2")
def test_a_sensitive_element_named_as_such_stands_with_its_own_line_and_its_law(desk: Desk) -> None:
    draft = desk.new({**options(Basis.CONSENT), "sensitive-element": "students:000149"}, "--yes")
    assert '{element: "000149", transformation: exact, own_line: true}' in draft.text
    assert "42 U.S.C. 11432(g)(3)(G)" in draft.text
    assert draft.data["complete"]
    refused = desk.new(
        {**options(Basis.SCHOOL_OFFICIAL), "sensitive-element": "students:000149"}, "--yes", out="b.yaml"
    )
    assert [problem["rule"] for problem in refused.data["problems"]] == ["M2"]


def test_the_student_number_is_there_only_if_it_is_to_identify_students(desk: Desk) -> None:
    plain = parse_agreement(desk.new(options(Basis.CONSENT), "--yes").text, CATALOGUE)
    assert (plain.identifiers, "001071" in plain.element_ids) == ("record_code", False)
    chosen = desk.new(options(Basis.CONSENT), "--yes", "--by-student-number", out="b.yaml")
    numbered = parse_agreement(chosen.text, CATALOGUE)
    assert (numbered.identifiers, "001071" in numbered.element_ids) == ("student_number", True)


def test_usual_elements_are_offered_of_the_datasets_that_are_wanted_only(desk: Desk) -> None:
    draft = desk.new({**options(Basis.CONSENT), "dataset": "attendance"}, "--yes")
    assert [terms.dataset for terms in parse_agreement(draft.text, CATALOGUE).datasets] == ["attendance"]


def test_elements_that_are_named_stand_alone_in_their_usual_form(desk: Desk) -> None:
    named = ["students:birthdate", "attendance:000201:band", "students:000115"]
    agreement = parse_agreement(desk.new({**options(Basis.CONSENT), "element": named}, "--yes").text, CATALOGUE)
    lines = [
        (terms.dataset, line.element, line.transformation) for terms in agreement.datasets for line in terms.elements
    ]
    assert lines == [
        ("students", "000033", "age_years"),
        ("students", "000115", "exact"),
        ("attendance", "000201", "band"),
    ]
