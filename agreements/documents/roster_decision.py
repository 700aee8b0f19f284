"""
What the district decides about a roster that a partner submitted (row R2): accept, refuse, or confirm it unchanged.

INVARIANT: it names no student. It commits to the rows of the roster that begin and end by it, in random internal ids,
so that who signs signs exactly what was shown.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import LINE, read_shaped, refuse
from agreements.shapes import DIGEST, choice, group, leaf, text

_MOST: Final = 2**53 - 1


class Answer(StrEnum):
    """What was decided."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    """Nothing changed: the roster that was accepted goes on counting."""


ROSTER_DECISION: Final = group(
    "The decision on a roster",
    {
        "format": leaf("rule", "The format", const="pactgate-roster-decision/1"),
        "submission": leaf("rule", "The entry that received the roster", type="integer", minimum=0, maximum=_MOST),
        "agreement": text("rule", "The agreement's id", LINE, 80),
        "decision": choice("rule", "What is decided", *Answer),
        "rows": group(
            "The rows of the roster",
            {
                "begin": leaf("rule", "How many begin", type="integer", minimum=0, maximum=_MOST),
                "end": leaf("rule", "How many end", type="integer", minimum=0, maximum=_MOST),
                "digest": text("row", "The digest of them all", DIGEST),
            },
        ),
    },
    {"reason": text("words_only", "Why it is refused; it never names a student", limit=1000)},
)


@dataclass(frozen=True, slots=True)
class RosterDecision:
    """A decision on the submission that the entry `submission` received; `digest` covers the rows that move by it."""

    submission: int
    agreement: str
    answer: Answer
    begin: int
    end: int
    digest: str
    reason: str | None = None


def roster_decision_bytes(decision: RosterDecision) -> bytes:
    """Return the canonical bytes of a decision."""
    content: dict[str, Json] = {
        "format": "pactgate-roster-decision/1",
        "submission": decision.submission,
        "agreement": decision.agreement,
        "decision": decision.answer.value,
        "rows": {"begin": decision.begin, "end": decision.end, "digest": decision.digest},
    }
    if decision.reason is not None:
        content["reason"] = decision.reason
    return canonical_bytes(content)


def read_roster_decision(raw: bytes | str) -> RosterDecision:
    """Read a decision. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, ROSTER_DECISION)
    rows, reason = content["rows"], content.get("reason")
    answer = Answer(content["decision"])
    if (answer is Answer.REFUSE) != (reason is not None):
        refuse(ROSTER_DECISION, "/reason", "R2", "A refusal, and nothing else, says why.")
    if answer is Answer.REFUSE and (rows["begin"] or rows["end"]):
        refuse(ROSTER_DECISION, "/rows", "R2", "Nothing begins or ends by a refusal.")
    return RosterDecision(
        content["submission"], content["agreement"], answer, rows["begin"], rows["end"], rows["digest"], reason
    )
