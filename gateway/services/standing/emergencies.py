"""
What was ordered in emergencies, as one pass over the register finds it: the orders, their releases, their early ends.

INVARIANT: an end needs no signature and no proof: whatever move is on file for an order ends it, and nothing undoes it.
"""

from agreements.authority import Filed
from agreements.emergencies import (
    VerifiedEmergencyOrder,
    VerifiedEmergencyRelease,
    verify_emergency_order,
    verify_emergency_release,
)
from agreements.errors import AgreementError
from agreements.signature import Kind
from gateway.services.standing.judging import Judging, texts
from gateway.services.standing.registry import Ordered


def emergency_orders(judging: Judging) -> tuple[Ordered, ...]:
    """Return the emergency orders that verify, oldest first, over or not."""
    register = judging.read.register
    found = []
    for filed in judging.filed(register.of(Kind.EMERGENCY_ORDER)):
        digest = filed.envelope.digest
        verified = _order(judging, filed, judging.filed(register.about(digest, Kind.APPROVAL)))
        if verified is None:
            continue
        stored = register.about(digest, Kind.EMERGENCY_RELEASE)
        releases = [_release(judging, each, verified) for each in judging.filed(stored)]
        found.append(
            Ordered(
                verified,
                tuple(each for each in releases if each is not None),
                tuple(each.index for each in stored),
                next(iter(register.moves_of(digest)), None),
            )
        )
    return tuple(found)


def _order(judging: Judging, filed: Filed, reviews: list[Filed]) -> VerifiedEmergencyOrder | None:
    try:
        return judging.once(
            lambda: verify_emergency_order(filed, reviews, authority=judging.authority, catalogue=judging.catalogue),
            *("emergency_order", judging.authority.digest, judging.catalogue.digest),
            *texts(filed, *reviews),
        )
    except AgreementError as error:
        judging.alarm("emergency_refused", document=filed.envelope.digest, reason=error.code)
        return None


def _release(judging: Judging, filed: Filed, order: VerifiedEmergencyOrder) -> VerifiedEmergencyRelease | None:
    window = [edge.isoformat() for edge in order.window]
    try:
        return judging.once(
            lambda: verify_emergency_release(filed, order, authority=judging.authority),
            *("emergency_release", judging.authority.digest, order.digest, *window),
            *texts(filed),
        )
    except AgreementError as error:
        judging.alarm("emergency_refused", document=filed.envelope.digest, reason=error.code)
        return None
