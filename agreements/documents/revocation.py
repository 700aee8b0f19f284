"""A revocation: from which entry of the log on the signatures of a key do not count."""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import read_shaped
from agreements.shapes import THUMBPRINT, group, leaf, text

REVOCATION: Final = group(
    "The revocation",
    {
        "format": leaf("rule", "The format", const="pactgate-revocation/1"),
        "subject": text("rule", "The key that is revoked", THUMBPRINT),
        "reason": text("words_only", "The reason"),
    },
    {"since": leaf("rule", "The entry from which its signatures do not count", type="integer", minimum=0)},
)


@dataclass(frozen=True, slots=True)
class Revocation:
    """The revocation of a key, by thumbprint; without `since`, from the entry that received the revocation."""

    subject: str
    since: int | None
    reason: str


def revocation_bytes(revocation: Revocation) -> bytes:
    """Return the canonical bytes of a revocation."""
    content: dict[str, Json] = {
        "format": "pactgate-revocation/1",
        "subject": revocation.subject,
        "reason": revocation.reason,
    }
    if revocation.since is not None:
        content["since"] = revocation.since
    return canonical_bytes(content)


def read_revocation(raw: bytes | str) -> Revocation:
    """Read a revocation. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, REVOCATION)
    return Revocation(content["subject"], content.get("since"), content["reason"])
