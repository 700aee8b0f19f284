"""
What an officer puts on file about the rights of one parent: revoked by a court, statute or binding document, or back.

34 CFR 99.4 gives either parent full rights unless the district has evidence of such a thing. INVARIANT: the document
names neither student nor parent. It commits to both under a salt that stands in no database, and says by its digest
which paper shows it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, text

_COMMITMENT: Final = ("[0-9a-f]{64}", "64 hexadecimal digits")
_LAW: Final = "34 CFR 99.4"


class Act(StrEnum):
    """What happened to the rights."""

    REVOKED = "revoked"
    RESTORED = "restored"


class Ground(StrEnum):
    """What the law lets revoke them (34 CFR 99.4)."""

    COURT_ORDER = "court_order"
    STATE_STATUTE = "state_statute"
    BINDING_DOCUMENT = "binding_document"


PARENTAL_RIGHTS: Final = group(
    "The rights of a parent",
    {
        "format": leaf("rule", "The format", const="pactgate-parental-rights/1"),
        "act": choice("rule", "Whether they are revoked or restored", *Act),
        "ground": choice("notice", "What revoked or restored them", *Ground),
        "ordered_on": text("notice", "The day of the order, statute or document", DATE),
        "evidence": text("words_only", "The digest of the paper that shows it", DIGEST),
        "whom": text("row", "The salted commitment to the student's number and the parent's name", _COMMITMENT),
    },
)


@dataclass(frozen=True, slots=True)
class ParentalRights:
    """What is said about the rights of one parent. `evidence` is a digest, `sha256:<hex>`, `whom` the commitment."""

    act: Act
    ground: Ground
    ordered_on: date
    evidence: str
    whom: str


def parental_rights_bytes(said: ParentalRights) -> bytes:
    """Return the canonical bytes of the document."""
    return canonical_bytes(
        {
            "format": "pactgate-parental-rights/1",
            "act": said.act.value,
            "ground": said.ground.value,
            "ordered_on": said.ordered_on.isoformat(),
            "evidence": said.evidence,
            "whom": said.whom,
        }
    )


def read_parental_rights(raw: bytes | str) -> ParentalRights:
    """Read the document. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, PARENTAL_RIGHTS)
    # (1): a day of the calendar.
    day = read_date(content["ordered_on"])
    if day is None:
        refuse(PARENTAL_RIGHTS, "/ordered_on", "C6", "This is not a day of the calendar (2026-09-01).", _LAW)
    return ParentalRights(Act(content["act"]), Ground(content["ground"]), day, content["evidence"], content["whom"])
