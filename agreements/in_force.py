"""
The one door from signed bytes to rules: documents in, verified documents out.

INVARIANT: `VerifiedAgreement`, `VerifiedBinding` and `VerifiedReinstatement` are made here and nowhere else. Whether an
agreement is suspended or within its term is asked at each request; here it is asked whether it was ever promised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from agreements.canonical import read_canonical
from agreements.document import Agreement, parse_agreement
from agreements.documents.approval import read_approval
from agreements.documents.binding import CLIENT_BINDING, ClientBinding, read_binding
from agreements.documents.reinstatement import Reinstatement, read_reinstatement
from agreements.documents.signer import Signer
from agreements.elements import Catalogue
from agreements.entitlement import Introduced, entitled, introduced_for, keys_of, require_two_people
from agreements.errors import AgreementError, NotApproved, NotEntitled, SamePerson, SignatureMissing
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind, verify
from agreements.trust import Officer, Trust, person

_SEAL: Final = object()
_NOBODY: Final[Mapping[str, datetime]] = MappingProxyType({})


def _require_seal(seal: object) -> None:
    if seal is not _SEAL:
        raise TypeError("Only agreements.in_force makes verified documents.")


@dataclass(frozen=True, slots=True)
class VerifiedAgreement:
    """An agreement that both parties signed and an officer approved; only from this may rules come."""

    agreement: Agreement
    signers: tuple[Signer, ...]
    approver: Officer
    received_at: datetime
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        _require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedBinding:
    """A client's keys, bound to one verified agreement by the partner's signer and approved by an officer."""

    binding: ClientBinding
    digest: str
    partner: str
    signers: tuple[Signer, ...]
    approver: Officer
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        _require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedReinstatement:
    """The undoing of one suspension, signed by an officer."""

    reinstatement: Reinstatement
    digest: str
    officers: tuple[Officer, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        _require_seal(seal)


def verify_agreement(
    envelope: Envelope,
    approvals: Sequence[Envelope],
    signers: Sequence[Envelope],
    *,
    trust: Trust,
    catalogue: Catalogue,
    received_at: datetime,
    revoked: Mapping[str, datetime] = _NOBODY,
) -> VerifiedAgreement:
    """
    Verify that an agreement was promised: signed by both parties, approved by a second person.

    `signers` are all signer documents known; `received_at` is the time of the log entry that received the signatures
    (never the signer's word); `revoked` maps a thumbprint to the time from which it no longer signs.

    Raises an `AgreementError` naming the first thing that is wrong.
    """
    # (1): every signature verifies over exactly these bytes, by a key that an officer introduced.
    found = _verified_introductions(envelope, Kind.AGREEMENT, signers, trust)
    # (2): the bytes are an agreement that satisfies the format, the catalogue and the rules of its basis.
    read_canonical(envelope.payload)
    agreement = parse_agreement(envelope.payload, catalogue)
    # (3): an agreement that claims to narrow a master is not in force before that is proven; nothing proves it yet.
    if agreement.master is not None:
        raise NotEntitled("The agreement narrows a master agreement, which this release cannot compare it with.")
    # (4): each signer was entitled to sign for one of the two parties when the signature was received.
    parties = (agreement.district.id, agreement.partner.id)
    signing = [
        entitled(kid, found, parties, received_at=received_at, revoked=revoked)
        for kid in sorted({signature.kid for signature in envelope.signatures})
    ]
    # (5): both parties signed.
    for party in parties:
        if party not in {known.signer.party for known in signing}:
            raise SignatureMissing(f"Nobody has signed for {party}.")
    # (6): nobody signed for both.
    require_two_people(signing)
    # (7): an officer who neither drafted nor signed it approved exactly this, and did not bring the signers alone.
    approver = _approver(envelope, agreement.words_only, approvals, trust, signing, drafter=agreement.people.drafted_by)
    return VerifiedAgreement(agreement, tuple(known.signer for known in signing), approver, received_at, _SEAL)


def verify_binding(
    envelope: Envelope,
    approvals: Sequence[Envelope],
    signers: Sequence[Envelope],
    *,
    agreement: VerifiedAgreement,
    trust: Trust,
    received_at: datetime,
    revoked: Mapping[str, datetime] = _NOBODY,
) -> VerifiedBinding:
    """
    Verify that a client's keys belong to the partner of `agreement`. Parameters as for `verify_agreement`.

    Raises an `AgreementError` naming the first thing that is wrong.
    """
    # (1): every signature verifies over exactly these bytes, by a key that an officer introduced.
    found = _verified_introductions(envelope, Kind.CLIENT_BINDING, signers, trust)
    # (2): the bytes are a client binding, for this agreement.
    content = read_canonical(envelope.payload)
    binding = read_binding(envelope.payload)
    if binding.agreement != agreement.agreement.digest:
        raise NotEntitled("The client binding is for another agreement.")
    # (3): only signers of the partner signed, each entitled when the signature was received.
    partner = agreement.agreement.partner.id
    signing = [
        entitled(kid, found, (partner,), received_at=received_at, revoked=revoked)
        for kid in sorted({signature.kid for signature in envelope.signatures})
    ]
    # (4): a machine's key is nobody's signature key: else the machine could sign agreements.
    machine = {key.thumbprint for key in binding.keys}
    people = {signer.key.thumbprint for signer in agreement.signers} | {
        known.signer.key.thumbprint for known in signing
    }
    if machine & (people | set(trust.keys)):
        raise SamePerson("A key of the client is also the key of a signer or an officer.")
    # (5): an officer who did not sign it approved exactly this, and did not bring the signers alone.
    approver = _approver(envelope, words_only(CLIENT_BINDING, content), approvals, trust, signing, drafter=None)
    return VerifiedBinding(binding, envelope.digest, partner, tuple(known.signer for known in signing), approver, _SEAL)


def verify_reinstatement(envelope: Envelope, *, trust: Trust) -> VerifiedReinstatement:
    """Verify that an officer undid a suspension. Raises an `AgreementError` naming the first thing that is wrong."""
    _require_kind(envelope, Kind.REINSTATEMENT)
    signed = verify(envelope, trust.keys)
    read_canonical(signed.payload)
    officers = tuple(trust.by_key[kid] for kid in sorted(signed.signed_by))
    return VerifiedReinstatement(read_reinstatement(signed.payload), envelope.digest, officers, _SEAL)


def _verified_introductions(
    envelope: Envelope, kind: Kind, signers: Sequence[Envelope], trust: Trust
) -> dict[str, list[Introduced]]:
    _require_kind(envelope, kind)
    found = introduced_for(envelope, signers, trust)
    verify(envelope, keys_of(found))
    return found


def _require_kind(envelope: Envelope, kind: Kind) -> None:
    if envelope.kind is not kind:
        raise NotEntitled(f"A document of kind '{envelope.kind}' was given where '{kind}' is needed.")


def _approver(
    envelope: Envelope,
    words: tuple[str, ...],
    approvals: Sequence[Envelope],
    trust: Trust,
    signing: Sequence[Introduced],
    *,
    drafter: str | None,
) -> Officer:
    """Return the officer of the first approval that counts; raise why the last one does not."""
    refusal: AgreementError = NotApproved("No officer has approved the document.")
    for approval in approvals:
        try:
            return _judged_approval(envelope, words, approval, trust, signing, drafter=drafter)
        except AgreementError as error:
            refusal = error
    raise refusal


def _judged_approval(
    envelope: Envelope,
    words: tuple[str, ...],
    approval: Envelope,
    trust: Trust,
    signing: Sequence[Introduced],
    *,
    drafter: str | None,
) -> Officer:
    # (a): the approval is signed by exactly the officer it names.
    _require_kind(approval, Kind.APPROVAL)
    signed = verify(approval, trust.keys)
    read_canonical(signed.payload)
    content = read_approval(signed.payload)
    if signed.signed_by != {content.approver}:
        raise NotApproved("The approval is not signed by the officer it names.")
    officer = trust.by_key[content.approver]
    # (b): it covers exactly these bytes, as this kind of document, with all terms that only words carry.
    if (content.approves, content.kind) != (envelope.digest, envelope.kind.value):
        raise NotApproved("The approval is for another document.")
    if content.words_only != words:
        raise NotApproved("The approval does not cover exactly the terms that only words carry.")
    # (c): the officer did not draft it, and is not one of its signers.
    if drafter == officer.key.thumbprint:
        raise SamePerson("The officer who drafted the agreement cannot approve it.")
    for known in signing:
        signer = known.signer
        if signer.key.thumbprint == officer.key.thumbprint or person(signer.name) == person(officer.name):
            raise SamePerson("The officer who signed for a party cannot approve the document.")
    # (d): for each party somebody signed whom another officer vouches for: one officer could otherwise introduce two
    # keys of their own as the signers of both parties, and approve what they signed.
    for party in {known.signer.party for known in signing}:
        vouching = {kid for known in signing if known.signer.party == party for kid in known.introduced_by}
        if vouching <= {officer.key.thumbprint}:
            raise SamePerson(f"The approving officer alone introduced the signers of {party}.")
    return officer
