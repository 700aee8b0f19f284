"""The shapes of the parts of an agreement: basis, data, population, obligations, subrecipients."""

from typing import Any

from agreements.basis import ANY_PARTY, DIRECTORY, Basis
from agreements.elements import DATASETS, Catalogue, Transformation
from agreements.shapes import DATE, SCHOOL_YEAR, Shape, choice, group, leaf, listing, text
from agreements.terms import PeopleBehind

SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
POPULATION_COLUMNS = ("school_identifier", "grade_level", "program_type")


def basis_shape() -> Shape:
    """Every basis's parts stand side by side as optional; `agreements.basis` says which one needs which part."""
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
    notice_law = {"x-rule": "L5", "x-source": "34 CFR 99.3, 99.37"}
    allowed = (f"partner:{SLUG}|{ANY_PARTY}", f"partner:some-short-name, or '{ANY_PARTY}'")
    choices = "one of the element ids that can be directory information: " + ", ".join(DIRECTORY)
    designated = leaf("rule", "An element", enum=list(DIRECTORY), **notice_law, **{"x-choices": choices})
    support = {"x-rule": "L2", "x-source": "34 CFR 99.31(a)(3), 99.35(a)(1)"}
    program = group(
        "The education program",
        {
            "name": text("words_only", "The name of the program", limit=200) | support,
            "supported_by": choice("rule", "Who supports the program", "federal", "state", **support),
        },
    )
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
            "education_program": program,
            "types": listing("The elements that the notice designates", designated),
            "limited_parties": listing("Parties the notice allows", text("rule", "A party", allowed, 80) | notice_law),
            "opt_out_checked_on": text("rule", "The day on which opt-outs were checked", DATE),
            "code_scheme": leaf("rule", "How record codes are made", const="random"),
        },
    )


def dataset_shape(catalogue: Catalogue) -> Shape:
    """Return the shape of what leaves of one dataset; its elements are ids of `catalogue`, one by one (row A7)."""
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


def population_shape() -> Shape:
    """Return the shape of a population, which refers to itself as `#/$defs/population`."""
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


def obligations_shape() -> Shape:
    """Return the shape of what the partner owes; `agreements.grounds` says which parts cannot be left out."""
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


def subrecipient_shape() -> Shape:
    """Return the shape of one subrecipient (rows A9, D2)."""
    return group(
        "A subrecipient",
        {
            "name": text("obligation", "The subrecipient's name", limit=200),
            "interest": text("obligation", "Why the subrecipient needs the data"),
        },
    )


def people_behind_shape() -> Shape:
    """Return the shape of the clause that says whether a person of the people annex stands behind each call."""
    return choice("rule", "Whether a person stands behind each call", *PeopleBehind)


def compatibility_shape() -> Shape:
    """
    Return the shape of the clause that lets in programs that know only a client secret and bearer tokens.

    Whoever steals such a token can use it from the addresses of the client's binding, so the parties say why they take
    that on, and until which day.
    """
    return group(
        "Access by programs that know only a client secret",
        {
            "bearer": leaf("rule", "That tokens bound to no key are accepted", const=True),
            "because": text("words_only", "Why a program that binds its tokens to a key cannot be used"),
            "last_day": text("rule", "The last day on which such tokens are accepted", DATE),
        },
    )
