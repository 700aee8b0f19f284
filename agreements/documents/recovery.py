"""
A recovery: after a disaster that lost entries, the log goes on from what is left, under a new origin.

It cites the newest checkpoint that was kept of the old origin, and says which entries are left: what lies between is
the gap, declared for ever.
"""

from dataclasses import dataclass, field
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import group, leaf, text

_ORIGIN: Final = ("[!-*,-~]+", "a short name without spaces and plus signs, such as a host name")
_HEAD: Final = ("[0-9a-f]{64}", "64 hexadecimal digits")
_NOTE: Final = ("[A-Za-z0-9+/]+={0,2}", "base64")
_MOST_ENTRIES: Final = 2**53 - 1
"""RFC 8785 section 3.2.2.3: JSON readers agree about integers up to here."""


def _size(title: str) -> dict[str, object]:
    return leaf("rule", title, type="integer", minimum=1, maximum=_MOST_ENTRIES)


RECOVERY: Final = group(
    "The recovery",
    {
        "format": leaf("rule", "The format", const="pactgate-recovery/1"),
        "origin": text("rule", "The new origin", _ORIGIN, 200),
        "log_public_key": text("rule", "The log's public key under the new origin", ("[!-~]+", "a verifier key"), 1000),
        "follows": group(
            "What the new origin follows",
            {
                "origin": text("rule", "The old origin", _ORIGIN, 200),
                "log_public_key": text("rule", "The old public key", ("[!-~]+", "a verifier key"), 1000),
                "size": _size("Entries under the newest checkpoint of the old origin that was kept"),
                "tree_head": text("rule", "The tree head of that checkpoint", _HEAD),
                "checkpoint": text("notice", "That checkpoint, as it was signed", _NOTE, 90_000),
            },
        ),
        "left": group(
            "What is left",
            {"size": _size("Entries that are left"), "tree_head": text("rule", "The tree head over them", _HEAD)},
        ),
        "reason": text("words_only", "What happened"),
    },
)


@dataclass(frozen=True, slots=True)
class Cited:
    """A tree: how many entries, and its head."""

    size: int
    tree_head: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """The new origin, the old one with its newest kept checkpoint (`note` is that checkpoint), and what is `left`."""

    origin: str
    log_public_key: str
    old_origin: str
    old_public_key: str
    kept: Cited
    note: str
    left: Cited
    reason: str = field(repr=False)


def recovery_bytes(recovery: Recovery) -> bytes:
    """Return the canonical bytes of a recovery; `note` is base64 of the signed note."""
    return canonical_bytes(
        {
            "format": "pactgate-recovery/1",
            "origin": recovery.origin,
            "log_public_key": recovery.log_public_key,
            "follows": {
                "origin": recovery.old_origin,
                "log_public_key": recovery.old_public_key,
                "size": recovery.kept.size,
                "tree_head": recovery.kept.tree_head.hex(),
                "checkpoint": recovery.note,
            },
            "left": {"size": recovery.left.size, "tree_head": recovery.left.tree_head.hex()},
            "reason": recovery.reason,
        }
    )


def read_recovery(raw: bytes | str) -> Recovery:
    """Read a recovery. Raises `MalformedDocument`, `InvalidDocument`; an origin does not follow itself."""
    content = read_shaped(raw, RECOVERY)
    follows, left = content["follows"], content["left"]
    if content["origin"] == follows["origin"]:
        refuse(RECOVERY, "/origin", "claim 5", "The new origin is another name than the old one.")
    return Recovery(
        content["origin"],
        content["log_public_key"],
        follows["origin"],
        follows["log_public_key"],
        Cited(follows["size"], bytes.fromhex(follows["tree_head"])),
        follows["checkpoint"],
        Cited(left["size"], bytes.fromhex(left["tree_head"])),
        content["reason"],
    )
