"""What became of partners, and what was ordered in emergencies, as one pass over the register finds it."""

from agreements.authority import Received
from agreements.emergencies import VerifiedEmergencyOrder, verify_emergency_order
from agreements.errors import AgreementError, PartnerGone
from agreements.parties import VerifiedDebarment, VerifiedSuccession, verify_debarment, verify_succession
from agreements.signature import Kind
from agreements.successors import ending, holding, on_record, successor_of
from gateway.services.judging import Judging, texts


class Partners:
    """
    The debarments and successions of one pass.

    INVARIANT: what they end stays ended, whatever the tables say: nothing that a partner had comes back when a ban is
    over, or under the id of a partner that went on as another one.
    """

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self.debarments = self._debarments()
        self.successions, refused = holding(self._successions())
        for each in refused:
            judging.alarm("succession_refused", document=each.digest, reason=PartnerGone.code)

    def on_record(self, partner: str, received: Received) -> tuple[VerifiedDebarment, ...]:
        """Return what has to be asked about a partner when a document of it is judged: all debarments before it."""
        return on_record(self.debarments, partner, self.successions, received)

    def ended_by(self, partner: str, received: Received) -> int | None:
        """Return the entry by which everything ended that this partner had since `received`; None if nothing did."""
        bans = ending(self.debarments, partner, self.successions, received)
        entries = [each.received.index for each in bans]
        succession = successor_of(partner, self.successions)
        if succession is not None:  # whether the document came before or after: who is gone signs nothing
            entries.append(succession.received.index)
        return min(entries, default=None)

    def _debarments(self) -> tuple[VerifiedDebarment, ...]:
        judging, found = self._judging, []
        for filed in judging.filed(judging.read.register.of(Kind.DEBARMENT)):
            try:
                verified = judging.once(
                    lambda filed=filed: verify_debarment(filed, authority=judging.authority),  # type: ignore[misc] # bound in the loop
                    *("debarment", judging.authority.digest),
                    *texts(filed),
                )
            except AgreementError as error:
                judging.alarm("debarment_refused", document=filed.envelope.digest, reason=error.code)
                continue
            found.append(verified)
        return tuple(found)

    def _successions(self) -> tuple[VerifiedSuccession, ...]:
        judging, found = self._judging, []
        for filed in judging.filed(judging.read.register.of(Kind.SUCCESSION)):
            approvals = judging.filed(judging.read.register.about(filed.envelope.digest, Kind.APPROVAL))
            try:
                verified = judging.once(
                    lambda filed=filed, approvals=approvals: verify_succession(  # type: ignore[misc] # bound in the loop
                        filed, approvals, authority=judging.authority
                    ),
                    *("succession", judging.authority.digest),
                    *texts(filed, *approvals),
                )
            except AgreementError as error:
                judging.alarm("succession_refused", document=filed.envelope.digest, reason=error.code)
                continue
            found.append(verified)
        return tuple(found)


def emergency_orders(judging: Judging) -> tuple[VerifiedEmergencyOrder, ...]:
    """Return the emergency orders that verify, oldest first, over or not."""
    found = []
    for filed in judging.filed(judging.read.register.of(Kind.EMERGENCY_ORDER)):
        reviews = judging.filed(judging.read.register.about(filed.envelope.digest, Kind.APPROVAL))
        try:
            verified = judging.once(
                lambda filed=filed, reviews=reviews: verify_emergency_order(  # type: ignore[misc] # bound in the loop
                    filed, reviews, authority=judging.authority, catalogue=judging.catalogue
                ),
                *("emergency_order", judging.authority.digest, judging.catalogue.digest),
                *texts(filed, *reviews),
            )
        except AgreementError as error:
            judging.alarm("emergency_refused", document=filed.envelope.digest, reason=error.code)
            continue
        found.append(verified)
    return tuple(found)
