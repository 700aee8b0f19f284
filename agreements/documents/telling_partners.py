"""
The partners whose mere name tells something about a student, as an officer keeps the list; the newest list counts.

A shelter, a clinic, a court's program: an accounting that names one tells whoever reads it where a child sleeps or what
a child said. It withholds nothing; the officer who hands an accounting out is warned.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import PARTNER, read_shaped, refuse
from agreements.shapes import choice, group, leaf, listing, text


class Tells(StrEnum):
    """What a partner's name tells."""

    SHELTER = "shelter"
    HEALTH = "health"
    FOSTER_CARE = "foster_care"
    IMMIGRATION = "immigration"
    JUSTICE = "justice"
    OTHER = "other"


TELLING_PARTNERS: Final = group(
    "The list of telling partners",
    {
        "format": leaf("rule", "The format", const="pactgate-telling-partners/1"),
        "partners": listing(
            "The partners",
            group(
                "A partner",
                {
                    "partner": text("notice", "The partner", PARTNER),
                    "tells": choice("notice", "What its name tells", *Tells),
                },
            ),
            least=0,
        ),
        "after": leaf("rule", "The entry of the list before it; -1 for the first", type="integer", minimum=-1),
    },
)


def telling_partners_bytes(partners: Mapping[str, Tells], after: int) -> bytes:
    """Return the canonical bytes of a list that comes after that of entry `after`."""
    listed: list[Json] = [{"partner": each, "tells": partners[each].value} for each in sorted(partners)]
    return canonical_bytes({"format": "pactgate-telling-partners/1", "partners": listed, "after": after})


def read_telling_partners(raw: bytes | str) -> tuple[dict[str, Tells], int]:
    """Return what each partner's name tells, and the entry of the list before it. Raises as `read_shaped`."""
    content = read_shaped(raw, TELLING_PARTNERS)
    found = {each["partner"]: Tells(each["tells"]) for each in content["partners"]}
    if len(found) != len(content["partners"]):
        refuse(TELLING_PARTNERS, "/partners", "N4", "A partner is listed twice.")
    return found, content["after"]
