"""
Emergency orders: one officer orders, a second one reviews, the clock ends it (34 CFR 99.36).

What is here registers and shows the documents. INVARIANT: the log carries digests and counts; threat and recipients
stand in the document, which goes with the accounting of disclosures (34 CFR 99.32(a)(5)), and never in an entry.
"""

from dataclasses import dataclass
from datetime import datetime

from agreements.documents.approval import read_approval
from agreements.emergencies import VerifiedEmergencyOrder, require_review, verify_emergency_order
from agreements.errors import AlreadyRegistered
from agreements.signature import Envelope
from audit.events import Event
from gateway.services.errors import UnknownOrder
from gateway.services.filing import Desk, Filing


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who receives, and why that is needed."""

    name: str
    kind: str
    why_needed: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order in a list. `standing` is ahead, open or over; `reviewed_by` is None while, or because, nobody did."""

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


class Emergencies:
    """Registers emergency orders and their reviews, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def order(self, document: Envelope) -> OrderLine:
        """
        Register an order, which stands from now or from when it begins.

        Raises an `AgreementError` naming the first thing that is wrong; nothing was written then.
        """
        async with self._desk.filing() as filing:
            verified = verify_emergency_order(
                filing.filed(document), (), authority=filing.authority, catalogue=self._desk.catalogue
            )
            if any(each.order.id == verified.order.id for each in filing.registry.emergency_orders):
                raise AlreadyRegistered(f"An order with the id {verified.order.id} is registered already.")
            await filing.file(
                Event.EMERGENCY_ORDERED,
                document,
                concerns=None,
                officers=[verified.ordered_by.key.thumbprint],
                recipients=len(verified.order.recipients),
                elements=len(verified.order.elements),
                begins=verified.begins.isoformat(),
                ends=verified.order.ends.isoformat(),
            )
        return _line(verified, filing.moment.now)

    async def review(self, approval: Envelope) -> OrderLine:
        """
        Register the review of an order by a second officer.

        Raises `UnknownOrder`, `AlreadyRegistered` if it was reviewed, `SamePerson` for the officer who ordered,
        `NotApproved` if it came too late.
        """
        async with self._desk.filing() as filing:
            order = _reviewed(filing, approval)
            officer = require_review(order, filing.filed(approval), authority=filing.authority)
            await filing.file(
                Event.EMERGENCY_REVIEWED,
                approval,
                concerns=order.digest,
                approves=order.digest,
                officers=[officer.key.thumbprint],
            )
        _, registry = await self._desk.registry()
        (reviewed,) = [each for each in registry.emergency_orders if each.digest == order.digest]
        return _line(reviewed, filing.moment.now)

    async def lines(self) -> tuple[OrderLine, ...]:
        """Return every order, oldest first; one that does not verify is left to the alarms."""
        moment, registry = await self._desk.registry()
        return tuple(_line(each, moment.now) for each in registry.emergency_orders)


def _reviewed(filing: Filing, approval: Envelope) -> VerifiedEmergencyOrder:
    """Return the order that a review says it is of; the verification judges the rest."""
    digest = read_approval(approval.payload).approves
    for each in filing.registry.emergency_orders:
        if each.digest == digest:
            if each.reviewed_by is not None:
                raise AlreadyRegistered(f"The order {each.order.id} was reviewed already.")
            return each
    raise UnknownOrder(f"No emergency order {digest} is registered.")


def _line(verified: VerifiedEmergencyOrder, now: datetime) -> OrderLine:
    order = verified.order
    before = "ahead" if now < verified.begins else "over"
    return OrderLine(
        digest=verified.digest,
        id=order.id,
        entry=verified.received.index,
        standing="open" if verified.is_open(now) else before,
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
    )
