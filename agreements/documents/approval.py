"""An approval: an officer's word for one document and for the terms in it that only words carry."""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.documents.reading import read_shaped
from agreements.shapes import DIGEST, THUMBPRINT, choice, group, leaf, listing, text

APPROVABLE: Final = ("agreement", "client_binding", "people_annex", "emergency_order", "succession")

APPROVAL: Final = group(
    "The approval",
    {
        "format": leaf("rule", "The format", const="pactgate-approval/1"),
        "approves": text("rule", "The digest of what is approved", DIGEST),
        "kind": choice("rule", "The kind of document approved", *APPROVABLE),
        "approver": text("rule", "The key of the approving officer", THUMBPRINT),
        "words_only": listing(
            "The terms that only words carry", text("notice", "A pointer", limit=500), least=0, most=5000
        ),
        "acknowledges": listing(
            "What the officer has seen and approves in spite of", text("rule", "A digest", DIGEST), least=0, most=100
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Approval:
    """
    An officer's approval of one document and of the list of its words-only terms.

    `acknowledges` are digests of what speaks against it and was weighed: a debarment that is over, a revocation of a
    key that signed it.
    """

    approves: str
    kind: str
    approver: str
    words_only: tuple[str, ...]
    acknowledges: tuple[str, ...] = ()


def approval_bytes(approval: Approval) -> bytes:
    """Return the canonical bytes of an approval."""
    return canonical_bytes(
        {
            "format": "pactgate-approval/1",
            "approves": approval.approves,
            "kind": approval.kind,
            "approver": approval.approver,
            "words_only": list(approval.words_only),
            "acknowledges": list(approval.acknowledges),
        }
    )


def read_approval(raw: bytes | str) -> Approval:
    """Read an approval. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, APPROVAL)
    words, seen = tuple(content["words_only"]), tuple(content["acknowledges"])
    return Approval(content["approves"], content["kind"], content["approver"], words, seen)
