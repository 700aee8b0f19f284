"""What the pages call the values of an agreement's format; the format's own words where there are none."""

from collections.abc import Iterable, Mapping
from typing import Final

from agreements.basis import Basis
from gateway.pages.languages import message

BASES: Final[Mapping[str, str]] = {
    Basis.CONSENT: message("The family's consent"),
    Basis.SCHOOL_OFFICIAL: message("School official: a service for the district"),
    Basis.STUDIES: message("A study for the district"),
    Basis.AUDIT_EVALUATION: message("Audit or evaluation of a supported program"),
    Basis.DIRECTORY_INFORMATION: message("Directory information"),
    Basis.JUVENILE_JUSTICE: message("Juvenile justice, before adjudication"),
    Basis.CHILD_WELFARE: message("Child welfare: children in care"),
    Basis.DE_IDENTIFIED: message("De-identified records"),
    Basis.DE_IDENTIFIED_WITH_CODE: message("De-identified records with a code, for research"),
}
"""The bases that an agreement can be begun with. An emergency is an order (34 CFR 99.36) and no agreement."""
PURPOSES: Final[Mapping[str, str]] = {
    "tutoring": message("Tutoring and academic support"),
    "mentoring": message("Mentoring"),
    "out_of_school_time": message("Out-of-school-time programs"),
    "case_management": message("Case management for a student"),
    "own_program": message("Evaluating and improving the partner's own program"),
    "study": message("A study for the district"),
    "program_evaluation": message("Audit or evaluation of a supported education program"),
    "legal_compliance": message("Enforcing federal legal requirements"),
    "emergency": message("Protecting health or safety in an emergency"),
    "directory": message("Uses of directory information"),
    "juvenile_services": message("Serving a student before adjudication"),
    "foster_care": message("Meeting the education needs of a child in foster care"),
    "education_research": message("Education research"),
}
PARTNER_TYPES: Final[Mapping[str, str]] = {
    "nonprofit": message("Nonprofit organization"),
    "public_agency": message("Public agency"),
    "higher_education": message("College or university"),
    "company": message("Company"),
    "tribal_organization": message("Tribal organization"),
    "other": message("Another kind"),
}
CADENCES: Final[Mapping[str, str]] = {
    "daily": message("Every day"),
    "weekly": message("Every week"),
    "monthly": message("Every month"),
}
IDENTIFIERS: Final[Mapping[str, str]] = {
    "record_code": message("By a random code of this agreement alone"),
    "student_number": message("By the district's student number"),
}
DESTROYED: Final[Mapping[str, str]] = {
    "term_end": message("When the term ends"),
    "school_year_end": message("When the school year ends"),
    "purpose_fulfilled": message("When the purpose is fulfilled"),
}
BEHIND: Final[Mapping[str, str]] = {
    "required": message("Required: no call without a named person"),
    "allowed": message("Allowed"),
    "barred": message("Barred: programs only"),
}
OTHERS: Final[Mapping[str, str]] = {
    "paper": message("On paper"),
    "electronic": message("Electronically"),
    "predictive_tests": message("Predictive tests"),
    "student_aid": message("Student aid programs"),
    "improve_instruction": message("Improving instruction"),
    "federal": message("Federal funds"),
    "state": message("State funds"),
}
"""Choices within the parts of a basis."""
FORMS: Final[Mapping[str, str]] = {
    "exact": message("as it is"),
    "age_years": message("as an age in years"),
    "year": message("as a year"),
    "band": message("as a band"),
    "count": message("as a number"),
    "zip3": message("as its first three digits"),
    "blank": message("left empty"),
    "drop": message("not at all"),
}
"""How a value leaves, by transformation."""
TIERS: Final[Mapping[str, str]] = {
    "T1": message("T1, says nothing of who it is"),
    "T2": message("T2, identifies a student"),
    "T3": message("T3, an outcome of schooling"),
    "T4": message("T4, sensitive"),
    "T4-NSLA": message("T4, sensitive: school meals"),
    "T4-MV": message("T4, sensitive: homelessness"),
    "X": message("never leaves"),
}
ATOMS: Final[Mapping[str, str]] = {
    "roster": message("On the roster that the district accepted"),
    "placement": message("Placed in the partner's care"),
    "everyone": message("Everyone in the schools listed beside this"),
    "in": message("One of these values"),
    "not_in_known": message("Known, and none of these values"),
    "known": message("A known value"),
    "all": message("All of the following"),
    "any": message("Any of the following"),
}
"""What a population can ask of a student, by the format's words."""
COLUMNS: Final[Mapping[str, str]] = {
    "school_identifier": message("School"),
    "grade_level": message("Grade level"),
    "program_type": message("Program"),
}


def choices(values: Iterable[str], named: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return values with what they are called, in their order; one that has no name goes by itself."""
    return tuple((value, named.get(value, value)) for value in values)
