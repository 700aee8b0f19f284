"""
Yearly reviews, verified.

One officer signs a review, whoever that is, and no second one approves it: a review lets nothing leave, ends nothing.
What follows from it (an amendment, a renewal, a termination) has its own signatures and its own second person.
"""

from dataclasses import InitVar, dataclass
from datetime import date, timedelta

from agreements.authority import Authority
from agreements.canonical import read_canonical
from agreements.document import Agreement
from agreements.documents.review import Review, read_review
from agreements.errors import NotEntitled, ReviewRefused
from agreements.filed import Filed, Received
from agreements.obligations import day_of
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer


@dataclass(frozen=True, slots=True)
class VerifiedReview:
    """A review that an officer signed after the days it looks at."""

    review: Review
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_review(filed: Filed, *, authority: Authority, agreement: Agreement) -> VerifiedReview:
    """Verify that an officer reviewed this agreement, over days that were past. Raises an `AgreementError`."""
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.REVIEW)
    officers = authority.signed_by_officers(envelope, received)
    read_canonical(envelope.payload)
    review = read_review(envelope.payload)
    if review.agreement != agreement.digest:
        raise NotEntitled("The review is of another agreement.")
    if review.last_day >= day_of(agreement.term, received.at):
        raise ReviewRefused(f"The review goes to {review.last_day}, which was not over when it came.")
    return VerifiedReview(review, envelope.digest, officers, received, SEAL)


def require_no_gap(review: Review, since: date, *, first: bool) -> None:
    """
    Check that a review begins where the last one ended. Raises `ReviewRefused`.

    `since` is the last day of the review before or, if this is the `first`, the day of the activation.
    """
    latest = since if first else since + timedelta(days=1)
    if review.first_day > latest:
        raise ReviewRefused(f"The review begins on {review.first_day}, and {latest} was not reviewed yet.")
