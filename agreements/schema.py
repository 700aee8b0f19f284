"""
The published shape of an agreement, format `pactgate-agreement/1`, as JSON Schema 2020-12.

Generated from the catalogue and the tables of bases and purposes, so that it cannot say something else than the checks.
"""

from functools import cache

from agreements.basis import PUBLIC_AGENCY
from agreements.clauses import (
    SLUG,
    basis_shape,
    compatibility_shape,
    dataset_shape,
    obligations_shape,
    people_behind_shape,
    population_shape,
    subrecipient_shape,
)
from agreements.elements import DATASETS, Catalogue
from agreements.purpose import PURPOSES
from agreements.shapes import DATE, DIGEST, THUMBPRINT, Shape, choice, group, leaf, listing, text

FORMAT = "pactgate-agreement/1"
PARTNER_TYPES = ("nonprofit", "public_agency", "higher_education", "company", "tribal_organization", "other")
CADENCES = ("daily", "weekly", "monthly")
IDENTIFIERS = ("record_code", "student_number")


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
            "id": text("rule", "The agreement's id", (f"agreement:{SLUG}", "agreement:some-short-name"), 80),
            "version": leaf("rule", "The version", type="integer", minimum=1, maximum=9999),
            "title": text("words_only", "The title", limit=200),
            "district": _party("district"),
            "partner": _party("partner", type=choice("rule", "The kind of partner", *PARTNER_TYPES)),
            "basis": basis_shape(),
            "purpose": group(
                "The purpose",
                {
                    "code": choice("rule", "The purpose", *PURPOSES)
                    | {"x-rule": "P1", "x-source": "34 CFR 99.33(a)(2)"},
                    "words": text("words_only", "The purpose in words"),
                },
            ),
            "datasets": listing("The data", dataset_shape(catalogue), most=len(DATASETS)),
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
            "obligations": obligations_shape(),
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
            "subrecipients": listing("Subrecipients", subrecipient_shape(), least=0, most=50),
            "people_behind": people_behind_shape(),
            "compatibility": compatibility_shape(),
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
        "$defs": {"population": population_shape()},
    }


def _party(kind: str, **extra: Shape) -> Shape:
    return group(
        f"The {kind}",
        {
            "id": text("rule", f"The {kind}'s id", (f"{kind}:{SLUG}", f"{kind}:some-short-name"), 80),
            "name": text("words_only", f"The {kind}'s name", limit=200),
            **extra,
        },
    )
