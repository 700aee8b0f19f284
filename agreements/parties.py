"""
What becomes of a partner: debarred, or gone on as another one; verified back to the officers and to its signers.

INVARIANT: `VerifiedDebarment` and `VerifiedSuccession` are made here and nowhere else. Both are judged by who could
sign when they were received, **as known then**: `authority` is built from the documents before them. A revocation that
reaches back would otherwise end a ban, or free a successor from it. Several of them together: `agreements.successors`.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, replace
from datetime import date
from typing import Final

from agreements.approvals import approver_of
from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.debarment import DEBARMENT, Debarment, read_debarment
from agreements.documents.reading import refuse
from agreements.documents.signer import Signer
from agreements.documents.succession import SUCCESSION, Succession, read_succession
from agreements.entitlement import require_two_people
from agreements.errors import SignatureMissing
from agreements.seal import SEAL, require_seal
from agreements.shapes import words_only
from agreements.signature import Kind
from agreements.trust import Officer

DEBARRING_OFFICERS: Final = 2
"""
A debarment lasts for years and no document undoes it, so one person does not decide it (claim 12). Nothing waits for
the second officer: `pactgate parties leave` and a suspension stop a partner at once, and take one person.
"""


@dataclass(frozen=True, slots=True)
class VerifiedDebarment:
    """
    A debarment that two officers signed, and whom it bars: the partner it was imposed on, or one that succeeded it.

    `received` is the entry from which it bars `partner`: its own, or that of the succession if it came later.
    """

    debarment: Debarment
    digest: str
    partner: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)

    @property
    def until(self) -> date:
        """The last day (UTC) on which the partner is barred."""
        return self.debarment.until_day

    def bars_on(self, day: date) -> bool:
        """Return whether the partner is barred on this day (UTC)."""
        return self.debarment.from_day <= day <= self.until

    @property
    def ends_what_stands(self) -> bool:
        """Whether it bars on the day it is received, and so ends at once, and for good, what the partner has."""
        return self.bars_on(self.received.day)

    def inherited_through(self, succession: "VerifiedSuccession") -> "VerifiedDebarment":
        """Return the debarment as it bars the successor. Raises `ValueError` if the succession is another partner's."""
        if self.partner != succession.succession.predecessor:
            raise ValueError("The succession is not one of the partner that is barred.")
        later = max(self.received, succession.received, key=lambda received: received.index)
        return replace(self, partner=succession.succession.successor, received=later, seal=SEAL)


@dataclass(frozen=True, slots=True)
class VerifiedSuccession:
    """A succession that both partners signed and an officer approved."""

    succession: Succession
    digest: str
    signers: tuple[Signer, ...]
    approver: Officer
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_debarment(filed: Filed, *, authority: Authority) -> VerifiedDebarment:
    """Verify that two officers debarred a partner. Raises an `AgreementError` naming the first thing that is wrong."""
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.DEBARMENT)
    # (1): every signature verifies over exactly these bytes, by an officer in office when it was received.
    officers = authority.signed_by_officers(envelope, received)
    # (2): two officers signed. They are two people: nobody is in office under two keys at one entry.
    if len(officers) < DEBARRING_OFFICERS:
        raise SignatureMissing("A debarment is signed by two officers.")
    # (3): the bytes are a debarment that acts at once: one that waits would let the partner stock up until then.
    read_canonical(envelope.payload)
    debarment = read_debarment(envelope.payload)
    if debarment.from_day > received.day:
        sentence = "A debarment begins on the day it is registered (UTC) or before, never on a later one."
        refuse(DEBARMENT, "/from_day", "L9", sentence)
    return VerifiedDebarment(debarment, envelope.digest, debarment.partner, officers, received, SEAL)


def verify_succession(filed: Filed, approvals: Sequence[Filed], *, authority: Authority) -> VerifiedSuccession:
    """
    Verify that a partner goes on as another one. Raises an `AgreementError` naming the first thing that is wrong.

    Whether one of the two is gone already is judged against the successions before it: `successors.require_open`.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.SUCCESSION)
    # (1): the bytes are a succession; who must have signed stands in it.
    content = read_canonical(envelope.payload)
    succession = read_succession(envelope.payload)
    # (2): every signature verifies over exactly these bytes, by a signer entitled for one of the two partners.
    signing = authority.signed_for(envelope, succession.parties, received)
    # (3): both signed.
    for party in succession.parties:
        if party not in {known.signer.party for known in signing}:
            raise SignatureMissing(f"Nobody has signed for {party}.")
    # (4): nobody signed for both, not even where one organisation only changed its name: one person alone could
    # otherwise end all that the organisation has, and the rule would hang on what the document says of itself.
    require_two_people(signing)
    # (5): an officer who signed for neither approved exactly this.
    approver = approver_of(envelope, words_only(SUCCESSION, content), approvals, authority=authority, signing=signing)
    signers = tuple(known.signer for known in signing)
    return VerifiedSuccession(succession, envelope.digest, signers, approver, received, SEAL)
