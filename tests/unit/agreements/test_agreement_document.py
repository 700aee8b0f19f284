"""What an agreement must say, basis by basis; each row of the requirement matrix by its id."""

from importlib.resources import files
from typing import Any

import pytest

from agreements.authored import read_authored
from agreements.basis import ALWAYS, PUBLIC_AGENCY, REQUIRED, Basis, ferpa_9932_required
from agreements.canonical import canonical_bytes
from agreements.document import Agreement, agreement_problems, parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement
from tests.factories.agreements import REMOVED, SPS_A, SPS_B, changed, example

LINE = "/datasets/0/elements/12"
BASES: dict[str, dict[str, Any]] = {
    "studies": {
        "scope": "Credits in grades 9 to 12.",
        "use_limits": "This study only.",
        "no_identification": "Only the representatives can identify anyone.",
        "study_kind": "improve_instruction",
        "on_behalf_of_district": True,
    },
    "audit_evaluation": {
        "designates_authorised_representative": "The partner is designated.",
        "activity_description": "Compares outcomes of a federally supported program.",
        "policies_procedures": "Two analysts have access.",
    },
    "health_safety_emergency": {"threat_description": "A flood.", "recipients": ["The fire department"]},
    "directory_information": {
        "notice_ref": "Notice of August",
        "types": ["name"],
        "limited_parties": ["yearbook"],
        "opt_out_checked_on": "2026-08-20",
    },
    "juvenile_justice": {"state_statute": "RCW 28A.600.475", "written_certification": "Certified in August."},
    "usc_1232g_b_1_L": {"legal_responsibility_evidence": "Court orders on file."},
    "de_identified": {"determination_record": "Determination 12"},
    "de_identified_with_code": {"research_purpose": "Reading research", "code_scheme": "random"},
}
PURPOSE = {
    "studies": "study",
    "audit_evaluation": "program_evaluation",
    "health_safety_emergency": "emergency",
    "directory_information": "directory",
    "juvenile_justice": "juvenile_services",
    "usc_1232g_b_1_L": "foster_care",
    "de_identified": "education_research",
    "de_identified_with_code": "education_research",
}


def on(basis: str) -> dict[str, Any]:
    """A lawful agreement on this basis."""
    if basis in {"consent", "school_official"}:
        return example(SPS_A if basis == "consent" else SPS_B)
    content = example()
    content["basis"] = {"type": basis, **BASES[basis]}
    content["purpose"]["code"] = PURPOSE[basis]
    if basis == "health_safety_emergency":
        content["term"]["last_day"] = "2026-09-03"
    if basis == "usc_1232g_b_1_L":
        content["population"]["all"].append({"placement": True})
    if basis.startswith("de_identified"):
        content["datasets"][0]["elements"] = [{"element": "000100", "transformation": "band"}]
    return content


def judged(content: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.rule) for problem in agreement_problems(content, load_catalogue())]


def read(content: Any) -> Agreement:
    return parse_agreement(canonical_bytes(content), load_catalogue())


NEGATIVE = {
    "sps-a-own-program-as-audit": ("/purpose/code", "L2"),
    "sps-a-sale-of-data": ("/purpose/code", "P2"),
    "sps-a-unknown-element": ("/datasets/0/elements/8/element", "A7"),
    "sps-a-whole-birthdate-as-band": ("/datasets/0/elements/2/transformation", "M4"),
    "sps-a-wildcard-element": ("/datasets/0/elements/8/element", "A7"),
    "sps-b-last-years-notice": ("/basis/annual_notice_ref", "A5"),
    "sps-b-meals-under-school-official": ("/datasets/0/elements/6", "M2"),
    "sps-b-no-annual-notice": ("/basis/annual_notice_ref", "A5"),
    "sps-b-no-direct-control": ("/basis/direct_control_terms", "A4"),
    "study-no-destruction-period": ("/obligations/destruction/destruction_period_days", "A2"),
}


def test_each_negative_twin_has_exactly_the_fault_it_is_named_for() -> None:
    folder = files("agreements").joinpath("examples", "negative")
    found = {file.name.removesuffix(".yaml"): file.read_bytes() for file in folder.iterdir()}
    assert {name: judged(read_authored(raw)) for name, raw in found.items()} == {
        name: [fault] for name, fault in NEGATIVE.items()
    }


@pytest.mark.parametrize("name", [SPS_A, SPS_B])
def test_the_examples_are_valid_as_they_are(name: str) -> None:
    raw = files("agreements").joinpath("examples", name).read_bytes()
    agreement = parse_agreement(raw, load_catalogue())
    assert agreement.district.name == "Emerald City School District"
    assert agreement.digest == parse_agreement(agreement.canonical, load_catalogue()).digest
    assert agreement.term.begins.isoformat() == "2026-09-01T07:00:00+00:00"
    assert agreement.term.ends.isoformat() == "2027-07-01T07:00:00+00:00"


def test_the_parts_of_an_agreement_are_typed_and_keep_their_clauses() -> None:
    agreement = read(changed(example(), {"/master": "sha256:" + "1" * 64, "/subrecipients": []}))
    assert (agreement.id, agreement.version, agreement.replaces) == ("agreement:sps-a-tutoring", 1, None)
    assert agreement.master == "sha256:" + "1" * 64
    assert agreement.datasets[1].dataset == "attendance"
    assert agreement.datasets[1].elements[2].pointer == "/datasets/1/elements/2"
    assert agreement.element_ids == tuple(sorted(set(agreement.element_ids)))
    assert len(agreement.element_ids) == 16
    assert hash(agreement) == hash(read(agreement.content))


@pytest.mark.parametrize("basis", Basis)
def test_a_lawful_agreement_on_each_basis_passes(basis: str) -> None:
    assert judged(on(basis)) == []


@pytest.mark.ferpa("A1")
@pytest.mark.ferpa("A2")
@pytest.mark.ferpa("A3")
@pytest.mark.ferpa("A4")
@pytest.mark.ferpa("L7")
@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C2")
@pytest.mark.parametrize(("basis", "part"), [(basis, part) for basis, parts in REQUIRED.items() for part in parts])
def test_each_missing_part_is_named_with_its_source(basis: Basis, part: Any) -> None:
    content = changed(on(basis), {part.path: REMOVED})
    problems = [problem for problem in agreement_problems(content, load_catalogue()) if problem.path == part.path]
    assert [(problem.rule, problem.source) for problem in problems] == [(part.rule, part.source)]
    assert part.title in problems[0].sentence


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
    nine = {each.path.rsplit("/", 1)[1]: "As agreed." for each in PUBLIC_AGENCY}
    content = changed(example(), {"/partner/type": "public_agency", "/public_agency": nine})
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


def test_a_purpose_that_is_no_text_is_a_fault_of_format() -> None:
    assert judged(changed(example(), {"/purpose/code": 7})) == [("/purpose/code", "format")]


@pytest.mark.ferpa("L3")
def test_a_study_is_one_of_three_kinds_for_the_district() -> None:
    assert judged(changed(on("studies"), {"/basis/study_kind": "marketing"})) == [("/basis/study_kind", "L3")]
    faults = judged(changed(on("studies"), {"/basis/on_behalf_of_district": False}))
    assert faults == [("/basis/on_behalf_of_district", "L3")]


@pytest.mark.ferpa("L4")
def test_an_emergency_is_never_a_standing_grant() -> None:
    fourth_day = changed(on("health_safety_emergency"), {"/term/last_day": "2026-09-04"})
    assert judged(fourth_day) == [("/term/last_day", "L4")]


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


@pytest.mark.ferpa("A7")
@pytest.mark.parametrize("element", ["*", "all grades data", "128", "999999", "", 128, None, ["000128"]])
def test_an_element_is_an_id_of_the_catalogue(element: Any) -> None:
    line = {"element": element, "transformation": "exact"}
    assert judged(changed(example(), {LINE: line})) == [(f"{LINE}/element", "A7")]


@pytest.mark.ferpa("M2")
@pytest.mark.parametrize("element", ["000092", "000149", "000151", "000249", "000180", "000189"])
def test_a_sensitive_element_needs_consent_and_its_own_line(element: str) -> None:
    bare = {"element": element, "transformation": "exact"}
    own = bare | {"own_line": True}
    assert judged(changed(on("consent"), {LINE: bare})) == [(f"{LINE}/own_line", "M2")]
    assert judged(changed(on("consent"), {LINE: own})) == []
    place = "/datasets/0/elements/6"
    faults = agreement_problems(changed(on("school_official"), {place: own}), load_catalogue())
    assert [(fault.path, fault.rule) for fault in faults] == [(place, "M2")]
    assert (load_catalogue().element(element).gate or "project rule M2") in faults[0].sentence


@pytest.mark.ferpa("M2")
@pytest.mark.parametrize("element", ["x-social-security-number", "000218", "000146", "x-immigration-status"])
@pytest.mark.parametrize("basis", Basis)
def test_some_elements_are_never_released(basis: str, element: str) -> None:
    line = {"element": element, "transformation": "drop", "own_line": True}
    assert ("/datasets/0/elements/0", "M2") in judged(changed(on(basis), {"/datasets/0/elements/0": line}))


def test_an_element_stands_once_in_its_own_dataset_as_it_may_be_given() -> None:
    def faults(**line: str) -> list[tuple[str, str]]:
        return judged(changed(example(), {LINE: {"transformation": "exact", **line}}))

    assert faults(element="000201") == [(f"{LINE}/element", "A7")]
    assert faults(element="000128", transformation="band") == [(f"{LINE}/element", "A7")]
    assert faults(element="000255", transformation="age_years") == [(f"{LINE}/transformation", "M4")]
    assert (f"{LINE}/transformation", "M4") in faults(element="000255", transformation="zip9")
    assert judged(changed(example(), {"/datasets/1/dataset": "students"})) == [
        ("/datasets/1/dataset", "format"),
        *((f"/datasets/1/elements/{index}/element", "A7") for index in range(2, 6)),
    ]
    assert judged(changed(example(), {"/datasets/1/dataset": 5})) == [("/datasets/1/dataset", "format")]


@pytest.mark.ferpa("T2")
@pytest.mark.parametrize("years", [["2026-2028"], ["2026-2027", "2027-2026"]])
def test_a_school_year_is_two_years_that_follow_each_other(years: list[str]) -> None:
    faults = judged(changed(example(), {"/datasets/0/school_years": years}))
    assert faults == [(f"/datasets/0/school_years/{len(years) - 1}", "T2")]
    assert judged(changed(example(), {"/datasets/0/school_years": "2026"})) == [("/datasets/0/school_years", "format")]


@pytest.mark.ferpa("R5")
def test_the_student_number_is_named_in_both_places_or_in_none() -> None:
    number = {"element": "001071", "transformation": "exact"}
    assert judged(changed(example(), {"/identifiers": "student_number"})) == [("/identifiers", "R5")]
    assert judged(changed(example(), {LINE: number})) == [(LINE, "R5")]
    both = {LINE: number, "/identifiers": "student_number"}
    assert judged(changed(example(), both)) == []
    assert ("/identifiers", "R5") in judged(changed(on("directory_information"), both))


def test_de_identified_data_identify_nobody() -> None:
    name = {"element": "000115", "transformation": "exact"}
    assert judged(changed(on("de_identified"), {"/datasets/0/elements/1": name})) == [("/datasets/0/elements/1", "L1")]


@pytest.mark.ferpa("R1")
def test_everyone_means_everyone_in_listed_schools_under_a_basis_that_can_carry_it() -> None:
    listed = {"in": {"column": "school_identifier", "values": ["ECS-103"]}}
    grades = {"in": {"column": "grade_level", "values": ["09"]}}
    whole = {"all": [{"everyone": True}, listed]}
    nested = {"all": [listed, {"any": [{"everyone": True}, {"roster": True}]}]}
    for population, basis, paths in [
        (whole, "school_official", []),
        (nested, "school_official", []),
        (whole, "consent", ["/population/all/0/everyone"]),
        ({"everyone": True}, "school_official", ["/population/everyone"]),
        ({"any": [{"everyone": True}, listed]}, "school_official", ["/population/any/0/everyone"]),
        ({"all": [{"everyone": True}, grades]}, "school_official", ["/population/all/0/everyone"]),
    ]:
        assert judged(changed(on(basis), {"/population": population})) == [(path, "R1") for path in paths]


@pytest.mark.ferpa("R1")
def test_a_population_that_is_too_deep_is_refused() -> None:
    population: dict[str, Any] = {"roster": True}
    for _ in range(7):
        population = {"any": [population]}
    assert judged(changed(example(), {"/population": population})) == [("/population" + "/any/0" * 7, "R1")]
    assert judged(changed(example(), {"/population": {"known": {"column": "grade_level"}}})) == []
    few = {"not_in_known": {"column": "program_type", "values": ["1"]}}
    assert judged(changed(example(), {"/population": {"all": [few, {"roster": True}]}})) == []


@pytest.mark.ferpa("T1")
def test_a_term_has_days_of_the_calendar_in_a_real_zone() -> None:
    for changes, path in [
        ({"/term/last_day": "2026-08-31"}, "/term/last_day"),
        ({"/term/first_day": "2026-02-30"}, "/term/first_day"),
        ({"/term/last_day": "9999-12-31"}, "/term/last_day"),
        ({"/term/time_zone": "Mars/Olympus"}, "/term/time_zone"),
        ({"/term/time_zone": "../../etc/passwd"}, "/term/time_zone"),
    ]:
        assert judged(changed(example(), changes)) == [(path, "T1")]
    one_day = read(changed(example(), {"/term/first_day": "2026-11-01", "/term/last_day": "2026-11-01"}))
    assert (one_day.term.ends - one_day.term.begins).total_seconds() == 25 * 3600, "the clocks go back on this day"


@pytest.mark.ferpa("S4")
def test_a_later_version_names_the_one_it_replaces() -> None:
    earlier = "sha256:" + "2" * 64
    assert judged(changed(example(), {"/version": 2})) == [("/replaces", "S4")]
    assert judged(changed(example(), {"/replaces": earlier})) == [("/replaces", "S4")]
    assert read(changed(example(), {"/version": 2, "/replaces": earlier})).replaces == earlier


@pytest.mark.ferpa("A9")
@pytest.mark.ferpa("D2")
def test_subrecipients_are_named_exactly_when_data_may_pass_on() -> None:
    listed = [{"name": "Example Hosting", "interest": "Hosts the partner's database"}]
    permitted = "/obligations/redisclosure/permitted"
    assert judged(changed(example(), {"/subrecipients": listed})) == [("/subrecipients", "D2")]
    assert judged(changed(example(), {permitted: "listed_subrecipients"})) == [("/subrecipients", "D2")]
    both = read(changed(example(), {permitted: "listed_subrecipients", "/subrecipients": listed}))
    assert both.subrecipients[0].name == "Example Hosting"


def test_everything_wrong_is_reported_at_once_in_plain_words() -> None:
    broken = changed(
        example(),
        {
            "/title": REMOVED,
            "/purpose/code": "sale",
            "/basis/records": REMOVED,
            "/population": {"not": {"roster": True}},
            "/datasets/0/elements/0/element": "*",
        },
    )
    with pytest.raises(InvalidAgreement) as caught:
        read(broken)
    assert {problem.path for problem in caught.value.problems} == {
        *("/title", "/purpose/code", "/basis/records", "/population/not", "/datasets/0/elements/0/element")
    }
    assert caught.value.code == "invalid_agreement"
    assert "never be used for 'sale'" in caught.value.public_detail


@pytest.mark.parametrize("content", [{}, [], "agreement", None, 7, {"datasets": [1, "x", {"elements": [7]}]}])
def test_anything_else_than_an_agreement_is_invalid_not_an_accident(content: Any) -> None:
    assert agreement_problems(content, load_catalogue())
