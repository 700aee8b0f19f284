"""The one door: what is not signed by both parties and approved by a second person does not come through."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agreements.approvals import approver_of
from agreements.authority import Authority, build_authority
from agreements.document import parse_agreement
from agreements.documents.approval import Approval, approval_bytes
from agreements.elements import load_catalogue
from agreements.errors import (
    AgreementError,
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
    verify_reinstatement,
)
from agreements.lifecycle import Move, Standing, standing
from agreements.seal import SEAL
from agreements.signature import Envelope, Kind
from tests.factories.agreements import RECEIVED, SPS_A, SPS_B, Keyring, SignedAgreement, client_id, client_jwk, key_for

DISTRICT, PARTNER = "district:emerald-city", "partner:bright-path"


def verified(
    ring: Keyring,
    bundle: SignedAgreement,
    *,
    envelope: Envelope | None = None,
    approvals: list[Envelope] | None = None,
    authority: Authority | None = None,
    received_at: datetime = RECEIVED,
    **other: Any,
) -> VerifiedAgreement:
    return verify_agreement(
        ring.filed(envelope or bundle.envelope, at=received_at),
        [ring.filed(each, at=received_at) for each in ([bundle.approval] if approvals is None else approvals)],
        authority=ring.authority if authority is None else authority,
        catalogue=load_catalogue(),
        **other,
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
        verified(ring, bundle, authority=build_authority(ring.trust, []))
    later = [ring.filed(document, index=100) for document in ring.signer_documents]
    with pytest.raises(NotEntitled, match="unknown key"):
        verified(ring, bundle, authority=build_authority(ring.trust, later))


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
@pytest.mark.attack("an expired signer signs")
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
        assert verified(ring, bundle, received_at=received_at).received.at == received_at
    else:
        with pytest.raises(NotEntitled, match="was not valid"):
            verified(ring, bundle, received_at=received_at)


def test_a_signer_whose_validity_was_renewed_signs_again() -> None:
    ring, after = Keyring(), datetime(2027, 9, 1, tzinfo=UTC)
    for party in (DISTRICT, PARTNER):
        first = ring.signer(party)
        days = date(2027, 7, 1), date(2028, 1, 1)
        renewed = ring.introduce(party, first.name, first.key, valid_from=days[0], valid_to=days[1]).document
        assert renewed is not None
        ring.papers.append(ring.filed(renewed))
    verified(ring, ring.agreement(), received_at=after)


@pytest.mark.ferpa("S7")
@pytest.mark.attack("a revoked signer signs")
def test_a_signature_received_after_its_key_was_revoked_is_refused_and_before_stands_and_is_flagged() -> None:
    ring = Keyring()
    before, kid = ring.agreement(), ring.signer(PARTNER).key.thumbprint
    assert verified(ring, before).flags == ()
    revocation = ring.revocation(kid)
    assert verified(ring, before).flags == (kid,)
    with pytest.raises(NotEntitled, match="revoked"):
        verified(ring, ring.agreement(SPS_A, changes={"/title": "Signed afterwards"}))
    reviewed = ring.approve(before.envelope, before.agreement.words_only, acknowledges=[revocation.envelope.digest])
    assert verified(ring, before, approvals=[before.approval, reviewed]).flags == ()


@pytest.mark.ferpa("S7")
def test_a_revocation_may_reach_back_to_when_the_key_was_lost() -> None:
    ring = Keyring()
    early, late = ring.agreement(), ring.agreement(changes={"/title": "Signed by a thief"})
    ring.revocation(ring.signer(PARTNER).key.thumbprint, since=ring.filed(late.envelope).received.index)
    verified(ring, early)
    with pytest.raises(NotEntitled, match="revoked"):
        verified(ring, late)


@pytest.mark.ferpa("S7")
def test_an_officer_who_left_approves_nothing_more_and_what_was_approved_is_flagged() -> None:
    ring = Keyring()
    before, olivia = ring.agreement(), ring.officers[0].key
    ring.revocation(olivia.thumbprint, by=[olivia])
    assert verified(ring, before).flags == (olivia.thumbprint,)
    late = ring.approve(before.envelope, before.agreement.words_only, acknowledges=["sha256:" + "0" * 64])
    with pytest.raises(NotEntitled, match="revoked"):
        verified(ring, before, approvals=[late])


@pytest.mark.ferpa("S2")
def test_a_signer_signs_within_their_limits_only() -> None:
    ring = Keyring()
    ring.signers = {PARTNER: ring.introduce(PARTNER, "Only Annexes", may_sign=["people_annex"])}
    bundle = ring.agreement()
    with pytest.raises(NotEntitled, match="may not sign"):
        bundle.verified(ring)


@pytest.mark.claim(12)
@pytest.mark.ferpa("S2")
def test_one_key_does_not_sign_for_both_parties() -> None:
    ring = Keyring()
    shared = key_for("both hats")
    ring.signers = {party: ring.introduce(party, "Sam Both", shared) for party in (DISTRICT, PARTNER)}
    with pytest.raises(SamePerson, match="both parties"):
        ring.agreement().verified(ring)


@pytest.mark.claim(12)
@pytest.mark.ferpa("S2")
def test_one_person_does_not_sign_for_both_parties_with_two_keys() -> None:
    ring = Keyring()
    ring.signers = {DISTRICT: ring.introduce(DISTRICT, "Sam Both"), PARTNER: ring.introduce(PARTNER, "sam  BOTH")}
    bundle = ring.agreement()
    assert [code for _, code in ring.authority.refused] == ["same_person"]
    with pytest.raises(NotEntitled, match="unknown key"):
        bundle.verified(ring)


@pytest.mark.claim(12)
def test_one_person_does_not_sign_for_both_parties_even_if_the_registry_held_them_twice() -> None:
    """The registry takes in nobody twice; that it might have is no reason to believe it."""
    ring = Keyring()
    bundle, authority = ring.agreement(), ring.authority
    doubled = [
        replace(each, signer=replace(each.signer, name=name))
        for each, name in zip(authority.introductions, ("Sam Both", "sam  BOTH"), strict=True)
    ]
    holders = replace(authority.holders, introductions=tuple(doubled))
    with pytest.raises(SamePerson, match="One person"):
        verified(ring, bundle, authority=Authority(authority.trust, "", (), holders, SEAL))


@pytest.mark.attack("an outsider introduces a signer")
def test_only_an_officer_introduces_a_signer() -> None:
    ring = Keyring()
    ring.signers = {PARTNER: ring.introduce(PARTNER, "Eve", by=[key_for("eve")])}
    bundle = ring.agreement()
    with pytest.raises(NotEntitled, match="unknown key"):
        bundle.verified(ring)
    with pytest.raises(NotEntitled, match="unknown key"):
        ring.authority.admit(ring.filed(ring.signer_documents[0]))
    with pytest.raises(NotEntitled, match="nobody authority"):
        ring.authority.admit(ring.filed(bundle.approval))


def test_a_broken_introduction_of_somebody_else_stops_nobody() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    nonsense = ring.sign(Kind.SIGNER, b'{"format":"x"}', ring.officers[0].key)
    stranger = ring.introduce("partner:harbor-mentors", "Eve", by=[key_for("eve")]).document
    assert stranger is not None
    ring.papers += [ring.filed(nonsense, index=0), ring.filed(stranger, index=0)]
    verified(ring, bundle)
    assert dict(ring.authority.refused) == {
        nonsense.digest: "invalid_document",
        stranger.digest: "signer_not_entitled",
    }


@pytest.mark.attack("a tampered introduction")
def test_a_tampered_introduction_lengthens_nobodys_validity() -> None:
    ring = Keyring()
    genuine = ring.signer(PARTNER)
    longer = ring.introduce(PARTNER, genuine.name, genuine.key, valid_to=date(2030, 1, 1)).document
    assert longer is not None
    assert genuine.document is not None
    forged = Envelope(Kind.SIGNER, longer.payload, genuine.document.signatures)
    ring.papers.append(ring.filed(forged))
    assert ring.authority.refused == ((forged.digest, "bad_signature"),)
    with pytest.raises(NotEntitled, match="was not valid"):
        verified(ring, ring.agreement(), received_at=datetime(2028, 1, 1, tzinfo=UTC))


def test_signed_bytes_that_are_no_lawful_agreement_are_refused() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    content = bundle.agreement.canonical.replace(b'"code":"tutoring"', b'"code":"sale"')
    keys = [ring.signer(party).key for party in (DISTRICT, PARTNER)]
    with pytest.raises(InvalidAgreement):
        verified(ring, bundle, envelope=ring.sign(Kind.AGREEMENT, content, *keys))


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
def test_the_drafter_does_not_approve_under_a_new_key_either() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    bundle = ring.agreement()
    renewed = key_for("officer-1 renewed")
    ring.officer_document("PIOTR  nowak", renewed, replaces=piotr.key.thumbprint)
    approval = Approval(bundle.digest, "agreement", renewed.thumbprint, bundle.agreement.words_only)
    late = ring.sign(Kind.APPROVAL, approval_bytes(approval), renewed)
    with pytest.raises(SamePerson, match="drafted"):
        verified(ring, bundle, approvals=[late])
    # Nor does whom the officer alone brought, under the key before, sign for what the officer approves now.
    other = ring.agreement(changes={"/people/drafted_by": olivia.key.thumbprint})
    approval = Approval(other.digest, "agreement", renewed.thumbprint, other.agreement.words_only)
    late = ring.sign(Kind.APPROVAL, approval_bytes(approval), renewed)
    with pytest.raises(SamePerson, match="alone introduced"):
        verified(ring, other, approvals=[late])


@pytest.mark.claim(12)
@pytest.mark.ferpa("S3")
def test_an_officer_who_signed_for_the_district_does_not_approve() -> None:
    ring = Keyring()
    olivia = ring.officers[0]
    ring.signers = {DISTRICT: ring.introduce(DISTRICT, olivia.name, olivia.key)}
    with pytest.raises(SamePerson, match="signed for a party"):
        ring.agreement().verified(ring)


@pytest.mark.claim(12)
@pytest.mark.parametrize("same", ["key", "name"])
def test_an_officer_is_no_signer_under_another_key_or_name(same: str) -> None:
    ring = Keyring()
    officer = ring.officers[0]
    key = officer.key if same == "key" else key_for("second key")
    ring.signers = {DISTRICT: ring.introduce(DISTRICT, "Another Name" if same == "key" else " olivia OKAFOR", key)}
    with pytest.raises(NotEntitled, match="unknown key"):
        ring.agreement().verified(ring)
    assert [code for _, code in ring.authority.refused] == ["same_person"]


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
        ([ring.sign(Kind.REINSTATEMENT, bundle.approval.payload, ring.officers[0].key)], NotEntitled),
    ]
    for approvals, refusal in cases:
        with pytest.raises(refusal):
            verified(ring, bundle, approvals=approvals)


def test_one_approval_that_counts_is_enough() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    words = bundle.agreement.words_only
    useless = ring.approve(bundle.envelope, words, officer=1)
    for approvals in ([useless, bundle.approval], [bundle.approval, useless]):
        assert verified(ring, bundle, approvals=approvals).approver.name == "Olivia Okafor"
    # Where nobody drafted or signed for a party, any officer's word counts.
    filed = [ring.filed(useless), ring.filed(bundle.approval)]
    assert approver_of(bundle.envelope, words, filed, authority=ring.authority).name == "Piotr Nowak"


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
        (replace(binding, approval=ring.approve(binding.envelope, ["/client"])), NotApproved),
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
    ring.revocation(kid)
    assert binding.verified(ring).flags == (kid,)
    with pytest.raises(NotEntitled, match="revoked"):
        ring.binding(bundle, client_id("two"), [client_jwk("two")]).verified(ring)


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
    assert verify_reinstatement(ring.filed(lifted), authority=ring.authority).officers == (ring.trust.officers[0],)
    forged = ring.sign(Kind.REINSTATEMENT, lifted.payload, key_for("eve"))
    for document in (forged, ring.agreement().approval):
        with pytest.raises(NotEntitled):
            verify_reinstatement(ring.filed(document), authority=ring.authority)


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
    lifted = [
        verify_reinstatement(ring.filed(ring.reinstatement(digest, undoes=index)), authority=ring.authority)
        for index in undone
    ]
    elsewhere = ring.reinstatement("sha256:" + "4" * 64, undoes=1)
    other = verify_reinstatement(ring.filed(elsewhere), authority=ring.authority)
    listed = [Move(move, index, "because") for index, move in enumerate(moves)]
    assert standing(digest, listed, lifted) is expected
    if not undone:
        assert standing(digest, listed, [other]) is expected
