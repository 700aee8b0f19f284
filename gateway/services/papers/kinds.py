"""
The kinds of documents that are prepared on pages: how each is read, who signs it, and who of the staff may open it.

The one table. A kind that is not here is signed and filed on the command line.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from agreements.canonical import Json, read_canonical
from agreements.document import Agreement, parse_agreement
from agreements.documents.approval import APPROVAL, Approval, read_approval
from agreements.documents.binding import CLIENT_BINDING, ClientBinding, read_binding
from agreements.documents.classification import CLASSIFICATION, read_classification
from agreements.documents.debarment import DEBARMENT, read_debarment
from agreements.documents.destruction import CERTIFICATE, Certificate, read_certificate
from agreements.documents.emergency import EMERGENCY_ORDER, read_emergency_order
from agreements.documents.emergency_release import EMERGENCY_RELEASE, read_emergency_release
from agreements.documents.hold import HOLD, RELEASE, read_hold, read_release
from agreements.documents.load_confirmation import LOAD_CONFIRMATION, read_load_confirmation
from agreements.documents.officer import OFFICER, read_officer
from agreements.documents.parental_rights import PARENTAL_RIGHTS, read_parental_rights
from agreements.documents.people import PEOPLE_ANNEX, PeopleAnnex, read_people
from agreements.documents.reinstatement import REINSTATEMENT, Reinstatement, read_reinstatement
from agreements.documents.review import REVIEW, read_review
from agreements.documents.revocation import REVOCATION, Revocation, read_revocation
from agreements.documents.roster_decision import ROSTER_DECISION, RosterDecision, read_roster_decision
from agreements.documents.signer import SIGNER, read_signer
from agreements.documents.staff_role import STAFF_ROLE, StaffRole, read_staff_role
from agreements.documents.succession import SUCCESSION, Succession, read_succession
from agreements.documents.undertaking import UNDERTAKING, Undertaking, read_undertaking
from agreements.documents.witnesses import WITNESSES, read_witnesses
from agreements.elements import Catalogue, load_catalogue
from agreements.names import person as as_compared
from agreements.people import named_by
from agreements.schema import agreement_schema
from agreements.shapes import Shape, words_only
from agreements.signature import Kind
from agreements.statement import statement, undertaking_of
from agreements.successors import answering_for
from gateway.services.papers.needs import Need, Who
from gateway.services.staff.roles import Act
from gateway.services.standing.registry import Registry

Needs = Callable[[Any, Registry], tuple[Need, ...]]
Behind = Callable[[Any, Registry], str | None]


def _nothing(_: object, __: Registry) -> None:
    return None


@dataclass(frozen=True, slots=True)
class PaperKind:
    """
    One kind: who may open it, its reader and shape, and who signs it.

    `counted` are the pointers of lists of which a page says how many there are, and never which. `behind` are the words
    of which a document holds the digest alone: None if there are none, or if they are not those that stand here.
    """

    acts: frozenset[Act]
    read: Callable[[bytes, Catalogue], object]
    shape: Callable[[Catalogue], Shape]
    needs: Needs
    counted: frozenset[str] = frozenset()
    behind: Behind = _nothing

    def words_only(self, payload: bytes, catalogue: Catalogue) -> tuple[str, ...]:
        """Return the pointers of the terms that only words carry: what an approval lists."""
        read = self.read(payload, catalogue)
        return read.words_only if isinstance(read, Agreement) else words_only(self.shape(catalogue), _plain(payload))


def _plain(payload: bytes) -> Json:
    return read_canonical(payload)


def _of(
    acts: set[Act],
    read: Callable[[bytes], object],
    shape: Shape,
    needs: Needs | tuple[Need, ...],
    *,
    counted: Collection[str] = (),
) -> PaperKind:
    def reads(payload: bytes, _: Catalogue) -> object:
        return read(payload)

    def fixed(_: object, __: Registry) -> tuple[Need, ...]:
        assert isinstance(needs, tuple)
        return needs

    asked = fixed if isinstance(needs, tuple) else needs
    return PaperKind(frozenset(acts), reads, lambda _: shape, asked, frozenset(counted))


def _agreement(agreement: Agreement, _: Registry) -> tuple[Need, ...]:
    parties = (agreement.district.id, agreement.partner.id)
    return (*(Need(Who.SIGNER, party) for party in parties), Need(Who.APPROVAL))


def _annex(document: ClientBinding | PeopleAnnex, registry: Registry) -> tuple[Need, ...]:
    promised = registry.history.get(document.agreement)
    partner = None if promised is None else promised.verified.agreement.partner.id
    return (Need(Who.SIGNER, partner), Need(Who.APPROVAL))


def _undertaking(document: Undertaking, registry: Registry) -> tuple[Need, ...]:
    promised = registry.history.get(document.agreement)
    if promised is None:
        return (Need(Who.PERSON, person=document.person),)
    partner, named = promised.verified.agreement.partner.id, named_by(promised.annexes).get(document.person)
    return (Need(Who.PERSON, partner, person=document.person, listed=None if named is None else named.key),)


def _accepted(document: Undertaking, registry: Registry) -> str | None:
    """Return the statement that is accepted, if it is the one that stands here."""
    promised = registry.history.get(document.agreement)
    if promised is None:
        return None
    agreement = promised.verified.agreement
    is_ours = document == undertaking_of(agreement, document.person, document.school_year)
    return statement(agreement) if is_ours else None


def _certificate(document: Certificate, registry: Registry) -> tuple[Need, ...]:
    promised = registry.history.get(document.agreement)
    if promised is None:
        return (Need(Who.SIGNER),)
    # What a partner owes, whoever came after it owes: who is there now signs.
    return (Need(Who.SIGNER, answering_for(promised.verified.agreement.partner.id, registry.successions)[-1]),)


def _succession(document: Succession, _: Registry) -> tuple[Need, ...]:
    return (*(Need(Who.SIGNER, party) for party in document.parties), Need(Who.APPROVAL))


def _approval(document: Approval, _: Registry) -> tuple[Need, ...]:
    return (Need(Who.OFFICER, key=document.approver),)


def _revocation(document: Revocation, registry: Registry) -> tuple[Need, ...]:
    tenures = registry.authority.tenures
    is_officers = document.subject in {each.officer.key.thumbprint for each in tenures}
    people = 2 if is_officers or document.since is not None else 1
    return (Need(Who.REVOKER, key=document.subject, people=people, revocation=document),)


def _staff_role(document: StaffRole, registry: Registry) -> tuple[Need, ...]:
    if document.officer_key is not None:
        return (Need(Who.OFFICER, key=document.officer_key), Need(Who.OFFICER, people=2))
    return (Need(Who.OFFICER, people=2, not_by=_own_names(document.person, registry)),)


def _reinstatement(document: Reinstatement, registry: Registry) -> tuple[Need, ...]:
    return (Need(Who.OFFICER, not_by=_own_names(document.subject, registry)),)


def _roster_decision(document: RosterDecision, registry: Registry) -> tuple[Need, ...]:
    versions = [each for each in registry.history.values() if each.verified.agreement.id == document.agreement]
    newest = max(versions, key=lambda each: each.verified.agreement.version, default=None)
    names: set[str] = set()
    if newest is not None:
        partner = newest.verified.agreement.partner.id
        names |= {each.name for annex in newest.annexes for each in annex.annex.people}
        names |= {each.signer.name for each in registry.authority.introductions if each.signer.party == partner}
    return (Need(Who.DECIDER, alone=True, not_by=frozenset(map(as_compared, names))),)


def _own_names(person: str, registry: Registry) -> frozenset[str]:
    """Return the names of an officer who signs in: nobody gives to themselves, nor lifts a stop of their own."""
    keys = registry.staff.own_keys.get(person, ())
    return frozenset[str]().union(*(registry.authority.names_of(kid) for kid in keys))


_ONE_OFFICER: Final = (Need(Who.OFFICER),)
_ONE_ALONE: Final = (Need(Who.OFFICER, alone=True),)
_TWO_OFFICERS: Final = (Need(Who.OFFICER, people=2),)
_STEWARDS: Final = (Need(Who.DECIDER, people=2),)

KINDS: Final[Mapping[Kind, PaperKind]] = MappingProxyType(
    {
        Kind.AGREEMENT: PaperKind(
            frozenset({Act.DRAFT, Act.APPROVE}),
            parse_agreement,
            agreement_schema,
            _agreement,
        ),
        Kind.APPROVAL: _of({Act.APPROVE}, read_approval, APPROVAL, _approval),
        Kind.SIGNER: _of(
            {Act.GIVE_ROLES, Act.MANAGE_PARTNERS},
            read_signer,
            SIGNER,
            _ONE_OFFICER,
        ),
        Kind.OFFICER: _of(
            {Act.GIVE_ROLES},
            read_officer,
            OFFICER,
            (Need(Who.VOICE, people=2),),
        ),
        Kind.REVOCATION: _of({Act.STOP}, read_revocation, REVOCATION, _revocation),
        Kind.CLIENT_BINDING: _of(
            {Act.MANAGE_CLIENTS, Act.APPROVE},
            read_binding,
            CLIENT_BINDING,
            _annex,
        ),
        Kind.PEOPLE_ANNEX: _of({Act.MANAGE_PARTNERS, Act.APPROVE}, read_people, PEOPLE_ANNEX, _annex),
        Kind.UNDERTAKING: PaperKind(
            frozenset({Act.MANAGE_PARTNERS, Act.APPROVE}),
            lambda payload, _: read_undertaking(payload),
            lambda _: UNDERTAKING,
            _undertaking,
            behind=_accepted,
        ),
        Kind.CERTIFICATE: _of(
            {Act.MANAGE_PARTNERS, Act.APPROVE},
            read_certificate,
            CERTIFICATE,
            _certificate,
            counted={"/leavers"},
        ),
        Kind.REINSTATEMENT: _of({Act.STOP, Act.APPROVE}, read_reinstatement, REINSTATEMENT, _reinstatement),
        Kind.STAFF_ROLE: _of(
            {Act.GIVE_ROLES, Act.INVITE},
            read_staff_role,
            STAFF_ROLE,
            _staff_role,
        ),
        Kind.EMERGENCY_ORDER: PaperKind(
            frozenset({Act.APPROVE}),
            read_emergency_order,
            lambda _: EMERGENCY_ORDER,
            lambda _, __: _ONE_ALONE,
        ),
        Kind.EMERGENCY_RELEASE: _of({Act.APPROVE}, read_emergency_release, EMERGENCY_RELEASE, _ONE_ALONE),
        # Signed on a student's page and filed there: nothing keeps it meanwhile (`gateway.console.parents`).
        Kind.PARENTAL_RIGHTS: _of({Act.APPROVE}, read_parental_rights, PARENTAL_RIGHTS, _ONE_OFFICER),
        Kind.HOLD: _of({Act.APPROVE}, read_hold, HOLD, _ONE_OFFICER),
        Kind.RELEASE: _of({Act.APPROVE}, read_release, RELEASE, _ONE_OFFICER),
        Kind.DEBARMENT: _of(
            {Act.APPROVE, Act.MANAGE_PARTNERS},
            read_debarment,
            DEBARMENT,
            _TWO_OFFICERS,
        ),
        Kind.SUCCESSION: _of(
            {Act.APPROVE, Act.MANAGE_PARTNERS},
            read_succession,
            SUCCESSION,
            _succession,
        ),
        Kind.REVIEW: _of({Act.APPROVE, Act.DRAFT}, read_review, REVIEW, _ONE_OFFICER),
        Kind.WITNESSES: _of({Act.APPROVE}, read_witnesses, WITNESSES, _TWO_OFFICERS),
        Kind.CODE_CLASSIFICATION: _of(
            {Act.CLASSIFY_CODES, Act.APPROVE},
            read_classification,
            CLASSIFICATION,
            _STEWARDS,
        ),
        Kind.LOAD_CONFIRMATION: _of(
            {Act.LOAD_RECORDS, Act.APPROVE},
            read_load_confirmation,
            LOAD_CONFIRMATION,
            _STEWARDS,
        ),
        Kind.ROSTER_DECISION: _of(
            {Act.MANAGE_ROSTERS, Act.APPROVE},
            read_roster_decision,
            ROSTER_DECISION,
            _roster_decision,
        ),
    }
)
ANY: Final = frozenset[Act]().union(*(each.acts for each in KINDS.values()))
"""Whoever may do one of these may open the list."""


def kind_of(content: Json) -> Kind | None:
    """Return the kind of a document by the format it names; None if no page prepares such a one."""
    named = content.get("format") if isinstance(content, dict) else None
    catalogue = load_catalogue()
    formats = {kind.shape(catalogue)["properties"]["format"]["const"]: name for name, kind in KINDS.items()}
    return formats.get(named) if isinstance(named, str) else None
