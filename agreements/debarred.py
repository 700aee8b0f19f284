"""A debarred partner: no agreement within the ban, and none after it that an officer did not approve in view of it."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from agreements.authority import Received
from agreements.errors import PartnerDebarred


class Debarment(Protocol):
    """What is asked of a verified debarment: whom it bars, until which day (UTC, included), and from which entry on."""

    @property
    def partner(self) -> str:
        """The partner that is barred."""
        ...

    @property
    def until(self) -> date:
        """The last day of the ban."""
        ...

    @property
    def digest(self) -> str:
        """The digest of the document."""
        ...

    @property
    def received(self) -> Received:
        """The entry from which it bars the partner."""
        ...


def require_not_debarred(partner: str, debarments: Iterable[Debarment], received: Received) -> frozenset[str]:
    """
    Check that no debarment barred `partner` when something was received; return the digests of those that were over.

    What was received before a debarment is not judged by it here: a debarment ends the partner's agreements by a move.
    Raises `PartnerDebarred` (34 CFR 99.67(c)-(e), row L9).
    """
    before = [each for each in debarments if each.partner == partner and each.received.index < received.index]
    for each in before:
        if received.day <= each.until:
            raise PartnerDebarred(f"The partner {partner} is debarred until {each.until.isoformat()}.")
    return frozenset(each.digest for each in before)
