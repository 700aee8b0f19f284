"""The rights of a parent, verified: an officer in office put on file that they are revoked, or back (34 CFR 99.4)."""

from dataclasses import InitVar, dataclass

from agreements.authority import Authority, Filed
from agreements.documents.parental_rights import PARENTAL_RIGHTS, ParentalRights, read_parental_rights
from agreements.documents.reading import refuse
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer


@dataclass(frozen=True, slots=True)
class VerifiedParentalRights:
    """What officers in office signed about the rights of one parent."""

    said: ParentalRights
    officers: tuple[Officer, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_parental_rights(filed: Filed, *, authority: Authority) -> VerifiedParentalRights:
    """
    Verify that an officer in office put on file what a court, a statute or a document decided.

    Raises `BadEnvelope`, `NotEntitled`, `BadSignature`, `MalformedDocument`, `InvalidDocument`.
    """
    filed.require_kind(Kind.PARENTAL_RIGHTS)
    # (1): officers signed exactly this, and nobody else did.
    officers = tuple(authority.signed_by_officers(filed.envelope, filed.received))
    said = read_parental_rights(filed.envelope.payload)
    # (2): it speaks of what was decided; a day of grace, because zones differ.
    if (said.ordered_on - filed.received.at.date()).days > 1:
        refuse(PARENTAL_RIGHTS, "/ordered_on", "C6", "The day of the order lies in the future.", "34 CFR 99.4")
    return VerifiedParentalRights(said, officers, SEAL)
