"""
Who may sign what, and when: from the pinned officers and the documents that lead back to them, in the log's order.

INVARIANT: the time of signing is the entry that received the signature. A signature counts if its key was in office, or
introduced and valid, at that entry, and no revocation reaches back to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC

from agreements.admission import admit
from agreements.canonical import canonical_bytes, digest_of
from agreements.entitlement import Introduced, Steward, entitled
from agreements.errors import AgreementError, NotEntitled
from agreements.filed import Filed, Received
from agreements.holders import Holders, Introduction, Tenure, pinned
from agreements.names import person
from agreements.seal import SEAL, require_seal
from agreements.signature import Envelope, verify
from agreements.trust import Officer, Trust

__all__ = ["Authority", "Filed", "Introduced", "Introduction", "Received", "Steward", "Tenure", "build_authority"]


@dataclass(frozen=True, slots=True)
class Authority:
    """
    Who may sign what. INVARIANT: made by `build_authority` only.

    `digest` covers everything it rests on; `refused` are the documents that do not hold, each with the error's code.
    """

    trust: Trust
    digest: str
    refused: tuple[tuple[str, str], ...]
    holders: Holders = field(repr=False, compare=False)
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)

    @property
    def tenures(self) -> tuple[Tenure, ...]:
        """Everybody who is or was an officer, in the order of the log, the pinned ones first."""
        return self.holders.tenures

    @property
    def introductions(self) -> tuple[Introduction, ...]:
        """Every introduction of a signer that holds, in the order of the log."""
        return self.holders.introductions

    @property
    def keys(self) -> frozenset[str]:
        """The thumbprints of all officers and signers, those revoked included."""
        officers = {each.officer.key.thumbprint for each in self.tenures}
        return frozenset(officers | {each.signer.key.thumbprint for each in self.introductions} | {*self.holders.ends})

    def ended(self, kid: str) -> int | None:
        """Return the first entry at which a signature of this key does not count; None if it was not revoked."""
        end = self.holders.ends.get(kid)
        return None if end is None else end.index

    def names_of(self, kid: str) -> frozenset[str]:
        """Return the names under which this key was ever registered, as `person` compares them."""
        return frozenset(map(person, self.written_names_of(kid)))

    def written_names_of(self, kid: str) -> frozenset[str]:
        """Return the same names as they are written in the documents: for people to read, never to compare."""
        officers = {each.officer.name for each in self.tenures if each.officer.key.thumbprint == kid}
        signers = {each.signer.name for each in self.introductions if each.signer.key.thumbprint == kid}
        return frozenset(officers | signers)

    def officers(self, received: Received) -> Mapping[str, Officer]:
        """Return the officers in office when something was received, by thumbprint."""
        return self.holders.officers(received)

    def signed_by_officers(self, envelope: Envelope, received: Received) -> tuple[Officer, ...]:
        """
        Verify that officers in office signed, and nobody else. Returns them by thumbprint, each once.

        Raises `NotEntitled`; `BadSignature` if a single signature does not verify.
        """
        officers = self.officers(received)
        self._require_counting(envelope, received)
        signed = verify(envelope, {kid: officer.key for kid, officer in officers.items()})
        return tuple(officers[kid] for kid in sorted(signed.signed_by))

    def signed_for(self, envelope: Envelope, parties: Sequence[str], received: Received) -> tuple[Introduced, ...]:
        """
        Verify that signers signed, each entitled to sign this kind of document for exactly one of `parties`.

        Whether everybody signed who must is for the caller. Raises `NotEntitled`, `SamePerson`, `BadSignature`.
        """
        kids = sorted({signature.kid for signature in envelope.signatures})
        found = {kid: known for kid in kids if (known := self.holders.introduced(kid, received))}
        # (1): every signature verifies over exactly these bytes, by a key that an officer introduced before.
        verify(envelope, {kid: known[0].signer.key for kid, known in found.items()})
        # (2): no revocation reaches back to it.
        self._require_counting(envelope, received)
        # (3): each signer was entitled when the signature was received.
        return tuple(entitled(kid, found[kid], parties, envelope.kind, received.day) for kid in kids)

    def signed_by_stewards(self, envelope: Envelope, district: str, received: Received) -> Mapping[str, Steward]:
        """
        Verify that stewards of this district signed, or officers, and nobody else; return them by thumbprint.

        A steward is a signer of the district who may sign this kind of document. Whether enough of them signed is for
        the caller. Raises `NotEntitled`; `BadSignature` if a single signature does not verify.
        """
        officers = self.officers(received)
        kids = sorted({signature.kid for signature in envelope.signatures})
        found = {kid: known for kid in kids if (known := self.holders.introduced(kid, received))}
        keys = {kid: known[0].signer.key for kid, known in found.items()}
        # (1): every signature verifies over exactly these bytes, by a key that leads back to an officer.
        verify(envelope, keys | {kid: officer.key for kid, officer in officers.items()})
        # (2): no revocation reaches back to it.
        self._require_counting(envelope, received)
        # (3): each steward was entitled when the signature was received.
        stewards = {
            kid: entitled(kid, known, (district,), envelope.kind, received.day)
            for kid, known in found.items()
            if kid not in officers
        }
        return {
            **{kid: Steward(person(known.signer.name), known.vouching) for kid, known in stewards.items()},
            **{kid: Steward(name := person(officers[kid].name), frozenset({name})) for kid in kids if kid in officers},
        }

    def flags(self, kids: Iterable[str], acknowledged: Iterable[str] = ()) -> tuple[str, ...]:
        """
        Return which of these keys were revoked later: what they signed before stands, and is to be looked at (row S7).

        `acknowledged` are digests of revocations that an officer has weighed; a key is left out if all of its own are.
        """
        seen, ends = frozenset(acknowledged), self.holders.ends
        return tuple(kid for kid in sorted(set(kids)) if kid in ends and not ends[kid].documents <= seen)

    def admit(self, filed: Filed) -> "Authority":
        """Return the authority after this officer, signer or revocation document. Raises why it does not hold."""
        return Authority(self.trust, self._digest_with(filed), self.refused, admit(self.holders, filed), SEAL)

    def without(self, filed: Filed, error: AgreementError) -> "Authority":
        """Return the authority that leaves out a document that does not hold, and says so."""
        refused = (*self.refused, (filed.envelope.digest, error.code))
        return Authority(self.trust, self._digest_with(filed), refused, self.holders, SEAL)

    def ending(self, kid: str, index: int, document: str) -> "Authority":
        """
        Return the authority in which this key counts for nothing from entry `index` on, and nothing that rests on it.

        For a stop that is known although `document`, which said so, does not hold any more. It only narrows.
        """
        digest = digest_of(canonical_bytes([self.digest, "ending", kid, index, document]))
        return Authority(self.trust, digest, self.refused, self.holders.ended(kid, index, document), SEAL)

    def _require_counting(self, envelope: Envelope, received: Received) -> None:
        for signature in envelope.signatures:
            if not self.holders.counts(signature.kid, received):
                raise NotEntitled(f"The key {signature.kid} was revoked before the signature was received.")

    def _digest_with(self, filed: Filed) -> str:
        received = filed.received
        at = received.at.astimezone(UTC).isoformat()
        return digest_of(canonical_bytes([self.digest, received.index, at, digest_of(filed.envelope.text.encode())]))


def build_authority(trust: Trust, filed: Iterable[Filed]) -> Authority:
    """
    Return who may sign what, by the officer, signer and revocation documents filed.

    Never raises for a bad document: it is left out, which gives nobody anything, and is named in `refused`.
    """
    authority = Authority(trust, digest_of(trust.canonical), (), pinned(trust), SEAL)
    for each in sorted(filed, key=lambda item: (item.received.index, item.envelope.digest)):
        try:
            authority = authority.admit(each)
        except AgreementError as error:
            authority = authority.without(each, error)
    return authority
