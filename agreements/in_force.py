"""
The one door from signed bytes to rules: documents in, verified documents out.

INVARIANT: `VerifiedAgreement`, `VerifiedBinding` and `VerifiedReinstatement` are made here and nowhere else. Whether an
agreement is suspended or within its term is asked at each request; here it is asked whether it was ever promised.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, replace
from datetime import datetime
from functools import partial

from agreements.approvals import Counted, counted_approvals
from agreements.authority import Authority, Filed, Introduced, Received
from agreements.canonical import read_canonical
from agreements.debarred import Debarment, require_not_debarred
from agreements.document import Agreement, parse_agreement
from agreements.documents.binding import CLIENT_BINDING, ClientBinding, read_binding
from agreements.documents.reinstatement import Reinstatement, read_reinstatement
from agreements.documents.signer import Signer
from agreements.elements import Catalogue
from agreements.entitlement import require_two_people
from agreements.errors import FoundationMissing, NotEntitled, SamePerson, SignatureMissing
from agreements.fetched import COUNTS_FOR, PublishedKey, own_kid
from agreements.narrowing import require_narrower
from agreements.seal import SEAL, require_seal
from agreements.shapes import words_only
from agreements.signature import Kind
from agreements.trust import Officer
from agreements.versions import require_amends


@dataclass(frozen=True, slots=True)
class VerifiedAgreement:
    """
    An agreement that both parties signed and an officer approved; only from this may rules come.

    `flags` are the thumbprints of keys that signed or approved it and were revoked later, until an approval
    acknowledges the revocation (row S7).
    """

    agreement: Agreement
    signers: tuple[Signer, ...]
    approver: Officer
    received: Received
    flags: tuple[str, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedBinding:
    """
    A client's keys, bound to one verified agreement by the partner's signer and approved by an officer.

    `agreement` is the digest of the version that it was verified for; `binding.agreement` may be an earlier one whose
    annexes carry over. `flags` as for `VerifiedAgreement`. `ends` is the first instant at which it no longer counts, by
    its own last day or by what a later binding says; None: as long as the agreement. `keys` are those in it, or those
    that were fetched from where it says, and count before `keys_end`.
    """

    binding: ClientBinding
    digest: str
    agreement: str
    partner: str
    signers: tuple[Signer, ...]
    approver: Officer
    received: Received
    flags: tuple[str, ...]
    keys: tuple[PublishedKey, ...]
    ends: datetime | None
    keys_end: datetime | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)

    def counts_at(self, now: datetime) -> bool:
        """Return whether it is a permission at all at this instant."""
        return all(end is None or now < end for end in (self.ends, self.keys_end))

    def ending(self, ends: datetime) -> "VerifiedBinding":
        """Return it as it counts after a later binding, or its entry, said when it ends. It never ends later."""
        return replace(self, ends=ends if self.ends is None else min(ends, self.ends), seal=SEAL)


@dataclass(frozen=True, slots=True)
class VerifiedReinstatement:
    """The undoing of one suspension, signed by an officer."""

    reinstatement: Reinstatement
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_agreement(
    filed: Filed,
    approvals: Sequence[Filed],
    *,
    authority: Authority,
    catalogue: Catalogue,
    replaced: VerifiedAgreement | None = None,
    master: VerifiedAgreement | None = None,
    debarments: Sequence[Debarment] = (),
) -> VerifiedAgreement:
    """
    Verify that an agreement was promised: signed by both parties, approved by a second person.

    `replaced` is the version that a later version replaces, `master` the agreement that a child narrows; whether they
    stand is for the caller. `debarments` are those of all partners, the ones a partner inherited included.

    Raises an `AgreementError` naming the first thing that is wrong.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.AGREEMENT)
    # (1): the bytes are an agreement that satisfies the format, the catalogue and the rules of its basis.
    read_canonical(envelope.payload)
    agreement = parse_agreement(envelope.payload, catalogue)
    # (2): every signature verifies over exactly these bytes, by a signer entitled for one party when it was received.
    parties = (agreement.district.id, agreement.partner.id)
    signing = authority.signed_for(envelope, parties, received)
    # (3): both parties signed.
    for party in parties:
        if party not in {known.signer.party for known in signing}:
            raise SignatureMissing(f"Nobody has signed for {party}.")
    # (4): nobody signed for both.
    require_two_people(signing)
    # (5): it is the next version of what it replaces, and reaches nowhere beyond its master.
    _require_foundations(agreement, replaced, master)
    # (6): no debarment bars the partner.
    weighed = partial(require_not_debarred, agreement.partner.id, debarments)
    weighed(received)
    # (7): an officer who neither drafted nor signed it approved exactly this, in view of debarments that are over, and
    # did not bring the signers alone.
    counted = counted_approvals(
        envelope,
        agreement.words_only,
        approvals,
        authority=authority,
        signing=signing,
        drafter=agreement.people.drafted_by,
        weighed=weighed,
    )
    signers = tuple(known.signer for known in signing)
    flags = _flags(authority, signing, counted)
    return VerifiedAgreement(agreement, signers, counted[0].officer, received, flags, SEAL)


def verify_binding(
    filed: Filed,
    approvals: Sequence[Filed],
    *,
    authority: Authority,
    agreement: VerifiedAgreement,
    lineage: frozenset[str] = frozenset(),
) -> VerifiedBinding:
    """
    Verify that a client's keys belong to the partner of `agreement`.

    `lineage` are the digests of earlier versions of the agreement whose annexes carry over.

    Raises an `AgreementError` naming the first thing that is wrong.
    """
    envelope, received, terms = filed.envelope, filed.received, agreement.agreement
    filed.require_kind(Kind.CLIENT_BINDING)
    # (1): the bytes are a client binding, for this agreement, which grants something to clients.
    content = read_canonical(envelope.payload)
    binding = read_binding(envelope.payload)
    require_annex_of(binding.agreement, terms, lineage)
    if terms.framework:
        raise NotEntitled("A framework grants nothing by itself; a client is bound to an agreement that narrows it.")
    # (2): every signature verifies, by a signer of the partner entitled when it was received.
    signing = authority.signed_for(envelope, (terms.partner.id,), received)
    # (3): a machine's key is nobody's signature key: else the machine could sign agreements.
    if {key.thumbprint for key in binding.keys} & authority.keys:
        raise SamePerson("A key of the client is also the key of a signer or an officer.")
    # (4): who else runs the client is a subrecipient that the agreement lists (34 CFR 99.33(b), rows A9 and D2).
    if binding.operator is not None and binding.operator not in {each.name for each in terms.subrecipients}:
        raise NotEntitled("The client is run by a party that the agreement does not list among its subrecipients.")
    # (5): an officer who did not sign it approved exactly this, and did not bring the signers alone.
    words = words_only(CLIENT_BINDING, content)
    counted = counted_approvals(envelope, words, approvals, authority=authority, signing=signing)
    return VerifiedBinding(
        binding=binding,
        digest=envelope.digest,
        agreement=terms.digest,
        partner=terms.partner.id,
        signers=tuple(known.signer for known in signing),
        approver=counted[0].officer,
        received=received,
        flags=_flags(authority, signing, counted),
        keys=tuple(own_kid(key) for key in binding.keys),
        ends=None if binding.last_day is None else terms.term.after(binding.last_day),
        keys_end=None,
        seal=SEAL,
    )


def with_fetched(
    binding: VerifiedBinding, keys: Sequence[PublishedKey], fetched: Received, *, authority: Authority
) -> VerifiedBinding:
    """
    Return a binding that names an address with the keys that were fetched from there.

    Whether the log has the set is for the caller. Raises `SamePerson` for a key of a signer or an officer.
    """
    if {each.key.thumbprint for each in keys} & authority.keys:
        raise SamePerson("A key that the client publishes is also the key of a signer or an officer.")
    return replace(binding, keys=tuple(keys), keys_end=fetched.at + COUNTS_FOR, seal=SEAL)


def verify_reinstatement(filed: Filed, *, authority: Authority) -> VerifiedReinstatement:
    """Verify that an officer undid a suspension. Raises an `AgreementError` naming the first thing that is wrong."""
    filed.require_kind(Kind.REINSTATEMENT)
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    read_canonical(filed.envelope.payload)
    reinstatement = read_reinstatement(filed.envelope.payload)
    return VerifiedReinstatement(reinstatement, filed.envelope.digest, officers, filed.received, SEAL)


def require_annex_of(named: str, agreement: Agreement, lineage: frozenset[str]) -> None:
    """Check that an annex is one of this agreement, or carried over from an earlier version. Raises `NotEntitled`."""
    carried = lineage if agreement.annexes_carried_over else frozenset()
    if named != agreement.digest and named not in carried:
        raise NotEntitled("The annex is for another agreement.")


def _require_foundations(
    agreement: Agreement, replaced: VerifiedAgreement | None, master: VerifiedAgreement | None
) -> None:
    if agreement.replaces is not None:
        if replaced is None:
            raise FoundationMissing("The version that the agreement replaces is not verified.")
        require_amends(replaced.agreement, agreement)
    if agreement.master is not None:
        if master is None:
            raise FoundationMissing("The master that the agreement narrows is not verified.")
        require_narrower(master.agreement, agreement)
        # A roster belongs to one line: who is on a child's list need not be on that of a master that grants by itself.
        if not master.agreement.framework:
            raise FoundationMissing("Only a framework can be narrowed: it grants nothing to anybody by itself.")


def _flags(authority: Authority, signing: Sequence[Introduced], counted: Sequence[Counted]) -> tuple[str, ...]:
    kids = {known.signer.key.thumbprint for known in signing} | {counted[0].officer.key.thumbprint}
    return authority.flags(kids, {digest for each in counted for digest in each.approval.acknowledges})
