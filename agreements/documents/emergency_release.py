"""
The release of records by an emergency order: what an officer hands over, to which of its recipients (34 CFR 99.36).

INVARIANT: it names no student. It commits to their numbers under a salt that stands beside the log and may be erased.
"""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.documents.emergency import MOST_RECIPIENTS
from agreements.documents.reading import read_shaped
from agreements.elements import DATASETS
from agreements.shapes import DIGEST, choice, group, leaf, listing, text

_COMMITMENT: Final = ("[0-9a-f]{64}", "64 hexadecimal digits")

EMERGENCY_RELEASE: Final = group(
    "The release by an emergency order",
    {
        "format": leaf("rule", "The format", const="pactgate-emergency-release/1"),
        "order": text("rule", "The digest of the order", DIGEST),
        "recipients": listing(
            "The recipients, by their places in the order",
            leaf("rule", "A place, from 0", type="integer", minimum=0, maximum=MOST_RECIPIENTS - 1),
            most=MOST_RECIPIENTS,
        ),
        "dataset": choice("rule", "The dataset", *DATASETS),
        "elements": listing("The elements", text("rule", "An element of the catalogue", limit=80), most=100),
        "students": group(
            "The students",
            {
                "count": leaf("rule", "How many students", type="integer", minimum=1, maximum=1_000_000),
                "commitment": text("row", "The salted commitment to their numbers", _COMMITMENT),
            },
        ),
    },
)


@dataclass(frozen=True, slots=True)
class EmergencyRelease:
    """What an officer releases by the order with the digest `order`; `recipients` are places in its list."""

    order: str
    recipients: tuple[int, ...]
    dataset: str
    elements: tuple[str, ...]
    count: int
    commitment: str


def emergency_release_bytes(release: EmergencyRelease) -> bytes:
    """Return the canonical bytes of a release."""
    return canonical_bytes(
        {
            "format": "pactgate-emergency-release/1",
            "order": release.order,
            "recipients": list(release.recipients),
            "dataset": release.dataset,
            "elements": list(release.elements),
            "students": {"count": release.count, "commitment": release.commitment},
        }
    )


def read_emergency_release(raw: bytes | str) -> EmergencyRelease:
    """Read a release. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, EMERGENCY_RELEASE)
    return EmergencyRelease(
        order=content["order"],
        recipients=tuple(content["recipients"]),
        dataset=content["dataset"],
        elements=tuple(content["elements"]),
        count=content["students"]["count"],
        commitment=content["students"]["commitment"],
    )
