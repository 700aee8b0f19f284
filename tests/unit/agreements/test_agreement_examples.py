"""The examples shipped with the release: each is valid, and each negative twin has the faults it is named for."""

from importlib.resources import files

import pytest

from agreements.basis import REQUIRED, Basis
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import NotNarrower
from agreements.narrowing import require_narrower
from tests.factories.agreements import REMOVED, changed, example
from tests.factories.lawful import CHILD, EXAMPLES, MASTER, judged, read

FOLDER = files("agreements").joinpath("examples")
EVERYWHERE = {
    *("/title", "/district/name", "/partner/name", "/purpose/words", "/executed_pdf/title"),
    *("/obligations/security/0", "/obligations/security/1"),
}
"""The words-only terms of every example."""
CONSENT = ("records", "purpose", "party_or_class", "signature", "what_will_be_done")
STUDY = ("scope", "use_limits", "no_identification")
WORDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "commit-master.yaml": (STUDY, False),
    "commit-project-authorisation.yaml": (STUDY, False),
    "ksde-audit-evaluation.yaml": (
        (
            *("designates_authorised_representative", "activity_description", "policies_procedures"),
            "education_program/name",
        ),
        False,
    ),
    "ospi-dshs-foster.yaml": (("legal_responsibility_evidence",), True),
    "redwood-city-ost-consent.yaml": (CONSENT, True),
    "renton-cbo-consent.yaml": (CONSENT, True),
    "sps-a-tutoring-consent.yaml": (CONSENT, False),
    "sps-b-mentoring-school-official.yaml": (
        (
            *("service_performed", "employee_equivalent", "direct_control_terms", "use_limits", "redisclosure_clause"),
            "annual_notice_ref/0/reference",
        ),
        False,
    ),
}
"""Example -> the words-only terms of its basis, and whether it has the nine elements of a public agency."""
NEGATIVE = {
    "commit-child-no-duration": [("/term/last_day", "A1")],
    "commit-child-one-more-day": [("/term/last_day", "A8")],
    "commit-child-one-more-element": [("/datasets/0/elements/5/element", "A8")],
    "commit-child-wider-transformation": [("/datasets/0/elements/3/transformation", "A8")],
    "de-identified-with-a-name": [("/datasets/0/elements/1", "L1")],
    "directory-unlisted-party": [("/basis/limited_parties", "L5")],
    "emergency-standing-grant": [("/term/last_day", "L4")],
    "gear-up-no-destruction-term": [
        ("/obligations/destruction", "format"),
        ("/obligations/destruction/destroy_when", "X1"),
        ("/obligations/destruction/destruction_period_days", "X1"),
    ],
    "ksde-no-specific-activity": [("/basis/activity_description", "A3")],
    "ospi-no-evidence-of-responsibility": [("/basis/legal_responsibility_evidence", "L8")],
    "ospi-no-placement": [("/population", "L8")],
    "redwood-meal-eligibility": [("/datasets/0/elements/11/own_line", "M2")],
    "renton-no-backup": [("/public_agency/backup", "A6")],
    "renton-own-program-as-audit": [("/purpose/code", "L2")],
    "sps-a-last-school-year": [("/datasets/0/school_years/0", "T2"), ("/datasets/1/school_years/0", "T2")],
    "sps-a-own-program-as-audit": [("/purpose/code", "L2")],
    "sps-a-sale-of-data": [("/purpose/code", "P2")],
    "sps-a-unknown-element": [("/datasets/0/elements/8/element", "A7")],
    "sps-a-whole-birthdate-as-band": [("/datasets/0/elements/2/transformation", "M4")],
    "sps-a-wildcard-element": [("/datasets/0/elements/8/element", "A7")],
    "sps-b-last-years-notice": [("/basis/annual_notice_ref", "A5")],
    "sps-b-meals-under-school-official": [("/datasets/0/elements/6", "M2")],
    "sps-b-no-annual-notice": [("/basis/annual_notice_ref", "A5")],
    "sps-b-no-direct-control": [("/basis/direct_control_terms", "A4")],
    "study-marketing": [("/basis/study_kind", "L3")],
    "study-no-destruction-period": [("/obligations/destruction/destruction_period_days", "A2")],
}


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        pytest.param(name, faults, id=name, marks=[pytest.mark.ferpa(row) for row in {row for _, row in faults}])
        for name, faults in NEGATIVE.items()
    ],
)
def test_each_negative_twin_has_exactly_the_faults_it_is_named_for(name: str, faults: list[tuple[str, str]]) -> None:
    content = example(f"negative/{name}.yaml")
    found = judged(content)
    if not found:
        with pytest.raises(NotNarrower) as caught:
            require_narrower(read(example(MASTER)), read(content))
        found = [(problem.path, problem.rule) for problem in caught.value.problems]
    assert found == faults


def test_every_file_is_judged_and_says_first_what_it_is() -> None:
    twins = {file.name.removesuffix(".yaml"): file for file in FOLDER.joinpath("negative").iterdir()}
    assert set(twins) == set(NEGATIVE)
    assert set(EXAMPLES) == set(WORDS)
    assert all(twin.read_text("utf-8").startswith("# Wrong: ") for twin in twins.values())
    for name in EXAMPLES:
        comment = FOLDER.joinpath(name).read_text("utf-8").partition("\nformat:")[0].replace("\n# ", " ")
        assert "Facts of the real " in comment, name
        assert "Author's choice" in comment, name
        assert "fictional" in comment, name


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_valid_as_it_is(name: str) -> None:
    agreement = parse_agreement(FOLDER.joinpath(name).read_bytes(), load_catalogue())
    assert agreement.digest == parse_agreement(agreement.canonical, load_catalogue()).digest
    assert agreement.district.name == "Emerald City School District"
    assert agreement.term.begins.isoformat() <= "2026-09-01T07:00:00+00:00"


@pytest.mark.claim(1)
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_lists_the_terms_that_only_words_carry(name: str) -> None:
    basis, nine = WORDS[name]
    agency = {f"/public_agency/{part}" for part in example(name)["public_agency"]} if nine else set()
    assert len(agency) == (9 if nine else 0)
    assert set(read(example(name)).words_only) == EVERYWHERE | {f"/basis/{part}" for part in basis} | agency


@pytest.mark.ferpa("A3")
def test_an_evaluation_without_any_one_of_its_seven_parts_is_refused_by_name() -> None:
    seven = [part for part in REQUIRED[Basis.AUDIT_EVALUATION] if part.rule == "A3"]
    assert len(seven) == 7
    for part in seven:
        assert judged(changed(example("ksde-audit-evaluation.yaml"), {part.path: REMOVED})) == [(part.path, "A3")]


@pytest.mark.ferpa("A1")
@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/purpose/words", "A1"),
        ("/basis/scope", "A1"),
        ("/term/last_day", "A1"),
        ("/datasets", "A1"),
        ("/obligations/destruction/destroy_when", "A2"),
        ("/obligations/destruction/destruction_period_days", "A2"),
    ],
)
def test_a_project_authorization_carries_its_own_purpose_scope_duration_elements_and_destruction(
    path: str, rule: str
) -> None:
    assert judged(changed(example(CHILD), {path: REMOVED})) == [(path, rule)]


@pytest.mark.ferpa("A8")
def test_the_project_authorization_names_and_narrows_the_master_that_is_shipped() -> None:
    master, child = read(example(MASTER)), read(example(CHILD))
    assert master.framework
    assert not child.framework
    assert child.master == master.digest
    require_narrower(master, child)


@pytest.mark.ferpa("A7")
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_asks_for_what_its_basis_does_not_unlock(name: str) -> None:
    agreement = read(example(name))
    gated = {line.element for terms in agreement.datasets for line in terms.elements if line.own_line}
    assert gated == ({"000180"} if name.startswith("redwood") else set())
