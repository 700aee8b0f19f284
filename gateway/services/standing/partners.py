"""What became of partners, as one pass over the register finds it."""

from agreements.authority import Authority, Filed, Received, build_authority
from agreements.errors import AgreementError, PartnerGone
from agreements.parties import VerifiedDebarment, VerifiedSuccession, verify_debarment, verify_succession
from agreements.signature import Kind
from agreements.successors import answering_for, ending, following, holding, successor_of
from gateway.services.standing.judging import AUTHORITY, Judging, texts
from gateway.services.standing.stopped import partners_stopped


class Partners:
    """
    The debarments and successions of one pass.

    INVARIANT: what they end stays ended, whatever the tables say: nothing that a partner had comes back when a ban is
    over, or under the id of a partner that went on as another one.
    """

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        stored = (each for kind in AUTHORITY for each in judging.read.register.of(kind))
        self._authority_documents = sorted(judging.filed(stored), key=lambda filed: filed.received.index)
        self.debarments = self._debarments()
        self.successions, refused = holding(self._successions())
        for each in refused:
            judging.alarm("succession_refused", document=each.digest, reason=PartnerGone.code)
        self.bans = following(self.debarments, self.successions)
        held = frozenset({each.digest for each in self.debarments} | {each.digest for each in self.successions})
        stopped = partners_stopped(judging.read.entries, held)
        self._stopped = {
            heir: index for partner, index in stopped.items() for heir in answering_for(partner, self.successions)
        }

    @property
    def digest(self) -> str:
        """What the judgement of an agreement depends on besides itself, as one text."""
        return " ".join(f"{each.partner} {each.digest} {each.received.index}" for each in self.bans)

    def ended_by(self, partner: str, received: Received) -> int | None:
        """Return the entry by which everything ended that this partner had since `received`; None if nothing did."""
        bans = ending(self.debarments, partner, self.successions, received)
        entries = [each.received.index for each in bans]
        succession = successor_of(partner, self.successions)
        if partner in self._stopped:  # whenever it came: until the document is mended, nobody knows how far it reached
            entries.append(self._stopped[partner])
        if succession is not None:  # whether the document came before or after: who is gone signs nothing
            entries.append(succession.received.index)
        return min(entries, default=None)

    def authority_before(self, filed: Filed) -> Authority:
        """
        Return who could sign as it was known when this document was received.

        INVARIANT: a revocation that reaches back ends no ban and frees no successor: what was stopped stays stopped.
        """
        before = [each for each in self._authority_documents if each.received.index < filed.received.index]
        judging = self._judging
        return judging.once(lambda: build_authority(judging.trust, before), "authority", *texts(*before))

    def _debarments(self) -> tuple[VerifiedDebarment, ...]:
        judging, found = self._judging, []
        for filed in judging.filed(judging.read.register.of(Kind.DEBARMENT)):
            authority = self.authority_before(filed)
            try:
                verified = judging.once(
                    lambda filed=filed, authority=authority: verify_debarment(filed, authority=authority),  # type: ignore[misc] # bound in the loop
                    *("debarment", authority.digest),
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
            authority = self.authority_before(filed)
            try:
                verified = judging.once(
                    lambda filed=filed, approvals=approvals, authority=authority: verify_succession(  # type: ignore[misc] # bound in the loop
                        filed, approvals, authority=authority
                    ),
                    *("succession", authority.digest),
                    *texts(filed, *approvals),
                )
            except AgreementError as error:
                judging.alarm("succession_refused", document=filed.envelope.digest, reason=error.code)
                continue
            found.append(verified)
        return tuple(found)
