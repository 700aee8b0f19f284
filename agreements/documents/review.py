"""A yearly review: what an officer found in a review pack, and what follows from it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, listing, text

CONCLUSIONS: Final = ("continue", "amend", "end")

REVIEW: Final = group(
    "The yearly review",
    {
        "format": leaf("rule", "The format", const="pactgate-review/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "from": text("obligation", "The first day that was reviewed", DATE),
        "to": text("obligation", "The last day that was reviewed", DATE),
        "pack": text("notice", "The digest of the review pack", DIGEST),
        "findings": listing(
            "Findings",
            group(
                "A finding",
                {
                    "what": text("words_only", "What was found"),
                    "action": text("words_only", "What is done about it"),
                },
            ),
            least=0,
            most=200,
        ),
        "conclusion": choice("notice", "The conclusion", *CONCLUSIONS),
    },
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, and what is done about it. Neither names a student."""

    what: str
    action: str


@dataclass(frozen=True, slots=True)
class Review:
    """The review of one agreement over a period, both days included; `pack` is the digest of what was looked at."""

    agreement: str
    first_day: date
    last_day: date
    pack: str
    findings: tuple[Finding, ...] = field(repr=False)
    conclusion: str


def review_bytes(review: Review) -> bytes:
    """Return the canonical bytes of a review."""
    findings: list[Json] = [{"what": each.what, "action": each.action} for each in review.findings]
    return canonical_bytes(
        {
            "format": "pactgate-review/1",
            "agreement": review.agreement,
            "from": review.first_day.isoformat(),
            "to": review.last_day.isoformat(),
            "pack": review.pack,
            "findings": findings,
            "conclusion": review.conclusion,
        }
    )


def read_review(raw: bytes | str) -> Review:
    """Read a review. Raises `MalformedDocument`; `InvalidDocument` also if it ends before it begins."""
    content = read_shaped(raw, REVIEW)
    first, last = read_date(content["from"]), read_date(content["to"])
    if first is None or last is None or last < first:
        refuse(REVIEW, "/to", "X3", "The review goes from a day of the calendar to the same or a later one.")
    return Review(
        agreement=content["agreement"],
        first_day=first,
        last_day=last,
        pack=content["pack"],
        findings=tuple(Finding(each["what"], each["action"]) for each in content["findings"]),
        conclusion=content["conclusion"],
    )
