"""
Debarments, successions and emergency orders for tests, on top of `tests.factories.agreements`.

    papers = PartnerPapers()                          # a keyring, and a log that only counts
    banned = papers.debarment("partner:a")            # -> Filed, signed by both officers
    merged = papers.succession("partner:a", "partner:b")      # -> (Filed, [Filed approval])
    order = papers.order(hours=48)                    # -> Filed, signed by officer 1
    papers.review(order)                              # -> Filed, by officer 0
    papers.release(order, elements=("000115",))       # -> Filed, signed by officer 1

Each document is received one entry after the one before, at `at` (default: RECEIVED).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.debarment import Debarment, debarment_bytes, earliest_end
from agreements.documents.emergency import (
    EMERGENCY_ORDER,
    EmergencyOrder,
    Recipient,
    emergency_order_bytes,
)
from agreements.documents.emergency_release import EmergencyRelease, emergency_release_bytes
from agreements.documents.outside_disclosure import OutsideDisclosure, outside_disclosure_bytes
from agreements.documents.succession import SUCCESSION, Succession, succession_bytes
from agreements.elements import load_catalogue
from agreements.emergencies import VerifiedEmergencyOrder, verify_emergency_order
from agreements.keys import SigningKey
from agreements.parties import VerifiedDebarment, VerifiedSuccession, verify_debarment, verify_succession
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind
from tests.factories.agreements import RECEIVED, Keyring

TODAY: Final = RECEIVED.date()
ORDER: Final = EmergencyOrder(
    id="emergency:flood-at-cedar",
    threat="The river is over the levee and the school bus with two classes is missing.",
    recipients=(
        Recipient("County search and rescue", "law_enforcement", "They look for the children on the bus."),
        Recipient("Cedar General Hospital", "medical", "They treat whoever is found and need allergies."),
    ),
    elements=("000115", "000172"),
    count=48,
    whom="Everybody on the roster of the bus that left at noon",
    begins=RECEIVED,
    hours=48,
)

OUTSIDE: Final = OutsideDisclosure(
    party="Cedar County Health",
    party_kind="a county agency",
    disclosed_on=TODAY,
    how="a letter",
    elements=("000115", "000172"),
    basis="audit_evaluation",
    interest="To audit the school nurse program that the county supports.",
    count=1,
    commitment="0" * 64,
)


@dataclass
class PartnerPapers:
    """Files documents about partners, one entry after the other; the officers are those of the keyring."""

    ring: Keyring = field(default_factory=Keyring)

    @property
    def authority(self) -> Authority:
        return self.ring.authority

    @property
    def newest(self) -> Received:
        """The newest entry there is."""
        return Received(max(self.ring.indexes.values(), default=0), RECEIVED)

    def filed(self, envelope: Envelope, at: datetime = RECEIVED) -> Filed:
        return self.ring.filed(envelope, at=at)

    def signer(self, party: str) -> SigningKey:
        return self.ring.signer(party).key

    def debarment(
        self,
        partner: str,
        *,
        first: date = TODAY,
        last: date | None = None,
        keys: Sequence[SigningKey] = (),
        at: datetime = RECEIVED,
    ) -> Filed:
        """A debarment by both officers, or signed by `keys`; five years from `first`."""
        value = Debarment(partner, "improper_redisclosure", first, last or earliest_end(first), "Sold to a broker.")
        signing = keys or [officer.key for officer in self.ring.officers]
        return self.filed(self.ring.sign(Kind.DEBARMENT, debarment_bytes(value), *signing), at)

    def succession(
        self,
        predecessor: str,
        successor: str,
        *,
        kind: str = "merger",
        keys: Sequence[SigningKey] = (),
        at: datetime = RECEIVED,
    ) -> tuple[Filed, list[Filed]]:
        """A succession signed for both, or by `keys`, with officer 0's approval."""
        value = Succession(predecessor, successor, kind, at.date(), "Merged by resolution.")
        signing = keys or [self.signer(predecessor), self.signer(successor)]
        envelope = self.ring.sign(Kind.SUCCESSION, succession_bytes(value), *signing)
        filed = self.filed(envelope, at)
        return filed, [self.filed(self.approval(envelope), at)]

    def order(
        self, *, keys: Sequence[SigningKey] = (), at: datetime = RECEIVED, begins: datetime = RECEIVED, **changes: Any
    ) -> Filed:
        """An emergency order by officer 1, or signed by `keys`."""
        payload = emergency_order_bytes(replace(ORDER, begins=begins, **changes))
        signing = keys or [self.ring.officers[1].key]
        return self.filed(self.ring.sign(Kind.EMERGENCY_ORDER, payload, *signing), at)

    def review(self, order: Filed, *, officer: int = 0, after: timedelta = timedelta(hours=1)) -> Filed:
        """The review of an order by an officer, some time after it was received."""
        return self.filed(self.approval(order.envelope, officer=officer), order.received.at + after)

    def release(
        self,
        by: Filed,
        *,
        keys: Sequence[SigningKey] = (),
        after: timedelta = timedelta(hours=1),
        **changes: Any,
    ) -> Filed:
        """A release by an order, some time after it was received, by officer 1 or signed by `keys`."""
        value = EmergencyRelease(by.envelope.digest, (0,), "students", ("000115",), 1, "0" * 64)
        signing = keys or [self.ring.officers[1].key]
        payload = emergency_release_bytes(replace(value, **changes))
        return self.filed(self.ring.sign(Kind.EMERGENCY_RELEASE, payload, *signing), by.received.at + after)

    def outside(self, *, keys: Sequence[SigningKey] = (), at: datetime = RECEIVED, **changes: Any) -> Filed:
        """A disclosure outside the gateway, recorded by officer 1 or signed by `keys`."""
        payload = outside_disclosure_bytes(replace(OUTSIDE, **changes))
        signing = keys or [self.ring.officers[1].key]
        return self.filed(self.ring.sign(Kind.OUTSIDE_DISCLOSURE, payload, *signing), at)

    def approval(self, envelope: Envelope, *, officer: int = 0) -> Envelope:
        shape = SUCCESSION if envelope.kind is Kind.SUCCESSION else EMERGENCY_ORDER
        return self.ring.approve(envelope, words_only(shape, read_canonical(envelope.payload)), officer=officer)

    # What verifies of them.

    def debarred(self, partner: str, **how: Any) -> VerifiedDebarment:
        return verify_debarment(self.debarment(partner, **how), authority=self.authority)

    def succeeded(self, predecessor: str, successor: str, **how: Any) -> VerifiedSuccession:
        filed, approvals = self.succession(predecessor, successor, **how)
        return verify_succession(filed, approvals, authority=self.authority)

    def ordered(self, order: Filed, *reviews: Filed) -> VerifiedEmergencyOrder:
        return verify_emergency_order(order, reviews, authority=self.authority, catalogue=load_catalogue())


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)
