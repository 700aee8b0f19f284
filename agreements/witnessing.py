"""
Namings of witnesses, verified back to the officers.

INVARIANT: `VerifiedWitnesses` is made here and nowhere else. Each naming is judged by who could sign when it was
received, **as known then**: a revocation that reaches back would otherwise free the log of its witnesses.
"""

from dataclasses import InitVar, dataclass
from typing import Final

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.witnesses import Witnesses, read_witnesses
from agreements.errors import NotTheNext, SignatureMissing
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer

NAMING_OFFICERS: Final = 2
"""Other witnesses, or longer hours, weaken what the log proves against its keepers: not one person's act (claim 12)."""


@dataclass(frozen=True, slots=True)
class VerifiedWitnesses:
    """Witnesses that two officers named; they count from the entry that received the naming."""

    witnesses: Witnesses
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_witnesses(filed: Filed, before: str | None, *, authority: Authority) -> VerifiedWitnesses:
    """
    Verify that two officers named witnesses, in the place of the naming with the digest `before`; None: the first one.

    Raises an `AgreementError` naming the first thing that is wrong. Whether the keys in it are keys is for their users.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.WITNESSES)
    # (1): every signature verifies over exactly these bytes, by an officer in office when it was received.
    officers = authority.signed_by_officers(envelope, received)
    # (2): two officers signed. They are two people: nobody is in office under two keys at one entry.
    if len(officers) < NAMING_OFFICERS:
        raise SignatureMissing("A naming of witnesses is signed by two officers.")
    # (3): the bytes are a naming.
    read_canonical(envelope.payload)
    witnesses = read_witnesses(envelope.payload)
    # (4): it follows the one in force, so that nothing signed long ago comes into force behind it.
    if witnesses.replaces != before:
        raise NotTheNext(
            f"This naming replaces {witnesses.replaces or 'none'}, and the one before is {before or 'none'}."
        )
    return VerifiedWitnesses(witnesses, envelope.digest, officers, received, SEAL)
