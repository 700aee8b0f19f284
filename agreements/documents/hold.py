"""A hold: records are kept although their destruction is due, until an officer releases it. Neither names a student."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, text

HOLDS: Final = ("legal", "inspection")
"""A duty to keep evidence, or a family's request to inspect that is open (34 CFR 99.10(e))."""
INSPECT_WITHIN: Final = timedelta(days=45)
"""How long after a family asked the district has to let it inspect the records (34 CFR 99.10(b))."""

HOLD: Final = group(
    "The hold",
    {
        "format": leaf("rule", "The format", const="pactgate-hold/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "kind": choice("obligation", "Why records are kept", *HOLDS),
        "since": text("notice", "The day on which the reason arose", DATE),
        "reason": text("words_only", "The reason; it never names a student"),
    },
)

RELEASE: Final = group(
    "The release of a hold",
    {
        "format": leaf("rule", "The format", const="pactgate-release/1"),
        "hold": text("obligation", "The digest of the hold", DIGEST),
        "reason": text("words_only", "The reason; it never names a student"),
    },
)


@dataclass(frozen=True, slots=True)
class Hold:
    """An officer's order that the records of an agreement are kept although their destruction is due."""

    agreement: str
    kind: str
    since: date
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a hold, which it names by its digest."""

    hold: str
    reason: str = field(repr=False)


def hold_bytes(hold: Hold) -> bytes:
    """Return the canonical bytes of a hold."""
    return canonical_bytes(
        {
            "format": "pactgate-hold/1",
            "agreement": hold.agreement,
            "kind": hold.kind,
            "since": hold.since.isoformat(),
            "reason": hold.reason,
        }
    )


def read_hold(raw: bytes | str) -> Hold:
    """Read a hold. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, HOLD)
    since = read_date(content["since"])
    if since is None:
        refuse(HOLD, "/since", "X4", "The day is not a day of the calendar.", "34 CFR 99.10(e)")
    return Hold(content["agreement"], content["kind"], since, content["reason"])


def release_bytes(release: Release) -> bytes:
    """Return the canonical bytes of the release of a hold."""
    return canonical_bytes({"format": "pactgate-release/1", "hold": release.hold, "reason": release.reason})


def read_release(raw: bytes | str) -> Release:
    """Read the release of a hold. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, RELEASE)
    return Release(content["hold"], content["reason"])
