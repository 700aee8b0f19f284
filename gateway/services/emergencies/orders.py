"""
Emergency orders: one officer orders, a second one reviews, the clock or anybody's word ends it (34 CFR 99.36).

What is here registers, ends and shows them. INVARIANT: the log carries digests and counts; threat and recipients
stand in the document, which goes with the accounting of disclosures (34 CFR 99.32(a)(5)), and never in an entry.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from agreements.documents.approval import read_approval
from agreements.emergencies import (
    VerifiedEmergencyOrder,
    require_review,
    verify_emergency_order,
)
from agreements.errors import AlreadyRegistered, ReviewMissing
from agreements.lifecycle import Standing
from agreements.names import person
from agreements.register import has_moved, insert_status
from agreements.signature import Envelope, Kind
from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.emergencies.errors import OrderEnded, UnknownOrder
from gateway.services.emergencies.lines import OrderLine, line_of
from gateway.services.filing import Desk, Filing
from gateway.services.standing.identity import by
from gateway.services.standing.registry import Ordered, Registry, read_moment

_HELD_AGAINST: Final = timedelta(days=30)


class Emergencies:
    """Registers emergency orders and their reviews, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def order(self, document: Envelope) -> OrderLine:
        """
        Register an order, which stands from now or from when it begins.

        Raises an `AgreementError` naming the first thing that is wrong, `ReviewMissing` while another of the same
        officer's stands unreviewed beyond its day; nothing was written then.
        """
        async with self._desk.filing() as filing:
            verified = verify_emergency_order(
                filing.filed(document), (), authority=filing.authority, catalogue=self._desk.catalogue
            )
            if any(each.verified.order.id == verified.order.id for each in filing.registry.emergency_orders):
                raise AlreadyRegistered(f"An order with the id {verified.order.id} is registered already.")
            whose = person(verified.ordered_by.name)
            require_reviewed(filing.registry.emergency_orders, whose, filing.moment.now)
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
        return line_of(Ordered(verified, (), (), None), filing.moment.now)

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
        reviewed = require_ordered(registry, order.digest)
        return line_of(reviewed, filing.moment.now)

    async def end(self, digest: str, reason: str, person: str | None = None) -> int:
        """
        End an order before its hours are over; return the entry. Nothing is released by it after that entry.

        `person` is who signed in to do it.

        It needs one person and no signature, and it does not ask whether the order verifies. Raises `NotRegistered`,
        `OrderEnded` if it was ended before.
        """
        async with self._desk.engine.begin() as connection:
            moment = await read_moment(connection)
            index = await append_change(connection, leaf(Event.EMERGENCY_ENDED, moment.now, order=digest, **by(person)))
            if await has_moved(connection, digest):
                raise OrderEnded(f"The order {digest} was ended before.")
            ended, kind = Standing.TERMINATED.value, Kind.EMERGENCY_ORDER
            await insert_status(connection, digest, ended, index=index, reason=reason, kind=kind)
        return index

    async def digest_of(self, order: str) -> str:
        """Return the digest of the order with this id. Raises `UnknownOrder`."""
        _, registry = await self._desk.registry()
        return require_ordered(registry, order).verified.digest

    async def recipients_of(self, order: str) -> int:
        """Return how many recipients the order with this id or digest lists. Raises `UnknownOrder`."""
        _, registry = await self._desk.registry()
        return len(require_ordered(registry, order).verified.order.recipients)

    async def lines(self) -> tuple[OrderLine, ...]:
        """Return every order, oldest first; one that does not verify is left to the alarms."""
        moment, registry = await self._desk.registry()
        return tuple(line_of(each, moment.now) for each in registry.emergency_orders)


def require_ordered(registry: Registry, name: str) -> Ordered:
    """Return the order with this digest or id. Raises `UnknownOrder`."""
    for each in registry.emergency_orders:
        if name in {each.verified.digest, each.verified.order.id}:
            return each
    raise UnknownOrder(f"No emergency order {name} is registered.")


def _reviewed(filing: Filing, approval: Envelope) -> VerifiedEmergencyOrder:
    """Return the order that a review says it is of; the verification judges the rest."""
    verified = require_ordered(filing.registry, read_approval(approval.payload).approves).verified
    if verified.reviewed_by is not None:
        raise AlreadyRegistered(f"The order {verified.order.id} was reviewed already.")
    return verified


def require_reviewed(orders: Iterable[Ordered], whose: str, now: datetime) -> None:
    """
    Check that no earlier order of the officer `whose` name that is, as `person` compares it, is over without a review.

    INVARIANT: nobody goes on alone from one order to the next: an emergency is no standing grant (row L4). A review
    that was missed is held against its officer for a month only, so that two such slips do not leave nobody to order.
    Raises `ReviewMissing`.
    """
    for each in (one.verified for one in orders):
        until = each.review_due + _HELD_AGAINST
        if person(each.ordered_by.name) == whose and each.reviewed_by is None and each.ends <= now < until:
            raise ReviewMissing(f"The order {each.order.id} of the same officer was never reviewed.")
