"""A reinstatement: the undoing of one suspension, which it names by its entry in the log."""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.documents.reading import PARTNER, read_shaped
from agreements.shapes import CLIENT, DIGEST, USER, group, leaf, text

REINSTATEMENT: Final = group(
    "The reinstatement",
    {
        "format": leaf("rule", "The format", const="pactgate-reinstatement/1"),
        "subject": text(
            "rule",
            "What is reinstated",
            (
                f"{DIGEST[0]}|{CLIENT[0]}|{PARTNER[0]}|{USER[0]}",
                "an agreement's digest, or the id of a client, a partner or a member of staff",
            ),
        ),
        "undoes": leaf("rule", "The entry of the suspension", type="integer", minimum=0),
        "reason": text("words_only", "The reason"),
    },
)


@dataclass(frozen=True, slots=True)
class Reinstatement:
    """The undoing of one suspension: `undoes` is the index of its entry in the log."""

    subject: str
    undoes: int
    reason: str


def reinstatement_bytes(reinstatement: Reinstatement) -> bytes:
    """Return the canonical bytes of a reinstatement."""
    return canonical_bytes(
        {
            "format": "pactgate-reinstatement/1",
            "subject": reinstatement.subject,
            "undoes": reinstatement.undoes,
            "reason": reinstatement.reason,
        }
    )


def read_reinstatement(raw: bytes | str) -> Reinstatement:
    """Read a reinstatement. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, REINSTATEMENT)
    return Reinstatement(content["subject"], content["undoes"], content["reason"])
