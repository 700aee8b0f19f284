"""
The end of a partner's copies: the certificate that they were destroyed.

It is bound to the log: it names how many disclosures it answers for and a digest over the indexes of their
entries. A partner can compute both from the receipts it was sent with every answer.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, choice, group, leaf, listing, text

WHOLE: Final = "whole"
LEAVERS: Final = "leavers"
COVERS: Final = (WHOLE, LEAVERS)
METHODS: Final = ("clear", "purge", "destroy", "cryptographic_erasure")
"""NIST SP 800-88 Rev. 1 section 2.5; cryptographic erasure is a way to purge that is named for itself (section 2.6)."""
MOST_LEAVERS: Final = 20_000
"""So many record codes fit into a document; who has more to certify signs a second certificate."""

_WITNESS = {"x-rule": "X2", "x-source": "project rule X2 (KSDE, PTAC: destruction is witnessed by a second person)"}
_RECORD_CODE: Final = ("rc_[a-z2-7]{26}", "a record code, rc_ and 26 letters and digits")

CERTIFICATE: Final = group(
    "The certificate of destruction",
    {
        "format": leaf("rule", "The format", const="pactgate-certificate/1"),
        "agreement": text("rule", "The digest of the agreement", DIGEST),
        "covers": choice("obligation", "What is certified", *COVERS),
        "disclosures": group(
            "The disclosures it answers for",
            {
                "count": leaf("obligation", "How many there were", type="integer", minimum=0),
                "digest": text("obligation", "The digest over the indexes of their entries", DIGEST),
            },
            {"last_entry": leaf("obligation", "The entry of the last one", type="integer", minimum=0)},
        ),
        "what": text("words_only", "What was destroyed"),
        "how": group(
            "How it was destroyed",
            {
                "method": choice("obligation", "The method (NIST SP 800-88)", *METHODS),
                "words": text("words_only", "How it was done"),
            },
        ),
        "destroyed_on": text("obligation", "The day of the destruction", DATE),
        "who": {**text("obligation", "Who destroyed it", limit=200), **_WITNESS},
        "witness": {**text("obligation", "Who witnessed it", limit=200), **_WITNESS},
    },
    {
        "leavers": listing(
            "The record codes of the leavers", text("row", "A record code", _RECORD_CODE), most=MOST_LEAVERS
        )
    },
)


@dataclass(frozen=True, slots=True)
class Disclosures:
    """Which disclosures a certificate answers for: how many, the entry of the last one, a digest over the indexes."""

    count: int
    last_entry: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    A partner's word that what it received was destroyed: what, how, when, by whom, and who saw it.

    `covers` is all disclosures of the agreement, or those about the `leavers`, named by their record codes.
    """

    agreement: str
    covers: str
    disclosures: Disclosures
    what: str = field(repr=False)
    method: str
    how: str = field(repr=False)
    destroyed_on: date
    who: str = field(repr=False)
    witness: str = field(repr=False)
    leavers: tuple[str, ...] = field(repr=False, default=())


class Tally:
    """
    The figures over the ascending indexes of an agreement's disclosure entries, one at a time and none of them kept.

    The digest is SHA-256 over the RFC 8785 form of the list: `[4,9,12]` for the entries 4, 9 and 12.
    """

    def __init__(self) -> None:
        self._hashed = hashlib.sha256(b"[")
        self._count = 0
        self._last: int | None = None

    def add(self, index: int) -> None:
        """Take in the next entry."""
        self._hashed.update(b"%d" % index if self._last is None else b",%d" % index)
        self._count, self._last = self._count + 1, index

    @property
    def disclosures(self) -> Disclosures:
        """The figures over what was taken in so far."""
        whole = self._hashed.copy()
        whole.update(b"]")
        return Disclosures(self._count, self._last, f"sha256:{whole.hexdigest()}")


def figures_content(agreement: str, covers: str, disclosures: Disclosures, leavers: tuple[str, ...]) -> dict[str, Json]:
    """Return the part of a certificate that the log decides."""
    counted: dict[str, Json] = {"count": disclosures.count, "digest": disclosures.digest}
    if disclosures.last_entry is not None:
        counted["last_entry"] = disclosures.last_entry
    content: dict[str, Json] = {
        "format": "pactgate-certificate/1",
        "agreement": agreement,
        "covers": covers,
        "disclosures": counted,
    }
    return {**content, "leavers": list(leavers)} if leavers else content


def certificate_bytes(certificate: Certificate) -> bytes:
    """Return the canonical bytes of a certificate."""
    about = (certificate.agreement, certificate.covers, certificate.disclosures, certificate.leavers)
    return canonical_bytes(
        {
            **figures_content(*about),
            "what": certificate.what,
            "how": {"method": certificate.method, "words": certificate.how},
            "destroyed_on": certificate.destroyed_on.isoformat(),
            "who": certificate.who,
            "witness": certificate.witness,
        }
    )


def read_certificate(raw: bytes | str) -> Certificate:
    """Read a certificate of destruction. Raises `MalformedDocument`, `InvalidDocument` with every problem (row X2)."""
    content = read_shaped(raw, CERTIFICATE)
    destroyed_on = read_date(content["destroyed_on"])
    if destroyed_on is None:
        refuse(CERTIFICATE, "/destroyed_on", "X2", "The day of the destruction is not a day of the calendar.")
    counted, leavers = content["disclosures"], tuple(content.get("leavers", ()))
    if (counted["count"] > 0) != ("last_entry" in counted):
        refuse(
            CERTIFICATE, "/disclosures/last_entry", "X2", "It names the last entry exactly if there were disclosures."
        )
    if (content["covers"] == LEAVERS) != bool(leavers):
        refuse(CERTIFICATE, "/leavers", "X2", "It lists record codes exactly if it covers leavers.")
    if list(leavers) != sorted(leavers):
        refuse(CERTIFICATE, "/leavers", "X2", "The record codes stand in ascending order.")
    return Certificate(
        agreement=content["agreement"],
        covers=content["covers"],
        disclosures=Disclosures(counted["count"], counted.get("last_entry"), counted["digest"]),
        what=content["what"],
        method=content["how"]["method"],
        how=content["how"]["words"],
        destroyed_on=destroyed_on,
        who=content["who"],
        witness=content["witness"],
        leavers=leavers,
    )
