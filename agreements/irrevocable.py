"""
What two officers do together and nobody undoes: erasing the links of students, going on after a disaster.

INVARIANT: `VerifiedErasure` and `VerifiedRecovery` are made here and nowhere else. Both are judged by who could sign
when they were received.
"""

from dataclasses import InitVar, dataclass
from typing import Final

from agreements.authority import Authority, Filed
from agreements.canonical import read_canonical
from agreements.documents.erasure import Erasure, read_erasure
from agreements.documents.recovery import Recovery, read_recovery
from agreements.errors import SignatureMissing
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer

OFFICERS: Final = 2
"""One person alone neither makes the log forget nor gives it another past (claim 12)."""


@dataclass(frozen=True, slots=True)
class VerifiedErasure:
    """An erasure that two officers signed."""

    erasure: Erasure
    officers: tuple[Officer, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedRecovery:
    """A recovery that two officers signed."""

    recovery: Recovery
    officers: tuple[Officer, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_erasure(filed: Filed, *, authority: Authority) -> VerifiedErasure:
    """Verify that two officers ordered an erasure. Raises an `AgreementError` naming the first thing that is wrong."""
    officers = _two_officers(filed, Kind.ERASURE, authority)
    return VerifiedErasure(read_erasure(filed.envelope.payload), officers, SEAL)


def verify_recovery(filed: Filed, *, authority: Authority) -> VerifiedRecovery:
    """
    Verify that two officers let the log go on. Raises an `AgreementError` naming the first thing that is wrong.

    Whether what it says of the log is so is for whoever has the log.
    """
    officers = _two_officers(filed, Kind.RECOVERY, authority)
    return VerifiedRecovery(read_recovery(filed.envelope.payload), officers, SEAL)


def _two_officers(filed: Filed, kind: Kind, authority: Authority) -> tuple[Officer, ...]:
    filed.require_kind(kind)
    # (1): every signature verifies over exactly these bytes, by an officer in office when it was received.
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    # (2): two officers signed. They are two people: nobody is in office under two keys at one entry.
    if len(officers) < OFFICERS:
        raise SignatureMissing(f"A document of kind '{kind}' is signed by two officers.")
    # (3): the bytes are in canonical form, so that no two texts have one meaning.
    read_canonical(filed.envelope.payload)
    return officers
