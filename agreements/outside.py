"""Disclosures outside the gateway, verified: an officer in office signed the record (34 CFR 99.32, row N5)."""

from dataclasses import InitVar, dataclass

from agreements.authority import Authority, Filed, Received
from agreements.documents.outside_disclosure import OUTSIDE_DISCLOSURE, OutsideDisclosure, read_outside_disclosure
from agreements.documents.reading import refuse
from agreements.elements import Catalogue
from agreements.pointer import pointer
from agreements.seal import SEAL, require_seal
from agreements.signature import Envelope, Kind
from agreements.trust import Officer

_LAW = "34 CFR 99.32(a)"


@dataclass(frozen=True, slots=True)
class VerifiedOutsideDisclosure:
    """A disclosure that an officer recorded, and the entry that received the record."""

    disclosure: OutsideDisclosure
    envelope: Envelope
    recorded_by: Officer
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_outside_disclosure(filed: Filed, *, authority: Authority, catalogue: Catalogue) -> VerifiedOutsideDisclosure:
    """
    Verify that an officer in office recorded a disclosure that can have been made.

    Raises `BadEnvelope`, `NotEntitled`, `BadSignature`, `MalformedDocument`, `InvalidDocument`.
    """
    filed.require_kind(Kind.OUTSIDE_DISCLOSURE)
    envelope, received = filed.envelope, filed.received
    # (1): officers signed exactly this, and nobody else did.
    officers = authority.signed_by_officers(envelope, received)
    disclosure = read_outside_disclosure(envelope.payload)
    # (2): every element is one that the catalogue names.
    for index, element in enumerate(disclosure.elements):
        if element not in catalogue:
            refuse(OUTSIDE_DISCLOSURE, pointer("elements", index), "N5", f"No element has the id {element}.", _LAW)
    # (3): a record speaks of what has happened; a day of grace, because zones differ.
    if (disclosure.disclosed_on - received.at.date()).days > 1:
        refuse(OUTSIDE_DISCLOSURE, "/disclosed_on", "N5", "The disclosure lies in the future.", _LAW)
    # (4): what a record corrects came before it.
    if disclosure.corrects is not None and disclosure.corrects >= received.index:
        refuse(OUTSIDE_DISCLOSURE, "/corrects", "N5", "A record corrects an entry before it.", _LAW)
    return VerifiedOutsideDisclosure(disclosure, envelope, officers[0], received, SEAL)
