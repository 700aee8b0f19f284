"""Who may sign for a party, and when: signers introduced by officers, within their validity, not revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agreements.canonical import read_canonical
from agreements.documents.signer import Signer, read_signer
from agreements.errors import AgreementError, NotEntitled, SamePerson
from agreements.keys import PublicKey
from agreements.signature import Envelope, Kind, verify
from agreements.trust import Trust, person


@dataclass(frozen=True, slots=True)
class Introduced:
    """A signer whose introduction verified. INVARIANT: made by `introduce` only."""

    signer: Signer
    introduced_by: frozenset[str]
    """Thumbprints of the officers who signed the introduction."""


def introduce(envelope: Envelope, trust: Trust) -> Introduced:
    """
    Verify a signer document against the pinned officers.

    Raises `NotEntitled` if somebody else signed it, `BadSignature`, or what `read_signer` raises.
    """
    if envelope.kind is not Kind.SIGNER:
        raise NotEntitled(f"A signer is introduced by a signer document, not by a {envelope.kind}.")
    signed = verify(envelope, trust.keys)
    read_canonical(signed.payload)
    return Introduced(read_signer(signed.payload), signed.signed_by)


def introduced_for(envelope: Envelope, signers: Sequence[Envelope], trust: Trust) -> dict[str, list[Introduced]]:
    """
    Return the verified introductions of the keys that signed `envelope`, by thumbprint.

    Introductions of other keys are not judged here: a broken one must not stop every agreement of the district.
    """
    wanted = {signature.kid for signature in envelope.signatures}
    found: dict[str, list[Introduced]] = {}
    for document in signers:
        if _introduces(document) in wanted:
            known = introduce(document, trust)
            found.setdefault(known.signer.key.thumbprint, []).append(known)
    return found


def _introduces(document: Envelope) -> str | None:
    try:
        return read_signer(document.payload).key.thumbprint
    except AgreementError:
        return None


def keys_of(found: Mapping[str, Sequence[Introduced]]) -> dict[str, PublicKey]:
    """Return the introduced keys by thumbprint."""
    return {kid: introductions[0].signer.key for kid, introductions in found.items()}


def entitled(
    kid: str,
    found: Mapping[str, Sequence[Introduced]],
    parties: Sequence[str],
    *,
    received_at: datetime,
    revoked: Mapping[str, datetime],
) -> Introduced:
    """
    Return the introduction by which `kid` signs for exactly one of `parties` at `received_at`.

    Raises `NotEntitled`; `SamePerson` if the key may sign for more than one of them.
    """
    # (1): the key was introduced for one of the parties of this document, and for one only.
    own = [known for known in found[kid] if known.signer.party in parties]
    if not own:
        raise NotEntitled(f"The signer {kid} does not belong to {' or '.join(parties)}.")
    if len({known.signer.party for known in own}) > 1:
        raise SamePerson(f"The key {kid} is registered for both parties; nobody signs for both.")
    # (2): it was not revoked when the signature was received.
    if kid in revoked and received_at >= revoked[kid]:
        raise NotEntitled(f"The signer {kid} was revoked before the signature was received.")
    # (3): the signature was received within the signer's validity, both days included (UTC).
    day = received_at.astimezone(UTC).date()
    current = [known for known in own if known.signer.valid_from <= day <= known.signer.valid_to]
    if not current:
        raise NotEntitled(f"The signer {kid} was not valid on {day.isoformat()}, when the signature was received.")
    return Introduced(current[0].signer, frozenset().union(*(known.introduced_by for known in current)))


def require_two_people(introductions: Sequence[Introduced]) -> None:
    """Check that nobody signed for two parties, under one key or two. Raises `SamePerson`."""
    parties: dict[str, str] = {}
    for known in introductions:
        name = person(known.signer.name)
        if parties.setdefault(name, known.signer.party) != known.signer.party:
            raise SamePerson("One person signed for both parties.")
