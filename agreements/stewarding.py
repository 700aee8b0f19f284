"""
What two stewards do together: judging what codes tell, and letting a load through that was held.

INVARIANT: `VerifiedClassification` and `VerifiedLoadConfirmation` are made here and nowhere else. Both are judged by
who could sign when they were received.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import date, timedelta
from typing import Final

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.classification import CLASSIFICATION, Classification, read_classification
from agreements.documents.load_confirmation import LOAD_CONFIRMATION, LoadConfirmation, read_load_confirmation
from agreements.documents.reading import refuse
from agreements.entitlement import require_two_stewards
from agreements.errors import NotTheNext
from agreements.seal import SEAL, require_seal
from agreements.shapes import Shape
from agreements.signature import Kind

MOST_DAYS_LATE: Final[Mapping[Kind, timedelta]] = {
    Kind.CODE_CLASSIFICATION: timedelta(days=31),
    Kind.LOAD_CONFIRMATION: timedelta(days=7),
}
"""What two stewards signed and then thought better of must not come into force much later."""


@dataclass(frozen=True, slots=True)
class VerifiedClassification:
    """A classification that two stewards signed; `stewards` are the thumbprints of their keys."""

    classification: Classification
    digest: str
    stewards: tuple[str, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedLoadConfirmation:
    """A confirmation of a load that two stewards signed; `stewards` are the thumbprints of their keys."""

    confirmation: LoadConfirmation
    stewards: tuple[str, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_classification(filed: Filed, before: str | None, *, authority: Authority) -> VerifiedClassification:
    """
    Verify that two stewards classified codes, after the classification with the digest `before`; None: the first one.

    Raises an `AgreementError` naming the first thing that is wrong. Whether the elements are coded, and the laws those
    of the guardrails, is for whoever has these.
    """
    filed.require_kind(Kind.CODE_CLASSIFICATION)
    read_canonical(filed.envelope.payload)
    said = read_classification(filed.envelope.payload)
    stewards = _two_stewards(filed, said.district, authority)
    _require_recent(filed, CLASSIFICATION, said.day)
    # It follows the one before, so that nothing signed long ago comes into force behind it.
    if said.after != before:
        raise NotTheNext(f"This classification follows {said.after or 'none'}, and the newest is {before or 'none'}.")
    return VerifiedClassification(said, filed.envelope.digest, stewards, filed.received, SEAL)


def verify_load_confirmation(filed: Filed, *, authority: Authority) -> VerifiedLoadConfirmation:
    """
    Verify that two stewards confirmed a load.

    Raises an `AgreementError` naming the first thing that is wrong. Whether it is the load that would happen is for
    whoever is about to let it.
    """
    filed.require_kind(Kind.LOAD_CONFIRMATION)
    read_canonical(filed.envelope.payload)
    said = read_load_confirmation(filed.envelope.payload)
    stewards = _two_stewards(filed, said.district, authority)
    _require_recent(filed, LOAD_CONFIRMATION, said.day)
    return VerifiedLoadConfirmation(said, stewards, SEAL)


def _two_stewards(filed: Filed, district: str, authority: Authority) -> tuple[str, ...]:
    # (1): every signature verifies over exactly these bytes, by a steward of this district or an officer.
    signing = authority.signed_by_stewards(filed.envelope, district, filed.received)
    # (2): they are two people, and not both of one officer's making.
    require_two_stewards(signing.values(), filed.envelope.kind)
    return tuple(sorted(signing))


def _require_recent(filed: Filed, shape: Shape, day: date) -> None:
    most = MOST_DAYS_LATE[filed.envelope.kind]
    # A day ahead: where it is written may be east of UTC.
    if not filed.received.day - most <= day <= filed.received.day + timedelta(days=1):
        sentence = f"It is registered on the day on which it was signed, or at most {most.days} days later."
        refuse(shape, "/day", "format", sentence)
