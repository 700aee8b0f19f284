"""
A disclosure made outside the gateway, as an officer records it by hand (34 CFR 99.32(a)(1), (3)).

A letter, a telephone call, a file on a stick: who received what, when, why. INVARIANT: it names no student. It commits
to their numbers under a salt that stands beside the log and may be erased. It is never changed: what was wrong is
corrected by a later record that names the entry of the earlier one.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NoReturn

from agreements.basis import Basis, OtherGround
from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, listing, text

_COMMITMENT: Final = ("[0-9a-f]{64}", "64 hexadecimal digits")
_LAW: Final = "34 CFR 99.32(a)"
_MOST: Final = 2**53 - 1

OUTSIDE_DISCLOSURE: Final = group(
    "The disclosure outside the gateway",
    {
        "format": leaf("rule", "The format", const="pactgate-outside-disclosure/1"),
        "party": group(
            "Who received the records",
            {
                "name": text("words_only", "The party that received them", limit=200),
                "kind": text("words_only", "What it is, in a few words", limit=200),
            },
        ),
        "disclosed_on": text("notice", "The day on which they were disclosed", DATE),
        "how": text("words_only", "How: a letter, a telephone call, a file", limit=200),
        "elements": listing("The elements", text("notice", "An element of the catalogue", limit=80), least=0, most=100),
        "basis": choice("notice", "The legal basis", *Basis, *OtherGround),
        "interest": text("words_only", "The party's legitimate interest; it never names a student"),
        "students": group(
            "The students",
            {
                "count": leaf("rule", "How many students", type="integer", minimum=1, maximum=100_000),
                "commitment": text("row", "The salted commitment to their numbers", _COMMITMENT),
            },
        ),
    },
    {
        "evidence": text("words_only", "The digest of a file that shows it", DIGEST),
        "threat": text("words_only", "In an emergency: the threat (34 CFR 99.32(a)(5)); it never names a student"),
        "further_recipients": listing(
            "Who may receive the records from the party",
            group(
                "A further recipient",
                {
                    "name": text("words_only", "The further recipient", limit=200),
                    "interest": text("words_only", "Its legitimate interest", limit=1000),
                },
            ),
        ),
        "corrects": leaf("rule", "The entry that this corrects", type="integer", minimum=0, maximum=_MOST),
        "why_corrected": text("words_only", "What was wrong; it never names a student", limit=1000),
    },
)


@dataclass(frozen=True, slots=True)
class FurtherRecipient:
    """A party that may receive the records in turn, and its interest (34 CFR 99.32(b)(1))."""

    name: str
    interest: str


@dataclass(frozen=True, slots=True)
class OutsideDisclosure:
    """
    What was disclosed outside the gateway. `elements` are ids of the catalogue; none: the corrected one never happened.

    `corrects` is the entry of the record that this one takes the place of; `evidence` a digest, `sha256:<hex>`.
    """

    party: str
    party_kind: str
    disclosed_on: date
    how: str
    elements: tuple[str, ...]
    basis: str
    interest: str
    count: int
    commitment: str
    evidence: str | None = None
    threat: str | None = None
    further_recipients: tuple[FurtherRecipient, ...] = ()
    corrects: int | None = None
    why_corrected: str | None = None


def outside_disclosure_bytes(disclosure: OutsideDisclosure) -> bytes:
    """Return the canonical bytes of a disclosure."""
    written: dict[str, Json] = {
        "format": "pactgate-outside-disclosure/1",
        "party": {"name": disclosure.party, "kind": disclosure.party_kind},
        "disclosed_on": disclosure.disclosed_on.isoformat(),
        "how": disclosure.how,
        "elements": list(disclosure.elements),
        "basis": str(disclosure.basis),
        "interest": disclosure.interest,
        "students": {"count": disclosure.count, "commitment": disclosure.commitment},
    }
    further: list[Json] = [{"name": each.name, "interest": each.interest} for each in disclosure.further_recipients]
    optional: dict[str, Json] = {
        "evidence": disclosure.evidence,
        "threat": disclosure.threat,
        "further_recipients": further or None,
        "corrects": disclosure.corrects,
        "why_corrected": disclosure.why_corrected,
    }
    return canonical_bytes(written | {name: value for name, value in optional.items() if value is not None})


def read_outside_disclosure(raw: bytes | str) -> OutsideDisclosure:
    """Read a disclosure. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, OUTSIDE_DISCLOSURE)
    # (1): a day of the calendar.
    day = read_date(content["disclosed_on"])
    if day is None:
        _refuse("/disclosed_on", "This is not a day of the calendar (2026-09-01).")
    # (2): a correction says what was wrong, and only a correction does.
    if ("corrects" in content) != ("why_corrected" in content):
        _refuse("/why_corrected", "A correction names the entry it corrects, and what was wrong there.")
    # (3): what says that nothing was disclosed can only take something back.
    if not content["elements"] and "corrects" not in content:
        _refuse("/elements", "Name what was disclosed. Only a correction can say that nothing was.")
    # (4): an emergency is recorded with its threat (34 CFR 99.32(a)(5)).
    if (content["basis"] == Basis.HEALTH_SAFETY_EMERGENCY) != ("threat" in content):
        _refuse("/threat", "A disclosure in an emergency, and no other, is recorded with the threat.")
    return _disclosure(content, day)


def _disclosure(content: dict[str, Any], day: date) -> OutsideDisclosure:
    further = content.get("further_recipients", ())
    return OutsideDisclosure(
        party=content["party"]["name"],
        party_kind=content["party"]["kind"],
        disclosed_on=day,
        how=content["how"],
        elements=tuple(content["elements"]),
        basis=content["basis"],
        interest=content["interest"],
        count=content["students"]["count"],
        commitment=content["students"]["commitment"],
        evidence=content.get("evidence"),
        threat=content.get("threat"),
        further_recipients=tuple(FurtherRecipient(each["name"], each["interest"]) for each in further),
        corrects=content.get("corrects"),
        why_corrected=content.get("why_corrected"),
    )


def _refuse(path: str, sentence: str) -> NoReturn:
    refuse(OUTSIDE_DISCLOSURE, path, "N5", sentence, _LAW)
