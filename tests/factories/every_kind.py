"""
One genuine document of every kind there is, and how each is judged: what a property over "any signed document" needs.

    SIGNED[Kind.HOLD].text                  # as it is stored
    SIGNED[Kind.HOLD].judged(envelope)      # -> the digest of what then holds; raises what its verification raises
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from agreements.authority import Filed
from agreements.destruction import verify_certificate, verify_hold, verify_release
from agreements.documents.classification import Verdict
from agreements.documents.erasure import Erasure, erasure_bytes
from agreements.documents.log_key import LogKeyMove, log_key_bytes
from agreements.documents.parental_rights import Act, Ground, ParentalRights, parental_rights_bytes
from agreements.documents.recovery import Cited, Recovery, recovery_bytes
from agreements.documents.roster_decision import Answer, RosterDecision, roster_decision_bytes
from agreements.documents.staff_role import staff_role_bytes
from agreements.elements import load_catalogue
from agreements.emergencies import verify_emergency_order, verify_emergency_release
from agreements.errors import NotApproved
from agreements.families import Asking, verify_family_request, verify_family_step
from agreements.handing_out import verify_telling_partners, verify_withholding
from agreements.in_force import verify_agreement, verify_binding, verify_reinstatement
from agreements.irrevocable import verify_erasure, verify_recovery
from agreements.log_keys import verify_log_key
from agreements.outside import verify_outside_disclosure
from agreements.parental_rights import verify_parental_rights
from agreements.parties import verify_debarment, verify_succession
from agreements.people import verify_people_annex, verify_undertaking
from agreements.rostering import verify_roster_decision
from agreements.signature import Envelope, Kind, add_signature
from agreements.staffing import verify_staff_role
from agreements.stewarding import verify_classification, verify_load_confirmation
from agreements.witnessing import verify_witnesses
from agreements.yearly import verify_review
from tests.factories.agreements import RECEIVED, Keyring, client_id, client_jwk, key_for
from tests.factories.family_papers import FamilyPapers
from tests.factories.obligations import Owing
from tests.factories.partners import PartnerPapers
from tests.factories.staffing import given_role
from tests.factories.stewards import classification, confirmation, introduce_stewards
from tests.factories.witness import VKEY
from tests.factories.witnessing import naming

Judge = Callable[[Filed], object]
"""Raises an `AgreementError` unless the document holds."""


ROSTER: Final = RosterDecision(7, "agreement:sps-a", Answer.ACCEPT, 2, 1, "sha256:" + "a" * 64)


@dataclass(frozen=True)
class OfItsKind:
    """One document, as it was received, and its verification."""

    filed: Filed
    judge: Judge

    @property
    def text(self) -> str:
        return self.filed.envelope.text

    def judged(self, envelope: Envelope) -> str:
        """The digest of `envelope`, received in the place of the genuine one, if it holds."""
        self.judge(replace(self.filed, envelope=envelope))
        return envelope.digest


def _agreements() -> Mapping[Kind, OfItsKind]:
    ring, catalogue = Keyring(), load_catalogue()
    bundle = ring.agreement()
    binding, people = ring.binding(bundle, client_id("one"), [client_jwk("one")]), ring.people(bundle)
    undertaking = ring.undertaking(bundle)
    lifted = ring.reinstatement(client_id("one"), undoes=7)
    verified, authority, annex = bundle.verified(ring), ring.authority, people.verified(ring)
    approved = [ring.filed(bundle.approval)]

    def promised(agreement: Filed, approval: Filed) -> object:
        return verify_agreement(agreement, [approval], authority=authority, catalogue=catalogue)

    def annexed(filed: Filed) -> object:
        found = verify_people_annex(filed, [ring.filed(people.approval)], authority=authority, agreement=verified)
        if found.approved is None:
            raise NotApproved("It lets nobody in.")
        return found

    judges: dict[Kind, tuple[Envelope, Judge]] = {
        Kind.AGREEMENT: (bundle.envelope, lambda filed: promised(filed, approved[0])),
        Kind.APPROVAL: (bundle.approval, lambda filed: promised(ring.filed(bundle.envelope), filed)),
        Kind.CLIENT_BINDING: (
            binding.envelope,
            lambda filed: verify_binding(
                filed, [ring.filed(binding.approval)], authority=authority, agreement=verified
            ),
        ),
        Kind.PEOPLE_ANNEX: (people.envelope, annexed),
        Kind.UNDERTAKING: (
            undertaking,
            lambda filed: verify_undertaking(filed, annexes=[annex], agreement=verified),
        ),
        Kind.REINSTATEMENT: (lifted, lambda filed: verify_reinstatement(filed, authority=authority)),
    }
    return {kind: OfItsKind(ring.filed(envelope), judge) for kind, (envelope, judge) in judges.items()}


def _authority() -> Mapping[Kind, OfItsKind]:
    ring = Keyring()
    signer = ring.introduce("partner:bright-path", "Dana Signer").document
    assert signer is not None
    before = ring.authority
    officer = ring.officer_document("Quinn Third", key_for("quinn"))
    revoked = ring.revocation(ring.officers[1].key.thumbprint, by=[ring.officers[1].key])
    documents = {Kind.SIGNER: ring.filed(signer), Kind.OFFICER: officer, Kind.REVOCATION: revoked}
    moved = LogKeyMove(ring.origin, f"{ring.origin}+00000000+key", "introduced", "The machine was replaced.")
    log_key = None
    for each in ring.officers[:2]:
        log_key = add_signature(log_key, Kind.LOG_KEY, log_key_bytes(moved), each.key)
    assert log_key is not None
    return {
        **{kind: OfItsKind(filed, before.admit) for kind, filed in documents.items()},
        Kind.LOG_KEY: OfItsKind(ring.filed(log_key), lambda filed: verify_log_key(filed, authority=before)),
    }


def _partners() -> Mapping[Kind, OfItsKind]:
    papers, catalogue = PartnerPapers(), load_catalogue()
    debarred, (merged, approvals) = papers.debarment("partner:a"), papers.succession("partner:a", "partner:b")
    order, authority = papers.order(), papers.authority
    ordered = papers.ordered(order)
    return {
        Kind.DEBARMENT: OfItsKind(debarred, lambda filed: verify_debarment(filed, authority=authority)),
        Kind.SUCCESSION: OfItsKind(merged, lambda filed: verify_succession(filed, approvals, authority=authority)),
        Kind.EMERGENCY_ORDER: OfItsKind(
            order, lambda filed: verify_emergency_order(filed, (), authority=authority, catalogue=catalogue)
        ),
        Kind.EMERGENCY_RELEASE: OfItsKind(
            papers.release(order), lambda filed: verify_emergency_release(filed, ordered, authority=authority)
        ),
        Kind.ROSTER_DECISION: OfItsKind(
            papers.filed(
                papers.ring.sign(Kind.ROSTER_DECISION, roster_decision_bytes(ROSTER), papers.ring.officers[1].key)
            ),
            lambda filed: verify_roster_decision(
                filed, authority=authority, district="district:sps", partners_people=()
            ),
        ),
        Kind.OUTSIDE_DISCLOSURE: OfItsKind(
            papers.outside(),
            lambda filed: verify_outside_disclosure(filed, authority=authority, catalogue=catalogue),
        ),
    }


def _witnesses() -> Mapping[Kind, OfItsKind]:
    ring = Keyring()
    document = naming([(VKEY, "https://w.example")], [person.key for person in ring.officers[:2]])
    authority = ring.authority
    judged = OfItsKind(ring.filed(document), lambda filed: verify_witnesses(filed, None, authority=authority))
    return {Kind.WITNESSES: judged}


def _staff() -> Mapping[Kind, OfItsKind]:
    ring = Keyring()
    document = ring.sign(Kind.STAFF_ROLE, staff_role_bytes(given_role()), *(each.key for each in ring.officers[:2]))
    authority = ring.authority
    judged = OfItsKind(ring.filed(document), lambda filed: verify_staff_role(filed, authority=authority))
    return {Kind.STAFF_ROLE: judged}


def _rights() -> Mapping[Kind, OfItsKind]:
    ring = Keyring()
    said = ParentalRights(Act.REVOKED, Ground.COURT_ORDER, date(2026, 8, 1), "sha256:" + "e" * 64, "a" * 64)
    document = ring.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(said), ring.officers[0].key)
    authority = ring.authority
    judged = OfItsKind(ring.filed(document), lambda filed: verify_parental_rights(filed, authority=authority))
    return {Kind.PARENTAL_RIGHTS: judged}


def _obligations() -> Mapping[Kind, OfItsKind]:
    desk = Owing()
    digest, authority, hold = desk.agreement.digest, desk.authority, desk.hold()
    placed = verify_hold(hold, authority=authority, agreement=digest)
    return {
        Kind.HOLD: OfItsKind(hold, lambda filed: verify_hold(filed, authority=authority, agreement=digest)),
        Kind.RELEASE: OfItsKind(
            desk.release(hold), lambda filed: verify_release(filed, authority=authority, holds=[placed])
        ),
        Kind.REVIEW: OfItsKind(
            desk.review(), lambda filed: verify_review(filed, authority=authority, agreement=desk.agreement)
        ),
        Kind.CERTIFICATE: OfItsKind(
            desk.certificate(),
            lambda filed: verify_certificate(
                filed, authority=authority, parties=desk.parties, agreement=desk.agreement, ended=date(2027, 6, 30)
            ),
        ),
    }


def _families() -> Mapping[Kind, OfItsKind]:
    papers, catalogue = FamilyPapers(), load_catalogue()
    authority = papers.authority
    request, withheld, telling = papers.request(), papers.withholding(), papers.telling()
    asking = Asking(verify_family_request(request, authority=authority, catalogue=catalogue))
    return {
        Kind.FAMILY_REQUEST: OfItsKind(
            request, lambda filed: verify_family_request(filed, authority=authority, catalogue=catalogue)
        ),
        Kind.FAMILY_STEP: OfItsKind(
            papers.step(request), lambda filed: verify_family_step(filed, asking, authority=authority)
        ),
        Kind.WITHHOLDING: OfItsKind(withheld, lambda filed: verify_withholding(filed, authority=authority)),
        Kind.TELLING_PARTNERS: OfItsKind(telling, lambda filed: verify_telling_partners(filed, authority=authority)),
    }


def _irrevocable() -> Mapping[Kind, OfItsKind]:
    ring = Keyring()
    authority, keys = ring.authority, [officer.key for officer in ring.officers]
    cited = Cited(5, b"h" * 32)
    recovery = Recovery("new.example/log", "vkey", "old.example/log", "vkey", cited, "bm90ZQ==", cited, "a disk")
    erasure = Erasure((b"a" * 16, b"b" * 16), "the retention is over")
    return {
        Kind.ERASURE: OfItsKind(
            ring.filed(ring.sign(Kind.ERASURE, erasure_bytes(erasure), *keys)),
            lambda filed: verify_erasure(filed, authority=authority),
        ),
        Kind.RECOVERY: OfItsKind(
            ring.filed(ring.sign(Kind.RECOVERY, recovery_bytes(recovery), *keys)),
            lambda filed: verify_recovery(filed, authority=authority),
        ),
    }


def _stewards() -> Mapping[Kind, OfItsKind]:
    ring = Keyring()
    keys = [each.key for each in introduce_stewards(ring)]
    codes = classification(("000626", "Robotics Club", Verdict.OPEN), day=RECEIVED.date())
    confirmed = confirmation(day=RECEIVED.date())
    authority = ring.authority
    return {
        Kind.CODE_CLASSIFICATION: OfItsKind(
            ring.filed(ring.sign(Kind.CODE_CLASSIFICATION, codes, *keys)),
            lambda filed: verify_classification(filed, None, authority=authority),
        ),
        Kind.LOAD_CONFIRMATION: OfItsKind(
            ring.filed(ring.sign(Kind.LOAD_CONFIRMATION, confirmed, *keys)),
            lambda filed: verify_load_confirmation(filed, authority=authority),
        ),
    }


SIGNED: Final[Mapping[Kind, OfItsKind]] = {
    **_agreements(),
    **_authority(),
    **_partners(),
    **_obligations(),
    **_families(),
    **_irrevocable(),
    **_witnesses(),
    **_staff(),
    **_rights(),
    **_stewards(),
}
