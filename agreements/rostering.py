"""
Decisions on rosters, verified: one named person of the district signed, and none who speaks for the partner (row R2).

The person is an officer in office, or a signer of the district whose limits include it: a principal or somebody whom
the district names for it, perhaps for one school alone.
"""

from collections.abc import Collection
from dataclasses import InitVar, dataclass

from agreements.authority import Authority, Filed, Received
from agreements.documents.roster_decision import RosterDecision, read_roster_decision
from agreements.errors import NotEntitled, SamePerson
from agreements.names import person
from agreements.seal import SEAL, require_seal
from agreements.signature import Envelope, Kind


@dataclass(frozen=True, slots=True)
class VerifiedRosterDecision:
    """A decision, who signed it (`kid`, by thumbprint), and the one school that the person decides about, if one."""

    decision: RosterDecision
    envelope: Envelope
    kid: str
    school: str | None
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_roster_decision(
    filed: Filed, *, authority: Authority, district: str, partners_people: Collection[str]
) -> VerifiedRosterDecision:
    """
    Verify that one person of `district` decided, and is none of `partners_people` (names) by any key ever held.

    Raises `BadEnvelope`, `NotEntitled`, `SamePerson`, `BadSignature`, `MalformedDocument`, `InvalidDocument`.
    """
    filed.require_kind(Kind.ROSTER_DECISION)
    envelope, received = filed.envelope, filed.received
    # (1): one person answers for it, by name.
    if len(envelope.signatures) != 1:
        raise NotEntitled("One person decides on a roster, and signs for it alone.")
    kid = envelope.signatures[0].kid
    # (2): the signature verifies, by an officer in office or a signer of the district within its limits.
    school = None
    if kid in authority.officers(received):
        authority.signed_by_officers(envelope, received)
    else:
        (known,) = authority.signed_for(envelope, (district,), received)
        school = known.signer.school
    # (3): INVARIANT: nobody accepts what they submitted.
    if authority.names_of(kid) & {person(name) for name in partners_people}:
        raise SamePerson("Nobody of the partner decides on the partner's own roster.")
    # (4): the bytes are a decision.
    return VerifiedRosterDecision(read_roster_decision(envelope.payload), envelope, kid, school, received, SEAL)
