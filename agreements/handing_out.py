"""
What stands between an accounting and whoever asks for it, verified: withheld lines, and partners whose names tell.

INVARIANT: a line of a family's accounting is withheld by two officers, for a reason of the law's, and until a day.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import date, datetime, timedelta
from typing import Final

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.reading import refuse
from agreements.documents.telling_partners import Tells, read_telling_partners
from agreements.documents.withholding import LAWS, WITHHOLDING, Withholding, read_withholding
from agreements.errors import SignatureMissing
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer

LONGEST: Final = timedelta(days=366)
"""A withholding is looked at again within a year; a longer order is withheld anew [P]."""
_BEHIND: Final = timedelta(hours=12)
"""The last place on earth where a day ends (UTC-12): a day is over when it is over there."""
_OFFICERS: Final = 2


@dataclass(frozen=True, slots=True)
class VerifiedWithholding:
    """A withholding that two officers signed, and the entry that received it."""

    withholding: Withholding
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)

    def lasts(self, now: datetime) -> bool:
        """Return whether it is still in force: it ends by itself."""
        return (now - _BEHIND).date() <= self.withholding.until


@dataclass(frozen=True, slots=True)
class VerifiedTelling:
    """A list of telling partners that an officer signed, and the entry that received it."""

    partners: Mapping[str, Tells]
    after: int
    digest: str
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_withholding(filed: Filed, *, authority: Authority) -> VerifiedWithholding:
    """Verify that two officers withhold lines. Raises an `AgreementError` naming the first thing that is wrong."""
    filed.require_kind(Kind.WITHHOLDING)
    # (1): two officers signed exactly this; they are two people: nobody is in office under two keys at one entry.
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    if len(officers) < _OFFICERS:
        raise SignatureMissing("Lines of an accounting are withheld by two officers.")
    read_canonical(filed.envelope.payload)
    withholding = read_withholding(filed.envelope.payload)
    # (2): it ends, and within a year.
    day: date = filed.received.at.date()
    if not day - timedelta(days=1) <= withholding.until <= day + LONGEST:
        words = f"The last day lies {LONGEST.days} days ahead at the most, and not in the past."
        refuse(WITHHOLDING, "/until", "N4", words, LAWS[withholding.reason])
    # (3): what it replaces came before it.
    if withholding.replaces is not None and withholding.replaces >= filed.received.index:
        refuse(WITHHOLDING, "/replaces", "N4", "A withholding replaces one before it.", LAWS[withholding.reason])
    return VerifiedWithholding(withholding, filed.envelope.digest, officers, filed.received, SEAL)


def verify_telling_partners(filed: Filed, *, authority: Authority) -> VerifiedTelling:
    """Verify that an officer keeps this list. Raises an `AgreementError` naming the first thing that is wrong."""
    filed.require_kind(Kind.TELLING_PARTNERS)
    authority.signed_by_officers(filed.envelope, filed.received)
    read_canonical(filed.envelope.payload)
    partners, after = read_telling_partners(filed.envelope.payload)
    return VerifiedTelling(partners, after, filed.envelope.digest, filed.received, SEAL)
