"""
A withholding: lines of one student's accounting that are not shown until a day, for a reason that the law knows.

INVARIANT: it names the student by the sealed link of one row, as an erasure does, and nobody else ever learns from the
log why: for some reasons the law forbids telling that there is anything to tell (34 CFR 99.31(a)(9)(ii)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, listing, text

_MOST: Final = 2**53 - 1
_LINK: Final = ("[0-9a-f]{32}([0-9a-f]{16})?", "32 or 48 hexadecimal digits")
_LINE: Final = (
    "(agreement|emergency):[a-z0-9]+(-[a-z0-9]+)*|entry:[0-9]{1,15}",
    "agreement:some-name, emergency:some-name, or entry: and the number of what was recorded by hand",
)


class Reason(StrEnum):
    """Why a line is withheld. The list is closed: there is no reason beside the law's."""

    GRAND_JURY_SUBPOENA = "grand_jury_subpoena"
    """34 CFR 99.31(a)(9)(ii)(A): a court ordered that the subpoena be not disclosed."""
    LAW_ENFORCEMENT_SUBPOENA = "law_enforcement_subpoena"
    """34 CFR 99.31(a)(9)(ii)(B): a court or the agency ordered the same."""
    TERRORISM_ORDER = "terrorism_order"
    """34 CFR 99.31(a)(9)(ii)(C): an ex parte order that the Attorney General obtained."""
    COURT_ORDER = "court_order"
    """A court's order, a State law or a binding document that takes this right from whoever asks (34 CFR 99.4)."""
    SAFETY = "safety"
    """Somebody would be in danger. Only of what 34 CFR 99.32 asks no record of: the rest is a right."""


SILENT: Final = frozenset({Reason.GRAND_JURY_SUBPOENA, Reason.LAW_ENFORCEMENT_SUBPOENA, Reason.TERRORISM_ORDER})
"""Reasons of which nothing is told, not even that something is withheld; 34 CFR 99.32(d)(5) asks for no record."""
LAWS: Final[Mapping[Reason, str]] = {
    Reason.GRAND_JURY_SUBPOENA: "34 CFR 99.31(a)(9)(ii)(A), 99.32(d)(5)",
    Reason.LAW_ENFORCEMENT_SUBPOENA: "34 CFR 99.31(a)(9)(ii)(B), 99.32(d)(5)",
    Reason.TERRORISM_ORDER: "34 CFR 99.31(a)(9)(ii)(C), 99.32(d)(5)",
    Reason.COURT_ORDER: "34 CFR 99.4",
    Reason.SAFETY: "34 CFR 99.32(d)",
}

WITHHOLDING: Final = group(
    "The withholding",
    {
        "format": leaf("rule", "The format", const="pactgate-withholding/1"),
        "student": text("row", "The student's link, as it stands in the database", _LINK),
        "lines": listing("The lines", text("row", "What the line stands under", _LINE), most=50),
        "reason": choice("notice", "The reason", *Reason),
        "until": text("rule", "The last day on which they are withheld", DATE),
    },
    {
        "replaces": leaf("rule", "The entry of the withholding it replaces", type="integer", minimum=0, maximum=_MOST),
        "evidence": text("words_only", "The digest of the order, or of another file that shows it", DIGEST),
    },
)


@dataclass(frozen=True, slots=True)
class Withholding:
    """
    What is withheld about one student, until the end of `until`.

    A line is an agreement's id, an order's id, or `entry:` and the number of what was recorded by hand.
    """

    student: bytes = field(repr=False)
    lines: tuple[str, ...]
    reason: Reason
    until: date
    replaces: int | None = None
    evidence: str | None = None


def withholding_bytes(withholding: Withholding) -> bytes:
    """Return the canonical bytes of a withholding."""
    written: dict[str, Json] = {
        "format": "pactgate-withholding/1",
        "student": withholding.student.hex(),
        "lines": [*sorted(withholding.lines)],
        "reason": withholding.reason.value,
        "until": withholding.until.isoformat(),
    }
    optional: dict[str, Json] = {"replaces": withholding.replaces, "evidence": withholding.evidence}
    return canonical_bytes(written | {name: value for name, value in optional.items() if value is not None})


def read_withholding(raw: bytes | str) -> Withholding:
    """Read a withholding. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, WITHHOLDING)
    until, reason = read_date(content["until"]), Reason(content["reason"])
    if until is None:
        refuse(WITHHOLDING, "/until", "N4", "This is not a day of the calendar (2026-09-01).", LAWS[reason])
    # (1): an order is there to be looked at.
    if reason is not Reason.SAFETY and "evidence" not in content:
        refuse(WITHHOLDING, "/evidence", "N4", "What orders it is named by its digest.", LAWS[reason])
    return Withholding(
        bytes.fromhex(content["student"]),
        tuple(content["lines"]),
        reason,
        until,
        content.get("replaces"),
        content.get("evidence"),
    )
