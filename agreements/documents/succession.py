"""
A succession: a partner goes on as another one, by merger or under a new name.

It ends what the predecessor had and widens nothing: the successor answers for what is owed, is barred by what bars the
predecessor, and signs agreements of its own.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import PARTNER, read_shaped, refuse
from agreements.shapes import DATE, choice, group, leaf, text

SUCCESSIONS: Final = ("merger", "rename")

SUCCESSION: Final = group(
    "The succession",
    {
        "format": leaf("rule", "The format", const="pactgate-succession/1"),
        "predecessor": text("rule", "The predecessor", PARTNER, 80),
        "successor": text("rule", "The successor", PARTNER, 80),
        "kind": choice("notice", "The kind of succession", *SUCCESSIONS),
        "day": text("words_only", "The day of the merger or of the new name", DATE),
        "reason": text("words_only", "The reason"),
    },
)


@dataclass(frozen=True, slots=True)
class Succession:
    """
    A partner and the one it goes on as.

    `day` is what the parties state of themselves; for the gateway it takes effect with the log entry that receives it.
    """

    predecessor: str
    successor: str
    kind: str
    day: date
    reason: str = field(repr=False)

    @property
    def parties(self) -> tuple[str, str]:
        """Who has to sign."""
        return self.predecessor, self.successor


def succession_bytes(succession: Succession) -> bytes:
    """Return the canonical bytes of a succession."""
    return canonical_bytes(
        {
            "format": "pactgate-succession/1",
            "predecessor": succession.predecessor,
            "successor": succession.successor,
            "kind": succession.kind,
            "day": succession.day.isoformat(),
            "reason": succession.reason,
        }
    )


def read_succession(raw: bytes | str) -> Succession:
    """Read a succession. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, SUCCESSION)
    day = read_date(content["day"])
    if day is None:
        refuse(SUCCESSION, "/day", "format", "The day is not a day of the calendar.")
    if content["predecessor"] == content["successor"]:
        refuse(SUCCESSION, "/successor", "L9", "A partner does not succeed itself.")
    return Succession(content["predecessor"], content["successor"], content["kind"], day, content["reason"])
