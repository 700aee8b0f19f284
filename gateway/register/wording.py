"""Plain words for what the register names by code. INVARIANT: every code that can occur has words; a test compares."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from agreements.obligations import Status
from agreements.purpose import PURPOSES
from agreements.terms import Term
from gateway.services.publishing.grounds import GROUNDS, TRANSFORMATIONS
from gateway.services.publishing.public_register import PublicAgreement, PublicElement, PublicStanding

__all__ = ["GROUNDS", "TRANSFORMATIONS"]
"""What families read too; the templates find it here."""

PARTNERS: Final[Mapping[str, str]] = {
    "nonprofit": "Nonprofit organization",
    "public_agency": "Public agency",
    "higher_education": "College or university",
    "company": "Company",
    "tribal_organization": "Tribal organization",
    "other": "Other organization",
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
