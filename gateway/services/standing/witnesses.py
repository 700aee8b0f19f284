"""
Who cosigns the log, as one pass over the register finds it.

INVARIANT: damage frees nobody of witnesses. A naming that the log has and that does not hold any more, or is gone, is
not the same as no naming: then nothing is known about who must cosign, and nothing leaves. What counts is the log: a
cosignature that somebody put into the database names nobody.
"""

import re
from typing import Final

from agreements.authority import Filed
from agreements.errors import AgreementError
from agreements.shapes import DIGEST
from agreements.signature import Kind
from agreements.witnessing import VerifiedWitnesses, verify_witnesses
from audit.events import Event
from gateway.services.standing.judging import Judging, texts
from gateway.services.standing.partners import Partners
from gateway.services.standing.registry import Named

_DIGEST: Final = re.compile(DIGEST[0])


def named_witnesses(judging: Judging, partners: Partners) -> Named:
    """Return the newest naming, if it verifies as the one after the one before it, in the order of the log."""
    stored = judging.read.register.of(Kind.WITNESSES)
    said = _said(judging, judging.filed(stored))
    if not said:
        return Named()
    newest, *earlier = sorted(said, reverse=True)
    before = said[earlier[0]] if earlier else None
    for filed in judging.filed(stored):
        if filed.envelope.digest == said[newest]:
            return Named(_verified(judging, partners, filed, before), said[newest])
    return Named(None, said[newest])


def _said(judging: Judging, filed: list[Filed]) -> dict[int, str]:
    """Return the digest that each entry names, but for a document that another entry brought: it came once."""
    brought = {each.envelope.digest: each.received.index for each in filed}
    return {
        index: digest
        for index, entry in judging.read.entries.items()
        if entry.event == Event.WITNESSES_NAMED
        and isinstance(digest := entry.body.get("document"), str)
        and _DIGEST.fullmatch(digest)  # so that another naming can take its place
        and brought.get(digest, index) == index
    }


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
