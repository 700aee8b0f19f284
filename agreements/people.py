"""
The people at a partner, verified: who the partner named, and who of them accepted an agreement's limits (row D3).

INVARIANT: `VerifiedPeopleAnnex` and `VerifiedUndertaking` are made here and nowhere else. Who answers for a client
because of several of them together, and when, is asked in `agreements.accountable`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from agreements.approvals import counted_approvals
from agreements.authority import Authority, Filed, Introduced, Received
from agreements.canonical import digest_of, read_canonical
from agreements.dates import school_year_of
from agreements.documents.people import PEOPLE_ANNEX, RESPONSIBLE, NamedPerson, PeopleAnnex, read_people
from agreements.documents.reading import refuse
from agreements.documents.signer import Signer
from agreements.documents.undertaking import UNDERTAKING, Undertaking, read_undertaking
from agreements.errors import AgreementError, NotEntitled, SamePerson
from agreements.in_force import VerifiedAgreement, require_annex_of
from agreements.names import person
from agreements.seal import SEAL, require_seal
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind, verify
from agreements.statement import statement
from agreements.trust import Officer


@dataclass(frozen=True, slots=True)
class VerifiedPeopleAnnex:
    """
    A people annex that the partner's signer signed, for one verified agreement (`agreement`, its digest).

    `approved` is the first entry at which an officer's approval counts; None, and the annex only takes people out.
    """

    annex: PeopleAnnex
    digest: str
    agreement: str
    partner: str
    signers: tuple[Signer, ...]
    approver: Officer | None
    received: Received
    approved: Received | None
    flags: tuple[str, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedUndertaking:
    """What a named person accepted, with the thumbprint of the person's key at that time."""

    undertaking: Undertaking
    digest: str
    key: str
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_people_annex(
    filed: Filed,
    approvals: Sequence[Filed],
    *,
    authority: Authority,
    agreement: VerifiedAgreement,
    lineage: frozenset[str] = frozenset(),
) -> VerifiedPeopleAnnex:
    """
    Verify that the partner named its people. Without an approval that counts, the annex only narrows: no refusal.

    `lineage` as for `verify_binding`. Raises an `AgreementError` naming the first thing that is wrong.
    """
    envelope, received, terms = filed.envelope, filed.received, agreement.agreement
    filed.require_kind(Kind.PEOPLE_ANNEX)
    # (1): the bytes are a people annex, for this agreement.
    content = read_canonical(envelope.payload)
    annex = read_people(envelope.payload)
    require_annex_of(annex.agreement, terms, lineage)
    # (2): every signature verifies, by a signer of the partner entitled when it was received.
    signing = authority.signed_for(envelope, (terms.partner.id,), received)
    # (3): nobody who decides for the district answers at the partner.
    _require_partners_people(annex, terms.partner.id, authority, received)
    # (4): an officer who did not sign it approved exactly this.
    approver, approved, seen = _approval(envelope, words_only(PEOPLE_ANNEX, content), approvals, authority, signing)
    kids = [known.signer.key.thumbprint for known in signing] + [each.key.thumbprint for each in approver]
    return VerifiedPeopleAnnex(
        annex=annex,
        digest=envelope.digest,
        agreement=terms.digest,
        partner=terms.partner.id,
        signers=tuple(known.signer for known in signing),
        approver=next(iter(approver), None),
        received=received,
        approved=None if approved is None else max(approved, received, key=lambda each: each.index),
        flags=authority.flags(kids, seen),
        seal=SEAL,
    )


def verify_undertaking(
    filed: Filed, *, annexes: Iterable[VerifiedPeopleAnnex], agreement: VerifiedAgreement
) -> VerifiedUndertaking:
    """
    Verify that a person whom the annex in force names accepted the statement of `agreement` with their own key.

    Raises an `AgreementError` naming the first thing that is wrong.
    """
    envelope, received, terms = filed.envelope, filed.received, agreement.agreement
    filed.require_kind(Kind.UNDERTAKING)
    # (1): the bytes are an undertaking for this version of the agreement, and for the statement that it makes.
    read_canonical(envelope.payload)
    undertaking = read_undertaking(envelope.payload)
    if undertaking.agreement != terms.digest:
        raise NotEntitled("The undertaking is for another agreement, or another version of it.")
    if undertaking.statement != digest_of(statement(terms).encode()):
        raise NotEntitled("The undertaking accepts other words than the agreement's statement.")
    # (2): it is for this school year or the next; nobody accepts for years to come.
    today = received.at.astimezone(ZoneInfo(terms.term.time_zone)).date()
    began = school_year_of(today)
    if undertaking.school_year not in {f"{year}-{year + 1}" for year in (began, began + 1)}:
        refuse(UNDERTAKING, "/school_year", "D3", "An undertaking is for the current school year or the next one.")
    # (3): the person is named, and signed it alone with the key that the annex lists.
    named = named_at(annexes, received.index).get(undertaking.person)
    if named is None or named.key is None:
        raise NotEntitled(f"The annex in force names no {undertaking.person} with a key.")
    verify(envelope, {named.key.thumbprint: named.key})
    return VerifiedUndertaking(undertaking, envelope.digest, named.key.thumbprint, received, SEAL)


def named_at(annexes: Iterable[VerifiedPeopleAnnex], index: int) -> Mapping[str, NamedPerson]:
    """
    Return the people named once entry `index` is in the log, by id.

    The newest annex that was approved by then names them; whatever the partner sent after it takes people out at once.
    """
    known = sorted((each for each in annexes if each.received.index <= index), key=lambda each: each.received.index)
    approved = [each for each in known if each.approved is not None and each.approved.index <= index]
    if not approved:
        return MappingProxyType({})
    named = {each.id: each for each in approved[-1].annex.people}
    for later in known[known.index(approved[-1]) + 1 :]:
        listed = {each.id: each for each in later.annex.people}
        named = {
            kid: _narrowed(each, listed[kid])
            for kid, each in named.items()
            if kid in listed and listed[kid].key == each.key
        }
    return MappingProxyType(named)


def named_by(annexes: Sequence[VerifiedPeopleAnnex]) -> Mapping[str, NamedPerson]:
    """Return the people whom all of these annexes together name, by id: as they stand after the newest of them."""
    received = [found for each in annexes for found in (each.received, each.approved) if found is not None]
    return named_at(annexes, max((each.index for each in received), default=0))


def _narrowed(named: NamedPerson, later: NamedPerson) -> NamedPerson:
    """Return the person as an officer approved it, less what the partner took back since."""
    valid_to = min(named.training.valid_to, later.training.valid_to)
    begins = max(named.training.completed_on, later.training.completed_on)
    role = named.role if later.role == RESPONSIBLE else later.role
    return replace(named, role=role, training=replace(named.training, completed_on=begins, valid_to=valid_to))


def _approval(
    envelope: Envelope,
    words: tuple[str, ...],
    approvals: Sequence[Filed],
    authority: Authority,
    signing: Sequence[Introduced],
) -> tuple[tuple[Officer, ...], Received | None, frozenset[str]]:
    """Return the first officer whose approval counts, when it was received, and what was acknowledged."""
    try:
        counted = counted_approvals(envelope, words, approvals, authority=authority, signing=signing)
    except AgreementError:
        return (), None, frozenset()
    first = min(counted, key=lambda each: each.received.index)
    seen = frozenset(digest for each in counted for digest in each.approval.acknowledges)
    return (first.officer,), first.received, seen


def _require_partners_people(annex: PeopleAnnex, partner: str, authority: Authority, received: Received) -> None:
    own = {each.signer.key.thumbprint for each in authority.introductions if each.signer.party == partner}
    officers = {person(officer.name) for officer in authority.officers(received).values()}
    for each in annex.people:
        if each.key is not None and each.key.thumbprint in authority.keys - own:
            raise SamePerson(f"The key of {each.id} is that of an officer or of another party's signer.")
        if each.role == RESPONSIBLE and person(each.name) in officers:
            raise SamePerson(f"An officer of the district has the name of {each.id}; nobody answers to themselves.")
