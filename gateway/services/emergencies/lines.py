"""What a list of emergency orders says of each: words from the signed document, what left by it, and how it stands."""

from dataclasses import dataclass
from datetime import datetime

from agreements.emergencies import VerifiedEmergencyRelease
from gateway.services.standing.registry import Ordered


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who receives, and why that is needed."""

    name: str
    kind: str
    why_needed: str


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """What left by an order, by one entry; `recipients` are places in the order's list, `students` how many."""

    entry: int
    at: datetime
    released_by: str
    recipients: tuple[int, ...]
    dataset: str
    elements: tuple[str, ...]
    students: int


@dataclass(frozen=True, slots=True)
class EndLine:
    """Who ended an order early need not be known; by which entry, and why, is."""

    entry: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """
    One order in a list. `standing` is ahead, open, over or ended.

    `reviewed_by` is None while, or because, nobody did.
    """

    digest: str
    id: str
    entry: int
    standing: str
    begins: datetime
    ends: datetime
    ordered_by: str
    reviewed_by: str | None
    review_due: datetime
    review_overdue: bool
    threat: str
    recipients: tuple[Recipient, ...]
    elements: tuple[str, ...]
    students: int
    whom: str
    ended: EndLine | None
    releases: tuple[ReleaseLine, ...]


def line_of(ordered: Ordered, now: datetime) -> OrderLine:
    """Return what a list says of an order at this instant."""
    verified, end = ordered.verified, ordered.ended
    order = verified.order
    return OrderLine(
        digest=verified.digest,
        id=order.id,
        entry=verified.received.index,
        standing=_standing(ordered, now),
        begins=verified.begins,
        ends=verified.ends,
        ordered_by=verified.ordered_by.key.thumbprint,
        reviewed_by=None if verified.reviewed_by is None else verified.reviewed_by.key.thumbprint,
        review_due=verified.review_due,
        review_overdue=verified.reviewed_by is None and now > verified.review_due,
        threat=order.threat,
        recipients=tuple(Recipient(each.name, each.kind, each.why_needed) for each in order.recipients),
        elements=order.elements,
        students=order.count,
        whom=order.whom,
        ended=None if end is None else EndLine(end.index, end.reason),
        releases=tuple(_release(each) for each in ordered.releases),
    )


def _standing(ordered: Ordered, now: datetime) -> str:
    if ordered.ended is not None:
        return "ended"
    if ordered.verified.is_open(now):
        return "open"
    return "ahead" if now < ordered.verified.begins else "over"


def _release(verified: VerifiedEmergencyRelease) -> ReleaseLine:
    release = verified.release
    return ReleaseLine(
        entry=verified.received.index,
        at=verified.received.at,
        released_by=verified.released_by.key.thumbprint,
        recipients=release.recipients,
        dataset=release.dataset,
        elements=release.elements,
        students=release.count,
    )
