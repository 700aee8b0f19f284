"""A lawful agreement on each legal basis, to be broken; and what is then found."""

from copy import deepcopy
from importlib.resources import files
from typing import Any, Final

from agreements.basis import PUBLIC_AGENCY
from agreements.canonical import canonical_bytes
from agreements.document import Agreement, agreement_problems, parse_agreement
from agreements.elements import load_catalogue
from tests.factories.agreements import SPS_A, SPS_B, example

MASTER: Final = "commit-master.yaml"
CHILD: Final = "commit-project-authorisation.yaml"
EXAMPLES: Final = tuple(
    sorted(file.name for file in files("agreements").joinpath("examples").iterdir() if file.name.endswith(".yaml"))
)
"""Every example that is valid."""
NINE: Final = {part.path.rsplit("/", 1)[1]: "As agreed." for part in PUBLIC_AGENCY}
"""The nine elements of RCW 39.34.240."""
PARTS: Final[dict[str, dict[str, Any]]] = {
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
        "education_program": {"name": "Title I, Part A", "supported_by": "federal"},
    },
    "health_safety_emergency": {"threat_description": "A flood.", "recipients": ["The fire department"]},
    "directory_information": {
        "notice_ref": "Notice of August",
        "types": ["000115", "000172", "000100"],
        "limited_parties": ["partner:bright-path", "partner:yearbook"],
        "opt_out_checked_on": "2026-08-20",
    },
    "juvenile_justice": {"state_statute": "RCW 28A.600.475", "written_certification": "Certified in August."},
    "usc_1232g_b_1_L": {"legal_responsibility_evidence": "Court orders on file."},
    "de_identified": {"determination_record": "Determination 12"},
    "de_identified_with_code": {"research_purpose": "Reading research", "code_scheme": "random"},
}
PURPOSE: Final = {
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
    content["basis"] = {"type": basis, **deepcopy(PARTS[basis])}
    content["purpose"]["code"] = PURPOSE[basis]
    if basis == "health_safety_emergency":
        content["term"]["last_day"] = "2026-09-03"
    if basis == "usc_1232g_b_1_L":
        content["population"]["all"].append({"placement": True})
    if basis in {"usc_1232g_b_1_L", "juvenile_justice"}:
        content["partner"]["type"] = "public_agency"
        content["public_agency"] = dict(NINE)
    if basis == "directory_information":
        listed = content["basis"]["types"]
        content["datasets"] = content["datasets"][:1]
        content["datasets"][0]["elements"] = [{"element": each, "transformation": "exact"} for each in listed]
    if basis.startswith("de_identified"):
        content["datasets"][0]["elements"] = [{"element": "000100", "transformation": "band"}]
    return content


def judged(content: Any) -> list[tuple[str, str]]:
    """Where the content is wrong, and by which rule."""
    return [(problem.path, problem.rule) for problem in agreement_problems(content, load_catalogue())]


def read(content: Any) -> Agreement:
    """The agreement of this content."""
    return parse_agreement(canonical_bytes(content), load_catalogue())
