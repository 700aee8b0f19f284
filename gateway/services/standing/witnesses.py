"""
Who cosigns the log, as one pass over the register finds it.

INVARIANT: damage frees nobody of witnesses. A naming that the log has and that does not hold any more is not the
same as no naming: then nothing is known about who must cosign, and nothing leaves.
"""

from agreements.authority import Filed
from agreements.errors import AgreementError
from agreements.signature import Kind
from agreements.witnessing import VerifiedWitnesses, verify_witnesses
from audit.events import Event
from gateway.services.standing.judging import Judging, texts
from gateway.services.standing.partners import Partners
from gateway.services.standing.registry import Named


def named_witnesses(judging: Judging, partners: Partners) -> Named:
    """Return the newest naming, if it verifies as the one after the one before it, in the order of the log."""
    stored = judging.read.register.of(Kind.WITNESSES)
    said = {
        each.index: str(judging.read.entries[each.index].body.get("document"))
        for each in stored
        if judging.named(each.index, Event.WITNESSES_NAMED)
    }
    if not said:
        return Named()
    newest, *earlier = sorted(said, reverse=True)
    before = said[earlier[0]] if earlier else None
    for filed in judging.filed(stored):
        if filed.envelope.digest == said[newest]:
            return Named(_verified(judging, partners, filed, before), said[newest])
    return Named(None, said[newest])


def _verified(judging: Judging, partners: Partners, filed: Filed, before: str | None) -> VerifiedWitnesses | None:
    authority = partners.authority_before(filed)
    try:
        return judging.once(
            lambda: verify_witnesses(filed, before, authority=authority),
            *("witnesses", authority.digest, before or ""),
            *texts(filed),
        )
    except AgreementError as error:
        judging.alarm("witnesses_refused", document=filed.envelope.digest, reason=error.code)
        return None
