"""
A classification of codes: what values of coded elements tell, as two stewards of the district judged it.

INVARIANT: a classification follows the one before it, which it names by its digest. So one that stewards signed and
then thought better of cannot be brought into force behind another, and one that is gone is missed.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import DISTRICT, read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, listing, text

MOST_CODES: Final = 2_000
"""Judgements in one classification: more than a whole student information system has kinds of courses."""
LONGEST_VALUE: Final = 400
_ELEMENT: Final = ("[0-9]{6}|x-[a-z0-9]+(-[a-z0-9]+)*", "an element's id, six digits or x-some-name")


class Verdict(StrEnum):
    """What stewards say of a value; it stands in signed documents and is never renamed or reused."""

    OPEN = "open"
    """It tells nothing that a law guards."""
    GATED = "gated"
    """It leaves under the legal bases of a law alone."""
    NEVER = "never"
    """It leaves under no basis."""
    WITHDRAWN = "withdrawn"
    """What stewards judged of it before counts no more: nobody has classified it."""


CLASSIFICATION: Final = group(
    "The classification of codes",
    {
        "format": leaf("rule", "The format", const="pactgate-code-classification/1"),
        "district": text("rule", "The district", DISTRICT, 80),
        "day": text("rule", "The day of the judgement", DATE),
        "codes": listing(
            "The judgements",
            group(
                "A judgement",
                {
                    "element": text("rule", "The coded element", _ELEMENT, 80),
                    "value": text("rule", "The value, letter by letter", limit=LONGEST_VALUE),
                    "verdict": choice("rule", "What it tells", *Verdict),
                },
                {"law": text("rule", "The law of the gate, as the guardrails name it", limit=200)},
            ),
            most=MOST_CODES,
        ),
        "reason": text("words_only", "The reason"),
    },
    {"after": text("rule", "The digest of the classification before", DIGEST)},
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one value of a coded element; `law` names the gate of a gated one, and of no other."""

    element: str
    value: str
    verdict: Verdict
    law: str | None = None


@dataclass(frozen=True, slots=True)
class Classification:
    """Judgements of one day, each value of an element at most once."""

    district: str
    day: date
    codes: tuple[Judgement, ...]
    reason: str = field(repr=False)
    after: str | None = None

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements whose values are judged."""
        return tuple(sorted({each.element for each in self.codes}))


def classification_bytes(classification: Classification) -> bytes:
    """Return the canonical bytes of a classification."""
    content: dict[str, Json] = {
        "format": "pactgate-code-classification/1",
        "district": classification.district,
        "day": classification.day.isoformat(),
        "codes": [_judgement(each) for each in classification.codes],
        "reason": classification.reason,
    }
    if classification.after is not None:
        content["after"] = classification.after
    return canonical_bytes(content)


def read_classification(raw: bytes | str) -> Classification:
    """Read a classification. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, CLASSIFICATION)
    day = read_date(content["day"])
    if day is None:
        refuse(CLASSIFICATION, "/day", "M2", "The judgement was made on a day of the calendar.")
    codes = tuple(
        Judgement(each["element"], each["value"], Verdict(each["verdict"]), each.get("law"))
        for each in content["codes"]
    )
    for at, code in enumerate(codes):
        if (code.verdict is Verdict.GATED) != (code.law is not None):
            sentence = "A gated value, and no other, is named together with the law of its gate."
            refuse(CLASSIFICATION, f"/codes/{at}/law", "M2", sentence)
    if len({(code.element, code.value) for code in codes}) < len(codes):
        refuse(CLASSIFICATION, "/codes", "M2", "One value is judged twice.")
    return Classification(content["district"], day, codes, content["reason"], content.get("after"))


def _judgement(judged: Judgement) -> dict[str, Json]:
    said: dict[str, Json] = {"element": judged.element, "value": judged.value, "verdict": judged.verdict.value}
    return said if judged.law is None else {**said, "law": judged.law}
