"""An undertaking: a person accepts the statement of an agreement's limits, for one version and one school year."""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.dates import is_school_year
from agreements.documents.reading import PERSON, read_shaped, refuse
from agreements.shapes import DIGEST, SCHOOL_YEAR, group, leaf, text

UNDERTAKING: Final = group(
    "The undertaking",
    {
        "format": leaf("rule", "The format", const="pactgate-undertaking/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "person": text("rule", "The person's id", PERSON, 80),
        "school_year": text("rule", "The school year", SCHOOL_YEAR),
        "statement": text("rule", "The digest of the statement accepted", DIGEST),
    },
)


@dataclass(frozen=True, slots=True)
class Undertaking:
    """What a person accepted: `statement` is the digest of the words, `agreement` that of the version."""

    agreement: str
    person: str
    school_year: str
    statement: str


def undertaking_bytes(undertaking: Undertaking) -> bytes:
    """Return the canonical bytes of an undertaking."""
    return canonical_bytes(
        {
            "format": "pactgate-undertaking/1",
            "agreement": undertaking.agreement,
            "person": undertaking.person,
            "school_year": undertaking.school_year,
            "statement": undertaking.statement,
        }
    )


def read_undertaking(raw: bytes | str) -> Undertaking:
    """Read an undertaking. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, UNDERTAKING)
    if not is_school_year(content["school_year"]):
        refuse(UNDERTAKING, "/school_year", "D3", "A school year is two years that follow each other: 2026-2027.")
    return Undertaking(content["agreement"], content["person"], content["school_year"], content["statement"])
