"""
Legal bases as data: what the paper must say under each (`requirements/ferpa.md` section 2.1).

`agreements.grounds` holds a document against it. This is not legal advice: what passes still needs the district's
counsel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """The legal bases of FERPA on which student data can leave a district."""

    CONSENT = "consent"
    SCHOOL_OFFICIAL = "school_official"
    STUDIES = "studies"
    AUDIT_EVALUATION = "audit_evaluation"
    HEALTH_SAFETY_EMERGENCY = "health_safety_emergency"
    DIRECTORY_INFORMATION = "directory_information"
    JUVENILE_JUSTICE = "juvenile_justice"
    CHILD_WELFARE = "usc_1232g_b_1_L"
    """The Uninterrupted Scholars Act; 34 CFR 99.31 was never amended for it."""
    DE_IDENTIFIED = "de_identified"
    DE_IDENTIFIED_WITH_CODE = "de_identified_with_code"


class OtherGround(StrEnum):
    """Grounds on which records leave under no agreement, outside the gateway: recorded by hand (34 CFR 99.31(a))."""

    OTHER_SCHOOL = "other_school"
    FINANCIAL_AID = "financial_aid"
    ACCREDITING = "accrediting"
    DEPENDENT_PARENT = "dependent_parent"
    COURT_ORDER = "court_order"
    CRIME_VICTIM = "crime_victim"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the document that a basis cannot do without."""

    path: str
    rule: str
    source: str
    title: str


def _parts(rule: str, source: str, **titles: str) -> tuple[Part, ...]:
    return tuple(Part(f"/basis/{name}", rule, source, title) for name, title in titles.items())


_STUDY = "34 CFR 99.31(a)(6)(iii)(C)"
_AUDIT = "34 CFR 99.35(a)(3)"
_DESTROY = "/obligations/destruction/destroy_when"
_PERIOD = "/obligations/destruction/destruction_period_days"

REQUIRED: Mapping[Basis, tuple[Part, ...]] = {
    Basis.CONSENT: (
        *_parts(
            "C1",
            "34 CFR 99.30(b)",
            records="The records that the consent form specifies",
            purpose="The purpose that the consent form states",
            party_or_class="The party or class of parties that the consent form names",
            signature="How parents and students sign (paper or electronic)",
            signed_on="That consent is signed and dated before disclosure",
        ),
        *_parts("C2", "RCW 28A.605.030(2)", what_will_be_done="What will be done with the records"),
    ),
    Basis.SCHOOL_OFFICIAL: (
        *_parts(
            "A4",
            "34 CFR 99.31(a)(1)(i)(B)",
            service_performed="The service that the partner performs for the district",
            employee_equivalent="Why the district would otherwise use employees for it",
            direct_control_terms="How the district directly controls use and maintenance of the records",
            use_limits="The limit on use",
            redisclosure_clause="The clause binding the partner to 34 CFR 99.33(a)",
        ),
        *_parts(
            "A5", "34 CFR 99.7(a)(3)(iii)", annual_notice_ref="The annual notice with the school-official criteria"
        ),
    ),
    Basis.STUDIES: (
        Part("/purpose/words", "A1", f"{_STUDY}(1)", "The purpose of the study"),
        *_parts("A1", f"{_STUDY}(1)", scope="The scope of the study"),
        Part("/term/last_day", "A1", f"{_STUDY}(1)", "The duration of the study"),
        Part("/datasets", "A1", f"{_STUDY}(1)", "The information to be disclosed"),
        *_parts("A2", f"{_STUDY}(2)-(3)", use_limits="The limit on use", no_identification="The bar on identification"),
        Part(_DESTROY, "A2", f"{_STUDY}(4)", "When the records are destroyed"),
        Part(_PERIOD, "A2", f"{_STUDY}(4)", "The period within which the records are destroyed"),
        *_parts(
            "L3",
            "34 CFR 99.31(a)(6)(i)",
            study_kind="Which of the three kinds of study this is",
            on_behalf_of_district="That the study is for or on behalf of the district",
        ),
    ),
    Basis.AUDIT_EVALUATION: (
        *_parts(
            "A3", f"{_AUDIT}(i)", designates_authorised_representative="The designation as authorized representative"
        ),
        Part("/datasets", "A3", f"{_AUDIT}(ii)(A)", "The information to be disclosed"),
        Part("/purpose/words", "A3", f"{_AUDIT}(ii)(B)", "The purpose of audit, evaluation or compliance"),
        *_parts("A3", f"{_AUDIT}(ii)(C)", activity_description="The description of the activity and how data are used"),
        Part(_DESTROY, "A3", f"{_AUDIT}(iii)", "When the records are destroyed"),
        Part(_PERIOD, "A3", f"{_AUDIT}(iv)", "The period within which the records are destroyed"),
        *_parts("A3", f"{_AUDIT}(v)", policies_procedures="The policies and procedures that protect the records"),
        *_parts(
            "L2",
            "34 CFR 99.31(a)(3), 99.35(a)(1)",
            education_program="The Federal- or State-supported education program that is audited or evaluated",
        ),
    ),
    Basis.HEALTH_SAFETY_EMERGENCY: _parts(
        "L4",
        "34 CFR 99.36, 99.32(a)(5)",
        threat_description="The articulable and significant threat",
        recipients="The parties whose knowledge of the records is needed",
    ),
    Basis.DIRECTORY_INFORMATION: _parts(
        "L5",
        "34 CFR 99.37",
        notice_ref="The public notice of directory information",
        types="The types of directory information the notice names",
        limited_parties="The parties to whom the notice limits disclosure",
        opt_out_checked_on="The day on which opt-outs were last checked",
    ),
    Basis.JUVENILE_JUSTICE: _parts(
        "L7",
        "34 CFR 99.38",
        state_statute="The state statute",
        written_certification="The officials' written certification",
    ),
    Basis.CHILD_WELFARE: (
        *_parts(
            "L8",
            "20 U.S.C. 1232g(b)(1)(L)",
            legal_responsibility_evidence="The evidence of legal responsibility for the children",
        ),
    ),
    Basis.DE_IDENTIFIED: _parts(
        "L1", "34 CFR 99.31(b)(1)", determination_record="The record of the de-identification determination"
    ),
    Basis.DE_IDENTIFIED_WITH_CODE: _parts(
        "R5",
        "34 CFR 99.31(b)(2)",
        research_purpose="The education research",
        code_scheme="That the codes are random",
    ),
}
"""Basis -> required parts. `pii`, `duration` and `information` are the operative parts, never words beside them."""

ALWAYS: tuple[Part, ...] = (
    Part(_DESTROY, "X1", "project rule X1", "When the records are destroyed"),
    Part(_PERIOD, "X1", "project rule X1", "The period within which the records are destroyed"),
)

PUBLIC_AGENCY: tuple[Part, ...] = tuple(
    Part(f"/public_agency/{name}", "A6", "RCW 39.34.240", title)
    for name, title in {
        "data": "The data shared",
        "specific_authority": "The specific authority for sharing",
        "classification": "The classification of the data",
        "access_methods": "The access methods",
        "authorised_users_and_operations": "The authorized users and operations",
        "protection": "The protection in transit and at rest",
        "storage_and_disposal": "Storage and disposal",
        "backup": "Backup",
        "other_handling": "Other handling requirements",
    }.items()
)

PARTNERS: Mapping[Basis, tuple[tuple[str, ...], str, str]] = {
    Basis.JUVENILE_JUSTICE: (("public_agency",), "L7", "34 CFR 99.31(a)(5)(i), 99.38"),
    Basis.CHILD_WELFARE: (("public_agency", "tribal_organization"), "L8", "20 U.S.C. 1232g(b)(1)(L)"),
}
"""Basis -> the kinds of partner to whom it lets a district disclose, with the row and the law; no entry, any kind."""

ANY_PARTY = "any party"
"""What a directory notice says that does not limit to whom the district discloses."""

DIRECTORY: tuple[str, ...] = (
    *("000115", "000184", "000172"),  # names
    *("000279", "000088", "000269", "x-postal-code"),  # telephone, e-mail, address
    *("000033", "000100", "000094"),  # date of birth, grade level, enrollment status
    *("000097", "000107", "000243"),  # dates of attendance: first and last day of enrollment, school year
    *("001068", "001069"),  # district and school attended
    *("000138", "000081"),  # diploma and its day
)
"""
Elements that a district can designate as directory information (34 CFR 99.3): what "would not generally be considered
harmful or an invasion of privacy if disclosed". Marks, absences, programs and demographics are not among them.
"""

_RECORDED = frozenset(
    {Basis.STUDIES, Basis.AUDIT_EVALUATION, Basis.HEALTH_SAFETY_EMERGENCY, Basis.JUVENILE_JUSTICE, Basis.CHILD_WELFARE}
)


def ferpa_9932_required(basis: str) -> bool:
    """
    Return whether 34 CFR 99.32 itself requires a disclosure under `basis` to be recorded (row N2).

    Everything is logged all the same; this marks the entries that federal law asks for. An unknown basis counts as
    recorded, the stricter reading.
    """
    return basis in _RECORDED or basis not in set(Basis)
