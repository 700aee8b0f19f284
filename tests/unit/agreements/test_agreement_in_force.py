"""The one door: what is not signed by both parties and approved by a second person does not come through."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agreements.document import parse_agreement
from agreements.documents.approval import Approval, approval_bytes
from agreements.elements import load_catalogue
from agreements.entitlement import introduce
from agreements.errors import (
    AgreementError,
    BadSignature,
    InvalidAgreement,
    NotApproved,
    NotEntitled,
    SamePerson,
    SignatureMissing,
)
from agreements.in_force import (
    VerifiedAgreement,
    VerifiedBinding,
    VerifiedReinstatement,
    verify_agreement,
    verify_binding,
    verify_reinstatement,
)
from agreements.lifecycle import Move, Standing, standing
from agreements.signature import Envelope, Kind
from tests.factories.agreements import RECEIVED, SPS_B, Keyring, SignedAgreement, client_id, client_jwk, key_for

DISTRICT, PARTNER = "district:emerald-city", "partner:bright-path"


def verified(
    ring: Keyring,
    bundle: SignedAgreement,
    *,
    envelope: Envelope | None = None,
    approvals: list[Envelope] | None = None,
    signers: list[Envelope] | None = None,
    received_at: datetime = RECEIVED,
    revoked: dict[str, datetime] | None = None,
) -> VerifiedAgreement:
    return verify_agreement(
        envelope or bundle.envelope,
        [bundle.approval] if approvals is None else approvals,
        ring.signer_documents if signers is None else signers,
        trust=ring.trust,
        catalogue=load_catalogue(),
        received_at=received_at,
        revoked=revoked or {},
    )


def signed_by(ring: Keyring, bundle: SignedAgreement, *keys: Any) -> Envelope:
    return ring.sign(Kind.AGREEMENT, bundle.agreement.canonical, *keys)


@pytest.mark.claim(1)
@pytest.mark.parametrize("kind", [VerifiedAgreement, VerifiedBinding, VerifiedReinstatement])
def test_a_verified_document_cannot_be_made_by_hand(kind: type) -> None:
    parts = [None] * (len(kind.__dataclass_fields__) - 1)  # type: ignore[attr-defined]  # dataclasses all
    with pytest.raises(TypeError, match="verified documents"):
        kind(*parts, seal=object())
    with pytest.raises(TypeError):
        kind(*parts)


@pytest.mark.claim(1)
def test_no_signer_document_no_agreement() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    with pytest.raises(NotEntitled, match="unknown key"):
        verified(ring, bundle, signers=[])


@pytest.mark.ferpa("S2")
@pytest.mark.parametrize("party", [DISTRICT, PARTNER])
def test_both_parties_sign(party: str) -> None:
    ring = Keyring()
    bundle = ring.agreement()
    with pytest.raises(SignatureMissing) as caught:
        verified(ring, bundle, envelope=signed_by(ring, bundle, ring.signer(party).key))
    assert party not in str(caught.value)


@pytest.mark.ferpa("S2")
def test_a_signer_of_another_party_does_not_sign_for_this_one() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    stranger = ring.signer("partner:harbor-mentors")
    envelope = signed_by(ring, bundle, ring.signer(DISTRICT).key, ring.signer(PARTNER).key, stranger.key)
    with pytest.raises(NotEntitled, match="does not belong"):
        verified(ring, bundle, envelope=envelope)


@pytest.mark.ferpa("S2")
@pytest.mark.parametrize(
    ("received_at", "stands"),
    [
        (datetime(2026, 6, 30, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 6, 30, 23, 59, tzinfo=UTC), True),
        (datetime(2027, 7, 1, 0, 0, tzinfo=UTC), False),
    ],
)
def test_a_signer_is_judged_on_the_day_the_log_received_the_signature(received_at: datetime, *, stands: bool) -> None:
    ring = Keyring()
    bundle = ring.agreement()
    if stands:
        assert verified(ring, bundle, received_at=received_at).received_at == received_at
    else:
        with pytest.raises(NotEntitled, match="was not valid"):
            verified(ring, bundle, received_at=received_at)


def test_a_signer_whose_validity_was_renewed_signs_again() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    later = ring.introduce(
        PARTNER, "Dana", ring.signer(PARTNER).key, valid_from=date(2027, 7, 1), valid_to=date(2028, 1, 1)
    )
    district = ring.introduce(DISTRICT, "Di", ring.signer(DISTRICT).key, valid_to=date(2028, 1, 1))
    assert later.document is not None
    assert district.document is not None
    renewed = [*ring.signer_documents, later.document, district.document]
    verified(ring, bundle, signers=renewed, received_at=datetime(2027, 9, 1, tzinfo=UTC))


@pytest.mark.ferpa("S7")
def test_a_signature_received_after_its_key_was_revoked_is_refused_and_before_stands() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    kid = ring.signer(PARTNER).key.thumbprint
    verified(ring, bundle, revoked={kid: datetime(2026, 8, 20, 17, 1, tzinfo=UTC)})
    with pytest.raises(NotEntitled, match="revoked"):
        verified(ring, bundle, revoked={kid: RECEIVED})


@pytest.mark.claim(12)
@pytest.mark.ferpa("S2")
def test_one_key_does_not_sign_for_both_parties() -> None:
    ring = Keyring()
    shared = key_for("both hats")
    ring.signers = {party: ring.introduce(party, f"Hat of {party}", shared) for party in (DISTRICT, PARTNER)}
    with pytest.raises(SamePerson, match="both parties"):
        ring.agreement().verified(ring)


@pytest.mark.claim(12)
@pytest.mark.ferpa("S2")
def test_one_person_does_not_sign_for_both_parties_with_two_keys() -> None:
    ring = Keyring()
    ring.signers = {DISTRICT: ring.introduce(DISTRICT, "Sam Both"), PARTNER: ring.introduce(PARTNER, "sam  BOTH")}
    with pytest.raises(SamePerson, match="One person"):
        ring.agreement().verified(ring)


@pytest.mark.attack("an outsider introduces a signer")
def test_only_an_officer_introduces_a_signer() -> None:
    ring = Keyring()
    ring.signers = {PARTNER: ring.introduce(PARTNER, "Eve", by=[key_for("eve")])}
    with pytest.raises(NotEntitled, match="unknown key"):
        ring.agreement().verified(ring)
    bundle = ring.agreement()
    with pytest.raises(NotEntitled, match="signer document"):
        introduce(bundle.approval, ring.trust)


def test_a_broken_introduction_of_somebody_else_stops_nobody() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    nonsense = ring.sign(Kind.SIGNER, b'{"format":"x"}', key_for("eve"))
    stranger = ring.introduce("partner:harbor-mentors", "Eve", by=[key_for("eve")]).document
    assert stranger is not None
    verified(ring, bundle, signers=[nonsense, stranger, *ring.signer_documents])


def test_a_tampered_introduction_stops_the_agreement_that_needs_it() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    genuine = ring.signer(PARTNER).document
    assert genuine is not None
    longer = ring.introduce(PARTNER, "Dana", ring.signer(PARTNER).key, valid_to=date(2030, 1, 1)).document
    assert longer is not None
    forged = Envelope(Kind.SIGNER, longer.payload, genuine.signatures)
    with pytest.raises(BadSignature):
        verified(ring, bundle, signers=[*ring.signer_documents, forged])


def test_signed_bytes_that_are_no_lawful_agreement_are_refused() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    content = bundle.agreement.canonical.replace(b'"code":"tutoring"', b'"code":"sale"')
    keys = [ring.signer(party).key for party in (DISTRICT, PARTNER)]
    with pytest.raises(InvalidAgreement):
        verified(ring, bundle, envelope=ring.sign(Kind.AGREEMENT, content, *keys))


@pytest.mark.ferpa("A8")
def test_an_agreement_that_claims_to_narrow_a_master_is_not_in_force_unproven() -> None:
    ring = Keyring()
    with pytest.raises(NotEntitled, match="master"):
        ring.agreement(changes={"/master": "sha256:" + "1" * 64}).verified(ring)


@pytest.mark.claim(12)
@pytest.mark.ferpa("S3")
def test_the_drafter_does_not_approve() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    approval = ring.approve(bundle.envelope, bundle.agreement.words_only, officer=1)
    with pytest.raises(SamePerson, match="drafted"):
        verified(ring, bundle, approvals=[approval])


@pytest.mark.claim(12)
@pytest.mark.ferpa("S3")
@pytest.mark.parametrize("same", ["key", "name"])
def test_an_officer_who_signed_for_the_district_does_not_approve(same: str) -> None:
    ring = Keyring()
    officer = ring.officers[0]
    key = officer.key if same == "key" else key_for("second key")
    ring.signers = {DISTRICT: ring.introduce(DISTRICT, "Another Name" if same == "key" else " olivia OKAFOR", key)}
    with pytest.raises(SamePerson, match="signed for a party"):
        ring.agreement().verified(ring)


@pytest.mark.claim(12)
@pytest.mark.attack("one officer introduces both signers and approves")
@pytest.mark.parametrize("party", [DISTRICT, PARTNER])
def test_the_approver_is_not_the_only_one_who_vouches_for_a_party(party: str) -> None:
    ring = Keyring()
    alone, both = [ring.officers[0].key], [officer.key for officer in ring.officers]
    ring.signers = {party: ring.introduce(party, "Puppet", by=alone)}
    with pytest.raises(SamePerson, match="alone introduced"):
        ring.agreement().verified(ring)
    ring.signers = {party: ring.introduce(party, "Real", by=both)}
    ring.agreement().verified(ring)


@pytest.mark.ferpa("S3")
def test_without_an_officers_approval_nothing_is_in_force() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    words = bundle.agreement.words_only
    outsider = approval_bytes(Approval(bundle.digest, "agreement", key_for("eve").thumbprint, words))
    named_other = approval_bytes(Approval(bundle.digest, "agreement", ring.officers[1].key.thumbprint, words))
    cases: list[tuple[list[Envelope], type[AgreementError]]] = [
        ([], NotApproved),
        ([ring.sign(Kind.APPROVAL, outsider, key_for("eve"))], NotEntitled),
        ([ring.sign(Kind.APPROVAL, named_other, ring.officers[0].key)], NotApproved),
        ([ring.approve(bundle.envelope, words[1:])], NotApproved),
        ([ring.approve(bundle.envelope, [*words, "/term"])], NotApproved),
        ([ring.approve(bundle.envelope, words, kind="client_binding")], NotApproved),
        ([ring.agreement(SPS_B).approval], NotApproved),
        ([bundle.envelope], NotEntitled),
    ]
    for approvals, refusal in cases:
        with pytest.raises(refusal):
            verified(ring, bundle, approvals=approvals)


def test_one_approval_that_counts_is_enough() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    useless = ring.approve(bundle.envelope, bundle.agreement.words_only, officer=1)
    for approvals in ([useless, bundle.approval], [bundle.approval, useless]):
        assert verified(ring, bundle, approvals=approvals).approver.name == "Olivia Okafor"


@pytest.mark.ferpa("S1")
def test_an_agreement_signed_by_both_and_approved_by_a_second_person_is_promised() -> None:
    ring = Keyring()
    bundle = ring.agreement(SPS_B)
    promise = bundle.verified(ring)
    assert promise.agreement == parse_agreement(bundle.envelope.payload, load_catalogue())
    assert {signer.party for signer in promise.signers} == {DISTRICT, "partner:harbor-mentors"}
    assert promise.approver.key == ring.officers[0].key.public


@pytest.mark.claim(12)
def test_a_client_binding_is_signed_by_the_partner_and_approved() -> None:
    ring = Keyring()
    bundle, other = ring.agreement(), ring.agreement(SPS_B)
    binding = ring.binding(bundle, client_id("one"), [client_jwk("one")])
    good = binding.verified(ring)
    assert (good.partner, good.binding.client) == (PARTNER, client_id("one"))
    assert good.digest == binding.envelope.digest

    by_district = ring.sign(Kind.CLIENT_BINDING, binding.envelope.payload, ring.signer(DISTRICT).key)
    cases: list[tuple[Any, type[AgreementError]]] = [
        (replace(binding, agreement=other), NotEntitled),
        (replace(binding, envelope=by_district), NotEntitled),
        (replace(binding, envelope=bundle.envelope), NotEntitled),
        (replace(binding, approval=bundle.approval), NotApproved),
        (replace(binding, approval=ring.approve(binding.envelope, [])), NotApproved),
    ]
    for case, refusal in cases:
        with pytest.raises(refusal):
            case.verified(ring)


def test_a_client_binding_does_not_carry_over_to_another_agreement_of_the_partner() -> None:
    ring = Keyring()
    binding = ring.binding(ring.agreement(), client_id("one"), [client_jwk("one")])
    other = ring.agreement(changes={"/title": "Another agreement of the same two parties"})
    with pytest.raises(NotEntitled, match="another agreement"):
        replace(binding, agreement=other).verified(ring)


def test_a_client_binding_is_judged_when_it_was_received() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    binding = ring.binding(bundle, client_id("one"), [client_jwk("one")])
    kid = ring.signer(PARTNER).key.thumbprint
    with pytest.raises(NotEntitled, match="revoked"):
        verify_binding(
            binding.envelope,
            [binding.approval],
            ring.signer_documents,
            agreement=bundle.verified(ring),
            trust=ring.trust,
            received_at=RECEIVED,
            revoked={kid: RECEIVED},
        )


@pytest.mark.attack("a machine's key that is a person's")
def test_a_clients_key_is_nobodys_signature_key() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    for person in (ring.signer(DISTRICT), ring.signer(PARTNER), ring.officers[1]):
        with pytest.raises(SamePerson, match="key of the client"):
            ring.binding(bundle, client_id("one"), [person.key.public.jwk]).verified(ring)


@pytest.mark.claim(1)
def test_only_an_officer_undoes_a_suspension() -> None:
    ring = Keyring()
    lifted = ring.reinstatement(client_id("one"), undoes=7)
    assert verify_reinstatement(lifted, trust=ring.trust).officers == (ring.trust.officers[0],)
    with pytest.raises(NotEntitled):
        verify_reinstatement(ring.sign(Kind.REINSTATEMENT, lifted.payload, key_for("eve")), trust=ring.trust)
    with pytest.raises(NotEntitled):
        verify_reinstatement(ring.agreement().approval, trust=ring.trust)


@pytest.mark.claim(7)
@pytest.mark.parametrize(
    ("moves", "undone", "expected"),
    [
        ([], [], Standing.NOT_ACTIVATED),
        (["active"], [], Standing.ACTIVE),
        (["active", "suspended"], [], Standing.SUSPENDED),
        (["active", "suspended", "active"], [], Standing.SUSPENDED),
        (["active", "suspended"], [1], Standing.ACTIVE),
        (["active", "suspended", "suspended"], [1], Standing.SUSPENDED),
        (["active", "suspended", "suspended"], [1, 2], Standing.ACTIVE),
        (["active", "paused by hand"], [], Standing.SUSPENDED),
        (["suspended"], [0], Standing.NOT_ACTIVATED),
        (["active", "terminated"], [1], Standing.TERMINATED),
    ],
)
def test_a_stop_lasts_until_its_signed_undoing(moves: list[str], undone: list[int], expected: Standing) -> None:
    ring = Keyring()
    digest = "sha256:" + "3" * 64
    lifted = [verify_reinstatement(ring.reinstatement(digest, undoes=index), trust=ring.trust) for index in undone]
    other = verify_reinstatement(ring.reinstatement("sha256:" + "4" * 64, undoes=1), trust=ring.trust)
    listed = [Move(move, index, "because") for index, move in enumerate(moves)]
    assert standing(digest, listed, lifted) is expected
    if not undone:
        assert standing(digest, listed, [other]) is expected
