"""
The published shape of an agreement, format `pactgate-agreement/1`, as JSON Schema 2020-12.

Generated from the catalogue and the tables of bases and purposes, so that it cannot say something else than the checks.
"""

from functools import cache
from typing import Any

from agreements.basis import PUBLIC_AGENCY, Basis
from agreements.elements import DATASETS, Catalogue, Transformation
from agreements.purpose import PURPOSES
from agreements.shapes import (
    DATE,
    DIGEST,
    SCHOOL_YEAR,
    THUMBPRINT,
    Shape,
    choice,
    group,
    leaf,
    listing,
    text,
)

FORMAT = "pactgate-agreement/1"
POPULATION_COLUMNS = ("school_identifier", "grade_level", "program_type")
PARTNER_TYPES = ("nonprofit", "public_agency", "higher_education", "company", "tribal_organization", "other")
CADENCES = ("daily", "weekly", "monthly")
IDENTIFIERS = ("record_code", "student_number")
_SLUG = "[a-z0-9]+(-[a-z0-9]+)*"


@cache
def agreement_schema(catalogue: Catalogue) -> Shape:
    """Return the shape of an agreement written against `catalogue`. Callers must not change it."""
    shape = group(
        "The agreement",
        {
            "format": leaf("rule", "The format", const=FORMAT),
            "catalogue": leaf(
                "rule",
                "The digest of the element catalogue",
                enum=[catalogue.digest, *catalogue.earlier],
                **{"x-rule": "A7", "x-choices": f"{catalogue.digest}, the catalogue of this release"},
            ),
            "id": text("rule", "The agreement's id", (f"agreement:{_SLUG}", "agreement:some-short-name"), 80),
            "version": leaf("rule", "The version", type="integer", minimum=1, maximum=9999),
            "title": text("words_only", "The title", limit=200),
            "district": _party("district"),
            "partner": _party("partner", type=choice("rule", "The kind of partner", *PARTNER_TYPES)),
            "basis": _basis(),
            "purpose": group(
                "The purpose",
                {
                    "code": leaf("rule", "The purpose", type="string", **{"x-choices": ", ".join(PURPOSES)}),
                    "words": text("words_only", "The purpose in words"),
                },
            ),
            "datasets": listing("The data", _dataset(catalogue), most=len(DATASETS)),
            "population": {"$ref": "#/$defs/population"},
            "term": group(
                "The term",
                {
                    "first_day": text("rule", "The first day", DATE),
                    "last_day": text("rule", "The last day", DATE),
                    "time_zone": text("rule", "The time zone", limit=64),
                },
            ),
            "cadence": choice("transformation", "How often derived values move", *CADENCES),
            "identifiers": choice("transformation", "How students are identified to the partner", *IDENTIFIERS),
            "obligations": _obligations(),
            "people": group("People", {"drafted_by": text("rule", "The key of who drafted the agreement", THUMBPRINT)}),
            "executed_pdf": group(
                "The executed document",
                {
                    "sha256": text("rule", "The digest of the executed document", DIGEST),
                    "title": text("words_only", "The title of the executed document", limit=200),
                },
            ),
        },
        {
            "replaces": text("rule", "The digest of the version that this one replaces", DIGEST),
            "master": text("rule", "The digest of the master agreement that this one narrows", DIGEST),
            "framework": leaf(
                "rule", "That the agreement grants nothing by itself, only children of it do", const=True
            ),
            "annexes": leaf(
                "rule",
                "That client bindings and people annexes of the replaced version count for this one",
                const="carried_over",
            ),
            "subrecipients": listing("Subrecipients", _subrecipient(), least=0, most=50),
            "public_agency": group(
                "The nine elements of a public agency's agreement",
                {},
                {part.path.rsplit("/", 1)[1]: text("words_only", part.title) for part in PUBLIC_AGENCY},
            ),
        },
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pactgate:agreement:1:{catalogue.digest}",
        **shape,
        "$defs": {"population": _population()},
    }


def _party(kind: str, **extra: Shape) -> Shape:
    return group(
        f"The {kind}",
        {
            "id": text("rule", f"The {kind}'s id", (f"{kind}:{_SLUG}", f"{kind}:some-short-name"), 80),
            "name": text("words_only", f"The {kind}'s name", limit=200),
            **extra,
        },
    )


def _basis() -> Shape:
    """Every basis's parts stand side by side as optional; `agreements.basis` says which one needs which."""
    words = (
        *("records", "purpose", "party_or_class", "what_will_be_done"),
        *("service_performed", "employee_equivalent", "direct_control_terms", "use_limits", "redisclosure_clause"),
        *("scope", "no_identification"),
        *("designates_authorised_representative", "activity_description", "policies_procedures"),
        *("threat_description", "notice_ref", "state_statute", "written_certification"),
        *("legal_responsibility_evidence", "determination_record", "research_purpose"),
    )
    notice = group(
        "An annual notice",
        {
            "school_year": text("rule", "The school year of the notice", SCHOOL_YEAR),
            "reference": text("words_only", "Where the notice is found"),
        },
    )
    kinds = ("predictive_tests", "student_aid", "improve_instruction")
    law = {"x-rule": "L3", "x-source": "34 CFR 99.31(a)(6)(i)"}
    return group(
        "The legal basis",
        {
            "type": choice(
                "rule", "The legal basis", *Basis, **{"x-rule": "L1", "x-source": "34 CFR 99.30(a), 99.31(a)"}
            )
        },
        {
            **{name: text("words_only", name.replace("_", " ").capitalize()) for name in words},
            "signature": choice("words_only", "How consent is signed", "paper", "electronic"),
            "signed_on": leaf("rule", "When consent is signed", const="before_disclosure"),
            "annual_notice_ref": listing("Annual notices", notice, most=10),
            "study_kind": choice("rule", "The kind of study", *kinds, **law),
            "on_behalf_of_district": leaf(
                "rule", "That the study is for or on behalf of the district", const=True, **law
            ),
            "recipients": listing("The recipients", text("words_only", "A recipient", limit=200)),
            "types": listing("Types of directory information", text("words_only", "A type", limit=200)),
            "limited_parties": listing("Parties the notice allows", text("words_only", "A party", limit=200)),
            "opt_out_checked_on": text("rule", "The day on which opt-outs were checked", DATE),
            "code_scheme": leaf("rule", "How record codes are made", const="random"),
        },
    )


def _dataset(catalogue: Catalogue) -> Shape:
    listed = {"x-rule": "A7", "x-source": "34 CFR 99.31(a)(1)(ii)"}
    element = group(
        "An element",
        {
            "element": leaf(
                "rule",
                "The element",
                enum=[element.id for element in catalogue],
                **listed,
                **{"x-choices": "one id of the element catalogue in quotes; wildcards and groups are not allowed"},
            ),
            "transformation": choice("transformation", "The transformation", *Transformation),
        },
        {"own_line": leaf("rule", "That a sensitive element has its own line", const=True)},
    )
    return group(
        "A dataset",
        {
            "dataset": choice("rule", "The dataset", *DATASETS),
            "school_years": listing("School years", text("row", "A school year", SCHOOL_YEAR), most=20),
            "elements": {**listing("Elements", element, most=200), **listed},
        },
    )


def _population() -> Shape:
    column = choice("row", "The column", *POPULATION_COLUMNS)
    among = group(
        "A list of values",
        {"column": column, "values": listing("The values", text("row", "A value", limit=100), most=500)},
    )
    known = group("A column", {"column": column})
    branches = {"title": "Conditions", "type": "array", "minItems": 1, "maxItems": 50}
    nested = {**branches, "items": {"$ref": "#/$defs/population"}}
    flags: dict[str, Any] = {
        "roster": leaf("row", "That the partner serves the student", const=True),
        "placement": leaf("row", "That the student is in the partner's care", const=True),
        "everyone": leaf("row", "Everyone in the schools listed beside it", const=True),
    }
    condition = group(
        "The population",
        {},
        {"all": nested, "any": nested, "in": among, "known": known, "not_in_known": among, **flags},
    )
    return {
        **condition,
        "minProperties": 1,
        "maxProperties": 1,
        "x-rule": "R1",
        "x-source": "project rule R1",
        "x-unknown-rule": "R1",
        "x-unknown-source": "project rule R1: a population says who is in, never only who is out",
    }


def _obligations() -> Shape:
    return group(
        "Obligations",
        {
            "redisclosure": group(
                "Redisclosure",
                {
                    "permitted": choice("obligation", "To whom data may pass on", "nobody", "listed_subrecipients"),
                    "notice": text("notice", "What the partner is told with every answer"),
                },
            ),
            "destruction": group(
                "Destruction",
                {},
                {
                    "destroy_when": choice(
                        "obligation", "When records are destroyed", "term_end", "school_year_end", "purpose_fulfilled"
                    ),
                    "destruction_period_days": leaf(
                        "obligation", "The days until records are destroyed", type="integer", minimum=1, maximum=3650
                    ),
                },
            ),
            "breach_notice_hours": leaf(
                "obligation", "Hours until the district is told of a breach", type="integer", minimum=1, maximum=720
            ),
            "security": listing("Security", text("words_only", "A security measure"), most=50),
        },
    )


def _subrecipient() -> Shape:
    return group(
        "A subrecipient",
        {
            "name": text("obligation", "The subrecipient's name", limit=200),
            "interest": text("obligation", "Why the subrecipient needs the data"),
        },
    )
