"""Plain words for what the register names by code. INVARIANT: every code that can occur has words; a test compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from agreements.basis import Basis
from agreements.obligations import Status
from agreements.purpose import PURPOSES
from agreements.terms import Term
from gateway.services.publishing.public_register import PublicAgreement, PublicElement, PublicStanding


@dataclass(frozen=True, slots=True)
class Ground:
    """A legal basis for a reader: what it is called, what it means, and where it is written."""

    title: str
    meaning: str
    citation: str


GROUNDS: Final[Mapping[str, Ground]] = {
    Basis.CONSENT: Ground(
        "Written consent",
        "A parent, or a student who is 18, signed for it beforehand; without that nothing about the student is shared.",
        "34 CFR 99.30",
    ),
    Basis.SCHOOL_OFFICIAL: Ground(
        "School official",
        "The partner does work for the district that its employees would otherwise do, under the district's control.",
        "34 CFR 99.31(a)(1)(i)(B)",
    ),
    Basis.STUDIES: Ground(
        "Study for the district",
        "The partner studies tests, student aid or instruction for or on behalf of the district.",
        "34 CFR 99.31(a)(6)",
    ),
    Basis.AUDIT_EVALUATION: Ground(
        "Audit or evaluation",
        "The partner audits or evaluates a supported education program as the district's authorized representative.",
        "34 CFR 99.31(a)(3), 99.35",
    ),
    Basis.HEALTH_SAFETY_EMERGENCY: Ground(
        "Health or safety emergency",
        "A significant threat, and only for those who need to know in order to meet it.",
        "34 CFR 99.31(a)(10), 99.36",
    ),
    Basis.DIRECTORY_INFORMATION: Ground(
        "Directory information",
        "Information that the district's public notice names, unless the family opted out.",
        "34 CFR 99.31(a)(11), 99.37",
    ),
    Basis.JUVENILE_JUSTICE: Ground(
        "Juvenile justice",
        "Under a state statute, so that the student can be served before a court has decided.",
        "34 CFR 99.31(a)(5)(i)(B), 99.38",
    ),
    Basis.CHILD_WELFARE: Ground(
        "Child welfare (Uninterrupted Scholars Act)",
        "The agency is legally responsible for the care of the child, who is in foster care.",
        "20 U.S.C. 1232g(b)(1)(L)",
    ),
    Basis.DE_IDENTIFIED: Ground(
        "De-identified records",
        "Nobody can reasonably tell who a student is, not with other releases at hand either.",
        "34 CFR 99.31(b)(1)",
    ),
    Basis.DE_IDENTIFIED_WITH_CODE: Ground(
        "De-identified records with a code",
        "For education research: a random code stands in the place of whatever tells who a student is.",
        "34 CFR 99.31(b)(2)",
    ),
}

PARTNERS: Final[Mapping[str, str]] = {
    "nonprofit": "Nonprofit organization",
    "public_agency": "Public agency",
    "higher_education": "College or university",
    "company": "Company",
    "tribal_organization": "Tribal organization",
    "other": "Other organization",
}

TRANSFORMATIONS: Final[Mapping[str, str]] = {
    "exact": "as recorded",
    "age_years": "as an age in years",
    "year": "as a year",
    "band": "as a range",
    "count": "as a count",
    "zip3": "as the first three digits",
    "blank": "left blank",
    "drop": "not shared",
}

STANDINGS: Final[Mapping[PublicStanding, str]] = {
    PublicStanding.IN_FORCE: "In force",
    PublicStanding.NOT_YET: "Not yet in force",
    PublicStanding.SUSPENDED: "Suspended",
    PublicStanding.REPLACED: "Replaced",
    PublicStanding.TERMINATED: "Terminated",
    PublicStanding.OVER: "Over",
    PublicStanding.CLOSED: "Over and closed",
}

MEANINGS: Final[Mapping[PublicStanding, str]] = {
    PublicStanding.IN_FORCE: "The partner may ask for the data listed here.",
    PublicStanding.NOT_YET: "It was signed and approved, and its first day is still to come. No data is shared yet.",
    PublicStanding.SUSPENDED: "It was stopped until further notice. No data is shared.",
    PublicStanding.REPLACED: "A later version took its place. No data is shared under this one.",
    PublicStanding.TERMINATED: "It was ended for good. No data is shared.",
    PublicStanding.OVER: "Its last day has passed, or the agreement that it narrows has ended. No data is shared.",
    PublicStanding.CLOSED: "It is over, and what the partner owed has been certified. No data is shared.",
}

FRAMEWORK: Final = (
    "It is a framework and grants nothing by itself: data is shared only under agreements that narrow it."
)

STATUSES: Final[Mapping[Status, str]] = {
    Status.NOT_DUE: "Not due",
    Status.DUE: "Due",
    Status.OVERDUE: "Overdue",
    Status.HELD: "On hold",
    Status.CERTIFIED: "Done and signed for",
}

COUNTING: Final = "Still being counted"

OPT_OUTS: Final[Mapping[tuple[str, ...], str]] = {
    ("sharing",): "Applied: a student whose family opted out of sharing is left out. "
    "An opt-out of directory information alone does not concern this basis.",
    ("sharing", "directory"): "Applied: a student whose family opted out of sharing, or of directory information, "
    "is left out.",
}


def meaning(agreement: PublicAgreement) -> str:
    """Return what its standing means for a reader."""
    if agreement.framework and agreement.standing is PublicStanding.IN_FORCE:
        return FRAMEWORK
    return MEANINGS[agreement.standing]


def status_words(status: Status | None) -> str:
    """Return how it stands with something that is owed."""
    return COUNTING if status is None else STATUSES[status]


def purpose_title(code: str) -> str:
    """Return what a purpose is called."""
    return PURPOSES[code].title


def dataset_title(dataset: str) -> str:
    """Return what a dataset is called."""
    return dataset.replace("_", " ").capitalize()


def element_words(element: PublicElement) -> str:
    """Return an element and what it leaves as."""
    return f"{element.title}, {TRANSFORMATIONS[element.transformation]}"


def day_words(day: date) -> str:
    """Return a day as people read it: September 1, 2026."""
    return f"{day:%B} {day.day}, {day.year}"


def month_words(month: date) -> str:
    """Return a month as people read it: September 2026."""
    return f"{month:%B} {month.year}"


def term_words(term: Term) -> str:
    """Return the days of a term, both included."""
    return f"{day_words(term.first_day)} to {day_words(term.last_day)}"


def zone_words(zone: str) -> str:
    """Return the name of a time zone without the marks of the database it comes from."""
    return zone.replace("_", " ")


def use_words(agreement: PublicAgreement) -> str:
    """Return the sentence that stands in the place of months, if there are none."""
    if agreement.months is None:
        return "The log is still being counted; look again in a few minutes."
    return "No month of its use has been over for ten days yet."
