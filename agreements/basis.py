"""
Legal bases as data: what the paper must say under each, and what it must not (`requirements/ferpa.md` section 2.1).

This is not legal advice; a basis that passes here still needs the district's counsel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from agreements.canonical import Json
from agreements.dates import read_date, school_year_of
from agreements.errors import Problem
from agreements.pointer import MISSING, resolve, rows


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
            use_limits="The limits on use",
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
        *_parts(
            "A2", f"{_STUDY}(2)-(3)", use_limits="The limits on use", no_identification="The bar on identification"
        ),
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

_EMERGENCY = timedelta(days=2)
"""Three calendar days, first and last included: 72 hours."""
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


def basis_problems(content: Json) -> Iterator[Problem]:
    """Yield what the named basis lacks and what belongs to another basis."""
    named = resolve(content, "/basis/type")
    parts = ALWAYS
    if isinstance(named, str) and named in set(Basis):
        parts = (*REQUIRED[Basis(named)], *ALWAYS)
        yield from _foreign(content, Basis(named))
    if resolve(content, "/partner/type") == "public_agency":
        parts = (*parts, *PUBLIC_AGENCY)
    lacking = {part.path: part for part in reversed(parts) if _is_absent(content, part.path)}
    for part in lacking.values():
        yield Problem(part.path, part.rule, part.source, f"{part.title} is missing ({part.source}).")
    if named == Basis.SCHOOL_OFFICIAL:
        yield from _annual_notice(content)
    if named == Basis.HEALTH_SAFETY_EMERGENCY:
        yield from _standing_emergency(content)


def _is_absent(content: Json, path: str) -> bool:
    value = resolve(content, path)
    return value is MISSING or value in ("", [], {}, None)


def _foreign(content: Json, basis: Basis) -> Iterator[Problem]:
    own = {part.path for part in REQUIRED[basis]}
    elsewhere = {part.path for parts in REQUIRED.values() for part in parts if part.path.startswith("/basis/")}
    for path in sorted(elsewhere - own):
        if resolve(content, path) is not MISSING:
            yield Problem(
                path,
                "L1",
                "34 CFR 99.30(a), 99.31(a)",
                f"This part belongs to another legal basis than '{basis}'. An agreement rests on one basis: remove it.",
            )


def _annual_notice(content: Json) -> Iterator[Problem]:
    days = [read_date(resolve(content, f"/term/{day}")) for day in ("first_day", "last_day")]
    known = [school_year_of(day) for day in days if day is not None]
    if len(known) < len(days):
        return
    first, last = known
    noticed = [row.get("school_year") for _, row in rows(content, "/basis/annual_notice_ref")]
    lacking = [f"{year}-{year + 1}" for year in range(first, last + 1) if f"{year}-{year + 1}" not in noticed]
    if noticed and lacking:
        yield Problem(
            "/basis/annual_notice_ref",
            "A5",
            "34 CFR 99.7(a)(3)(iii)",
            f"There is no annual notice for {', '.join(lacking[:3])}, in which the agreement is in force.",
        )


def _standing_emergency(content: Json) -> Iterator[Problem]:
    first, last = (read_date(resolve(content, f"/term/{day}")) for day in ("first_day", "last_day"))
    if first is not None and last is not None and last - first > _EMERGENCY:
        yield Problem(
            "/term/last_day",
            "L4",
            "34 CFR 99.36; project rule L4",
            "An emergency is not a standing grant: the term may cover 72 hours at most.",
        )
