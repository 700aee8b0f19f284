"""Purposes an agreement can name, and which legal bases can carry each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agreements.canonical import Json
from agreements.errors import Problem
from agreements.pointer import resolve


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose, in words, with the bases (`agreements.basis.Basis` values) that can carry it."""

    title: str
    bases: tuple[str, ...]


PURPOSES: Mapping[str, Purpose] = {
    "tutoring": Purpose("Tutoring and academic support", ("consent", "school_official")),
    "mentoring": Purpose("Mentoring", ("consent", "school_official")),
    "out_of_school_time": Purpose("Out-of-school-time programs", ("consent", "school_official")),
    "case_management": Purpose("Case management for a student", ("consent", "school_official", "usc_1232g_b_1_L")),
    "own_program": Purpose("Evaluating and improving the partner's own program", ("consent",)),
    "study": Purpose("A study for the district", ("studies",)),
    "program_evaluation": Purpose("Audit or evaluation of a supported education program", ("audit_evaluation",)),
    "legal_compliance": Purpose("Enforcing federal legal requirements", ("audit_evaluation",)),
    "emergency": Purpose("Protecting health or safety in an emergency", ("health_safety_emergency",)),
    "directory": Purpose("Uses of directory information", ("directory_information",)),
    "juvenile_services": Purpose("Serving a student before adjudication", ("juvenile_justice",)),
    "foster_care": Purpose("Meeting the education needs of a child in foster care", ("usc_1232g_b_1_L",)),
    "education_research": Purpose("Education research", ("de_identified", "de_identified_with_code")),
}

_CARRYING = tuple({basis for purpose in PURPOSES.values() for basis in purpose.bases})

PROHIBITED: Mapping[str, str] = {
    "advertising": "RCW 28A.604.030",
    "sale": "RCW 28A.604.030",
    "profiling": "RCW 28A.604.030",
    "law_enforcement": "34 CFR 99.31, 99.33",
    "immigration_enforcement": "34 CFR 99.31, 99.33",
}
"""Named so that the refusal can say why (row P2). No basis carries them."""


def purpose_problems(content: Json) -> Iterator[Problem]:
    """Yield what is wrong with the purpose under the basis named (rows L1, L2, P2)."""
    code = resolve(content, "/purpose/code")
    basis = resolve(content, "/basis/type")
    if not isinstance(code, str):
        return
    if code in PROHIBITED:
        yield Problem(
            "/purpose/code", "P2", PROHIBITED[code], f"Student data may never be used for '{code}'. Remove it."
        )
    elif code not in PURPOSES:
        yield Problem(
            "/purpose/code", "P1", "34 CFR 99.33(a)(2)", f"The purpose must be one of: {', '.join(PURPOSES)}."
        )
    elif basis in _CARRYING and basis not in PURPOSES[code].bases:
        carried = " or ".join(PURPOSES[code].bases)
        if basis == "audit_evaluation" and code == "own_program":
            yield Problem(
                "/purpose/code",
                "L2",
                "34 CFR 99.35; U.S. Department of Education FAQ",
                "A partner that evaluates its own program is not conducting an audit or evaluation for the district. "
                "Ask for consent instead.",
            )
        else:
            yield Problem(
                "/purpose/code",
                "L1",
                "34 CFR 99.30(a), 99.31(a)",
                f"The purpose '{code}' cannot rest on the basis '{basis}'; it can rest on {carried}.",
            )
