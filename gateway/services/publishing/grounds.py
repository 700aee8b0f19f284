"""
Plain words for a legal basis and for what happens to a value before it leaves: for the public and for families alike.

INVARIANT: every code that can occur has words; a test compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agreements.basis import Basis, OtherGround


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

OTHER_GROUNDS: Final[Mapping[str, Ground]] = {
    OtherGround.OTHER_SCHOOL: Ground(
        "Another school",
        "The student seeks or intends to enroll there, or is enrolled there.",
        "34 CFR 99.31(a)(2), 99.34",
    ),
    OtherGround.FINANCIAL_AID: Ground(
        "Financial aid", "To decide on aid that the student asked for or received.", "34 CFR 99.31(a)(4)"
    ),
    OtherGround.ACCREDITING: Ground("Accrediting organization", "To carry out its accrediting.", "34 CFR 99.31(a)(7)"),
    OtherGround.DEPENDENT_PARENT: Ground(
        "Parent of a dependent student", "The student is a dependent of the parent for taxes.", "34 CFR 99.31(a)(8)"
    ),
    OtherGround.COURT_ORDER: Ground(
        "Court order or subpoena", "A court or a subpoena ordered it.", "34 CFR 99.31(a)(9)"
    ),
    OtherGround.CRIME_VICTIM: Ground(
        "Victim of a crime", "The outcome of a disciplinary proceeding, to the victim.", "34 CFR 99.31(a)(13), 99.39"
    ),
}
"""Grounds of what is recorded by hand alone."""

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
