"""
An erasure: whose link to the log goes, because no record about them is kept any longer.

It names nobody: a student stands in it by the sealed link of the one row that leads from them to the log, which means
nothing without that row and a key: 16 bytes, or 24 with the name of a later key in front. When the row is gone, it
means nothing at all.
"""

from dataclasses import dataclass, field
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.documents.reading import read_shaped
from agreements.shapes import group, leaf, listing, text

MOST: Final = 5_000
"""Links in one erasure: a year's leavers of a large district."""
_LINK: Final = ("[0-9a-f]{32}([0-9a-f]{16})?", "32 or 48 hexadecimal digits")

ERASURE: Final = group(
    "The erasure",
    {
        "format": leaf("rule", "The format", const="pactgate-erasure/1"),
        "links": listing("The links", text("row", "A link, as it stands in the database", _LINK), most=MOST),
        "reason": text("words_only", "The reason; it never names a student"),
    },
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """The sealed links that go, 16 or 24 bytes each."""

    links: tuple[bytes, ...] = field(repr=False)
    reason: str = field(repr=False)


def erasure_bytes(erasure: Erasure) -> bytes:
    """Return the canonical bytes of an erasure."""
    links = sorted(link.hex() for link in erasure.links)
    return canonical_bytes({"format": "pactgate-erasure/1", "links": [*links], "reason": erasure.reason})


def read_erasure(raw: bytes | str) -> Erasure:
    """Read an erasure. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, ERASURE)
    return Erasure(tuple(bytes.fromhex(link) for link in content["links"]), content["reason"])
