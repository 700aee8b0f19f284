"""What an agreement must say, basis by basis; each row of the requirement matrix by its id."""

from typing import Any

import pytest

from agreements.basis import ALWAYS, PUBLIC_AGENCY, REQUIRED, Basis, ferpa_9932_required
from agreements.document import agreement_problems
from agreements.elements import load_catalogue
from tests.factories.agreements import REMOVED, changed, example
from tests.factories.lawful import EXAMPLES, NINE, judged, on


@pytest.mark.parametrize("basis", Basis)
def test_a_lawful_agreement_on_each_basis_passes(basis: str) -> None:
    assert judged(on(basis)) == []


@pytest.mark.ferpa("A1")
@pytest.mark.ferpa("A2")
@pytest.mark.ferpa("A3")
@pytest.mark.ferpa("A4")
@pytest.mark.ferpa("A5")
@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C2")
@pytest.mark.ferpa("L2")
@pytest.mark.ferpa("L3")
@pytest.mark.ferpa("L4")
@pytest.mark.ferpa("L5")
@pytest.mark.ferpa("L7")
@pytest.mark.ferpa("L8")
@pytest.mark.parametrize(("basis", "part"), [(basis, part) for basis, parts in REQUIRED.items() for part in parts])
def test_each_missing_part_is_named_with_its_source(basis: Basis, part: Any) -> None:
    content = changed(on(basis), {part.path: REMOVED})
    (problem,) = agreement_problems(content, load_catalogue())
    assert (problem.path, problem.rule, problem.source) == (part.path, part.rule, part.source)
    assert part.title in problem.sentence


PARTS = {
    "consent": "records purpose party_or_class signature signed_on what_will_be_done",
    "school_official": (
        "service_performed employee_equivalent direct_control_terms use_limits redisclosure_clause annual_notice_ref"
    ),
    "studies": (
        "/purpose/words scope /term/last_day /datasets use_limits no_identification destroy_when "
        "destruction_period_days study_kind on_behalf_of_district"
    ),
    "audit_evaluation": (
        "designates_authorised_representative /datasets /purpose/words activity_description destroy_when "
        "destruction_period_days policies_procedures education_program"
    ),
    "health_safety_emergency": "threat_description recipients",
    "directory_information": "notice_ref types limited_parties opt_out_checked_on",
    "juvenile_justice": "state_statute written_certification",
    "usc_1232g_b_1_L": "legal_responsibility_evidence",
    "de_identified": "determination_record",
    "de_identified_with_code": "research_purpose code_scheme",
}
"""What section 2.1 of the requirements asks for, written a second time so that nothing falls out of the table."""


@pytest.mark.ferpa("A1")
@pytest.mark.ferpa("A2")
@pytest.mark.ferpa("A3")
@pytest.mark.ferpa("A4")
@pytest.mark.ferpa("A5")
@pytest.mark.ferpa("A6")
@pytest.mark.ferpa("L2")
@pytest.mark.ferpa("L7")
def test_the_table_of_required_parts_is_complete() -> None:
    short = {
        basis.value: [
            part.path.removeprefix("/basis/").removeprefix("/obligations/destruction/") for part in REQUIRED[basis]
        ]
        for basis in Basis
    }
    assert short == {basis: parts.split() for basis, parts in PARTS.items()}
    assert {part.path.removeprefix("/public_agency/") for part in PUBLIC_AGENCY} == {
        *("data", "specific_authority", "classification", "access_methods", "authorised_users_and_operations"),
        *("protection", "storage_and_disposal", "backup", "other_handling"),
    }


def test_an_empty_part_counts_as_missing() -> None:
    assert judged(changed(on("studies"), {"/basis/scope": ""})) == [("/basis/scope", "A1")]
    assert judged(changed(on("health_safety_emergency"), {"/basis/recipients": []})) == [("/basis/recipients", "L4")]


@pytest.mark.ferpa("X1")
@pytest.mark.parametrize("part", ALWAYS)
def test_every_agreement_says_when_records_are_destroyed(part: Any) -> None:
    assert judged(changed(example(), {part.path: REMOVED})) == [(part.path, "X1")]


@pytest.mark.ferpa("A6")
@pytest.mark.parametrize("part", PUBLIC_AGENCY)
def test_a_public_agency_needs_nine_elements_and_a_nonprofit_does_not(part: Any) -> None:
    content = changed(example(), {"/partner/type": "public_agency", "/public_agency": dict(NINE)})
    assert judged(content) == []
    assert judged(changed(content, {part.path: REMOVED})) == [(part.path, "A6")]
    assert judged(changed(content, {"/partner/type": "nonprofit"})) == []


@pytest.mark.ferpa("L1")
def test_no_basis_or_two_bases_are_refused() -> None:
    assert ("/basis", "format") in judged(changed(example(), {"/basis": REMOVED}))
    assert judged(changed(example(), {"/basis/type": "because"})) == [("/basis/type", "L1")]
    assert judged(changed(example(), {"/basis/scope": "everything"})) == [("/basis/scope", "L1")]


@pytest.mark.ferpa("L2")
@pytest.mark.parametrize(
    ("basis", "code", "faults"),
    [
        ("audit_evaluation", "own_program", [("/purpose/code", "L2")]),
        ("school_official", "own_program", [("/purpose/code", "L1")]),
        ("consent", "own_program", []),
        ("consent", "study", [("/purpose/code", "L1")]),
        ("consent", "world_domination", [("/purpose/code", "P1")]),
    ],
)
def test_the_purpose_must_fit_the_basis(basis: str, code: str, faults: list[tuple[str, str]]) -> None:
    assert judged(changed(on(basis), {"/purpose/code": code})) == faults


@pytest.mark.ferpa("P2")
@pytest.mark.parametrize("code", ["advertising", "sale", "profiling", "law_enforcement", "immigration_enforcement"])
@pytest.mark.parametrize("basis", Basis)
def test_no_basis_carries_a_prohibited_purpose(basis: str, code: str) -> None:
    assert ("/purpose/code", "P2") in judged(changed(on(basis), {"/purpose/code": code}))


@pytest.mark.ferpa("P1")
@pytest.mark.parametrize("code", [REMOVED, 7, "", ["tutoring"], "tutoring ", "Tutoring"])
def test_an_agreement_names_exactly_one_purpose_of_the_list(code: Any) -> None:
    assert judged(changed(example(), {"/purpose/code": code})) == [("/purpose/code", "P1")]


@pytest.mark.ferpa("L3")
def test_a_study_is_one_of_three_kinds_for_the_district() -> None:
    assert judged(changed(on("studies"), {"/basis/study_kind": "marketing"})) == [("/basis/study_kind", "L3")]
    faults = judged(changed(on("studies"), {"/basis/on_behalf_of_district": False}))
    assert faults == [("/basis/on_behalf_of_district", "L3")]


@pytest.mark.ferpa("L4")
def test_an_emergency_is_never_a_standing_grant() -> None:
    fourth_day = changed(on("health_safety_emergency"), {"/term/last_day": "2026-09-04"})
    assert judged(fourth_day) == [("/term/last_day", "L4")]


@pytest.mark.ferpa("L2")
def test_an_audit_is_of_an_education_program_that_the_state_or_the_nation_supports() -> None:
    program = "/basis/education_program"
    broken: list[tuple[dict[str, Any], str]] = [
        ({f"{program}/supported_by": "the partner"}, f"{program}/supported_by"),
        ({f"{program}/supported_by": REMOVED}, f"{program}/supported_by"),
        ({f"{program}/name": ""}, f"{program}/name"),
    ]
    for changes, path in broken:
        assert judged(changed(on("audit_evaluation"), changes)) == [(path, "L2")]
    assert judged(changed(on("audit_evaluation"), {f"{program}/supported_by": "state"})) == []


@pytest.mark.ferpa("L5")
@pytest.mark.parametrize(
    ("parties", "faults"),
    [
        (["partner:yearbook"], [("/basis/limited_parties", "L5")]),
        (["Bright Path Tutoring"], [("/basis/limited_parties", "L5"), ("/basis/limited_parties/0", "L5")]),
        (["any party", "partner:bright-path"], [("/basis/limited_parties", "L5")]),
        (["Any party"], [("/basis/limited_parties", "L5"), ("/basis/limited_parties/0", "L5")]),
        ([], [("/basis/limited_parties", "L5")]),
        ("any party", [("/basis/limited_parties", "format")]),
        (["any party"], []),
        (["partner:bright-path"], []),
    ],
)
def test_directory_information_goes_to_the_parties_of_the_notice_only(parties: Any, faults: Any) -> None:
    assert judged(changed(on("directory_information"), {"/basis/limited_parties": parties})) == faults


@pytest.mark.ferpa("L5")
def test_directory_information_is_what_the_notice_designates_and_the_law_lets_it_designate() -> None:
    content = on("directory_information")
    phone = {"element": "000279", "transformation": "exact"}
    assert judged(changed(content, {"/datasets/0/elements/3": phone})) == [("/datasets/0/elements/3/element", "L5")]
    assert judged(changed(content, {"/basis/types/3": "000279"})) == []
    marks = {"/datasets/0/elements/4": {"element": "000128", "transformation": "exact"}, "/basis/types/4": "000128"}
    assert judged(changed(content, marks)) == [("/basis/types/4", "L5")]


@pytest.mark.ferpa("L5")
@pytest.mark.parametrize("day", ["2026-02-30", "2026-09-02", "in August"])
def test_opt_outs_from_directory_information_are_checked_before_the_term_begins(day: str) -> None:
    assert judged(changed(on("directory_information"), {"/basis/opt_out_checked_on": day})) == [
        ("/basis/opt_out_checked_on", "L5")
    ]
    assert judged(changed(on("directory_information"), {"/basis/opt_out_checked_on": "2026-09-01"})) == []


@pytest.mark.ferpa("L6")
def test_directory_information_never_holds_or_goes_by_the_student_number() -> None:
    number = {"/datasets/0/elements/3": {"element": "001071", "transformation": "exact"}}
    by_number = number | {"/identifiers": "student_number"}
    assert ("/datasets/0/elements/3/element", "L5") in judged(changed(on("directory_information"), number))
    assert ("/identifiers", "R5") in judged(changed(on("directory_information"), by_number))
    designated = changed(on("directory_information"), by_number | {"/basis/types/3": "001071"})
    assert ("/basis/types/3", "L5") in judged(designated)
    social = {"element": "x-social-security-number", "transformation": "drop"}
    assert ("/datasets/0/elements/3", "M2") in judged(
        changed(on("directory_information"), {"/datasets/0/elements/3": social})
    )


@pytest.mark.ferpa("L7")
@pytest.mark.ferpa("L8")
@pytest.mark.parametrize(("basis", "rule"), [("juvenile_justice", "L7"), ("usc_1232g_b_1_L", "L8")])
def test_some_bases_let_a_district_disclose_to_officials_only(basis: str, rule: str) -> None:
    assert judged(changed(on(basis), {"/partner/type": "nonprofit"})) == [("/partner/type", rule)]
    tribal = judged(changed(on(basis), {"/partner/type": "tribal_organization"}))
    assert tribal == ([("/partner/type", rule)] if basis == "juvenile_justice" else [])


@pytest.mark.ferpa("L8")
@pytest.mark.parametrize(
    "population",
    [
        {"roster": True},
        {"all": [{"roster": True}]},
        {"any": [{"placement": True}, {"roster": True}]},
        {"all": [{"any": [{"placement": True}, {"roster": True}]}, {"roster": True}]},
        "everyone",
    ],
)
def test_children_in_care_are_covered_by_their_placement_only(population: Any) -> None:
    assert ("/population", "L8") in judged(changed(on("usc_1232g_b_1_L"), {"/population": population}))
    either = {"any": [{"placement": True}, {"all": [{"placement": True}, {"roster": True}]}]}
    assert judged(changed(on("usc_1232g_b_1_L"), {"/population": either})) == []


@pytest.mark.ferpa("A5")
def test_the_annual_notice_covers_every_school_year_of_the_term() -> None:
    longer = changed(on("school_official"), {"/term/last_day": "2027-08-31"})
    assert judged(longer) == [("/basis/annual_notice_ref", "A5")]
    next_year = {"school_year": "2027-2028", "reference": "Notice of August 2027"}
    assert judged(changed(longer, {"/basis/annual_notice_ref/1": next_year})) == []
    assert judged(changed(on("school_official"), {"/term/last_day": "soon"})) == [("/term/last_day", "T1")]
    assert judged(changed(on("school_official"), {"/term/first_day": REMOVED})) == [("/term/first_day", "format")]


@pytest.mark.ferpa("N2")
def test_federal_law_asks_for_a_record_of_some_disclosures_only() -> None:
    required = {basis.value for basis in Basis if ferpa_9932_required(basis)}
    assert required == {
        *("studies", "audit_evaluation", "health_safety_emergency", "juvenile_justice", "usc_1232g_b_1_L")
    }
    assert ferpa_9932_required("something new")


def test_de_identified_data_identify_nobody() -> None:
    name = {"element": "000115", "transformation": "exact"}
    assert judged(changed(on("de_identified"), {"/datasets/0/elements/1": name})) == [("/datasets/0/elements/1", "L1")]


@pytest.mark.ferpa("D1")
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_agreement_says_what_every_recipient_is_told(name: str) -> None:
    content = example(name)
    del content["obligations"]["redisclosure"]["notice"]
    assert "/obligations/redisclosure/notice" in [path for path, _ in judged(content)]
