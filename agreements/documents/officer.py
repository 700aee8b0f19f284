"""An officer's introduction: who becomes a privacy officer of the district, with which key, replacing which key."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import key_shape, read_shaped, refuse
from agreements.keys import PublicKey, read_introduced_key
from agreements.passkeys import PASSKEY
from agreements.shapes import DATE, THUMBPRINT, group, leaf, text

OFFICER: Final = group(
    "The officer document",
    {
        "format": leaf("rule", "The format", const="pactgate-officer/1"),
        "name": text("rule", "The person's name", limit=200),
        "jwk": key_shape("The officer's key"),
        "valid_from": text("rule", "The first day in office", DATE),
        "reason": text("words_only", "The reason"),
    },
    {"replaces": text("rule", "The key that this one replaces", THUMBPRINT), "passkey": PASSKEY},
)


@dataclass(frozen=True, slots=True)
class OfficerIntroduction:
    """A person who becomes an officer on a day (UTC). `replaces` is the thumbprint of a key the same person had."""

    name: str = field(repr=False)
    key: PublicKey
    valid_from: date
    replaces: str | None
    reason: str


def officer_bytes(officer: OfficerIntroduction) -> bytes:
    """Return the canonical bytes of an officer document."""
    content: dict[str, Json] = {
        "format": "pactgate-officer/1",
        "name": officer.name,
        "jwk": officer.key.jwk,
        "valid_from": officer.valid_from.isoformat(),
        "reason": officer.reason,
    }
    if officer.replaces is not None:
        content["replaces"] = officer.replaces
    if officer.key.passkey is not None:
        content["passkey"] = officer.key.passkey.members
    return canonical_bytes(content)


def read_officer(raw: bytes | str) -> OfficerIntroduction:
    """Read an officer document. Raises `MalformedDocument`, `InvalidDocument`, `BadKey`."""
    content = read_shaped(raw, OFFICER)
    first = read_date(content["valid_from"])
    if first is None:
        refuse(OFFICER, "/valid_from", "S3", "This is not a day of the calendar (2026-09-01).")
    key = read_introduced_key(content["jwk"], content.get("passkey"))
    return OfficerIntroduction(content["name"], key, first, content.get("replaces"), content["reason"])
