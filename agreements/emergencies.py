"""
Emergency orders, verified: what one officer ordered, until when it stands, and who reviewed it (34 CFR 99.36, row L4).

INVARIANT: an order ends by the clock, if not before, at most 72 hours after it began; without the review of a second
officer it ends no later than the review was due. A release is signed by an officer, and reaches no further.
"""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NoReturn

from agreements.approvals import judged_approval
from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.emergency import EMERGENCY_ORDER, EmergencyOrder, read_emergency_order
from agreements.documents.emergency_release import EMERGENCY_RELEASE, EmergencyRelease, read_emergency_release
from agreements.documents.reading import refuse
from agreements.elements import Catalogue
from agreements.errors import AgreementError, NotApproved, OrderNotOpen, SamePerson
from agreements.names import person
from agreements.pointer import pointer
from agreements.seal import SEAL, require_seal
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind
from agreements.trust import Officer

REVIEW_WITHIN: Final = timedelta(hours=72)
"""How long after the entry that received an order a second officer has to review it [P]."""
_AHEAD: Final = timedelta(hours=24)
"""How far ahead an order may begin [P]. What can wait longer can be agreed or consented to."""
_LAW: Final = "34 CFR 99.36(a), (c)"


@dataclass(frozen=True, slots=True)
class VerifiedEmergencyOrder:
    """
    An order that an officer signed. `reviewed_by` is None until a second officer reviewed it, and for good if none did.

    `begins` and `ends` are the window in which it stands: the order's own, never before the entry that received it.
    """

    order: EmergencyOrder
    envelope: Envelope
    ordered_by: Officer
    reviewed_by: Officer | None
    begins: datetime
    ends: datetime
    review_due: datetime
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)

    @property
    def digest(self) -> str:
        """The digest of the order, by which an entry and a review name it."""
        return self.envelope.digest

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The first instant at which the order stands, and the first at which it does not any more."""
        return self.begins, self.ends

    def is_open(self, now: datetime) -> bool:
        """Return whether the order stands at this instant."""
        return self.begins <= now < self.ends


def verify_emergency_order(
    filed: Filed, reviews: Iterable[Filed], *, authority: Authority, catalogue: Catalogue
) -> VerifiedEmergencyOrder:
    """
    Verify that an officer ordered a disclosure in an emergency. A review that does not count leaves it unreviewed.

    Raises an `AgreementError` naming the first thing that is wrong with the order itself.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.EMERGENCY_ORDER)
    # (1): every signature verifies over exactly these bytes, by an officer in office when it was received.
    officers = authority.signed_by_officers(envelope, received)
    # (2): one officer signed: a second signature is not a review, and would leave nobody to give one.
    if len(officers) != 1:
        raise SamePerson("One officer signs an emergency order; the second reviews it.")
    # (3): the bytes are an emergency order for now.
    read_canonical(envelope.payload)
    order = read_emergency_order(envelope.payload, catalogue)
    if order.begins > received.at + _AHEAD:
        refuse(EMERGENCY_ORDER, "/begins", "L4", "An emergency does not begin more than 24 hours ahead.", _LAW)
    if order.ends <= received.at:
        refuse(EMERGENCY_ORDER, "/hours", "L4", "The order was over before it was registered.", _LAW)
    due = received.at + REVIEW_WITHIN
    unreviewed = VerifiedEmergencyOrder(
        order=order,
        envelope=envelope,
        ordered_by=officers[0],
        reviewed_by=None,
        begins=max(order.begins, received.at),
        ends=min(order.ends, due),
        review_due=due,
        received=received,
        seal=SEAL,
    )
    # (4): another officer reviewed it in time; what does not count as a review leaves it as it is.
    for review in reviews:
        try:
            officer = require_review(unreviewed, review, authority=authority)
        except AgreementError:
            continue
        return replace(unreviewed, reviewed_by=officer, ends=order.ends, seal=SEAL)
    return unreviewed


@dataclass(frozen=True, slots=True)
class VerifiedEmergencyRelease:
    """A release that an officer signed while the order stood, of nothing and to nobody that the order does not list."""

    release: EmergencyRelease
    envelope: Envelope
    released_by: Officer
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_emergency_release(
    filed: Filed, order: VerifiedEmergencyOrder, *, authority: Authority
) -> VerifiedEmergencyRelease:
    """
    Verify that an officer released records by this order.

    Raises an `AgreementError` naming the first thing that is wrong: `NotEntitled`, `BadSignature`, `SamePerson` unless
    one officer signed, `InvalidDocument` if it reaches beyond the order, `OrderNotOpen` if the order did not stand.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.EMERGENCY_RELEASE)
    # (1): one officer in office answers for it; a person without an officer's key releases nothing.
    officers = authority.signed_by_officers(envelope, received)
    if len(officers) != 1:
        raise SamePerson("One officer signs a release by an emergency order, and answers for it.")
    # (2): it is a release by this order, of what the order lists, to whom it lists (34 CFR 99.36(a)).
    read_canonical(envelope.payload)
    release = read_emergency_release(envelope.payload)
    if release.order != order.digest:
        _refuse_release("/order", "This release is by another order.")
    for index, place in enumerate(release.recipients):
        if place >= len(order.order.recipients):
            _refuse_release(pointer("recipients", index), "The order lists no such recipient.")
    for index, element in enumerate(release.elements):
        if element not in order.order.elements:
            _refuse_release(pointer("elements", index), f"The order does not list the element {element}.")
    if release.count > order.order.count:
        _refuse_release("/students/count", f"The order is for {order.order.count} students at most.")
    # (3): the order stands, by the clock of the entry.
    if not order.is_open(received.at):
        raise OrderNotOpen(f"The order {order.order.id} stands from {order.begins} until just before {order.ends}.")
    return VerifiedEmergencyRelease(release, envelope, officers[0], received, SEAL)


def require_review(order: VerifiedEmergencyOrder, review: Filed, *, authority: Authority) -> Officer:
    """
    Return the officer whose approval of an order is the review that row L4 asks for.

    Raises `SamePerson` if it is the officer who ordered, `NotApproved` if it came too late or covers something else.
    """
    if review.received.at > order.review_due:
        raise NotApproved("The review came more than 72 hours after the order; the order has ended.")
    words = words_only(EMERGENCY_ORDER, read_canonical(order.envelope.payload))
    officer = judged_approval(order.envelope, words, review, authority=authority)
    require_not_ordered_by(order, officer)
    return officer


def require_not_ordered_by(order: VerifiedEmergencyOrder, officer: Officer) -> None:
    """Check that an officer did not order a disclosure, under this key or another one. Raises `SamePerson`."""
    # By name, since the officer may have a new key; a key has one holder, so this covers the same key too.
    if person(officer.name) == person(order.ordered_by.name):
        raise SamePerson("The officer who ordered the disclosure does not review it.")


def _refuse_release(path: str, sentence: str) -> NoReturn:
    refuse(EMERGENCY_RELEASE, path, "L4", sentence, _LAW)
