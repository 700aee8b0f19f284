"""Row D3 on documents: who is named, trained and has accepted, and that it ends at once when the partner says so."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agreements.canonical import digest_of, read_canonical
from agreements.documents.people import PEOPLE_ANNEX, NamedPerson, Training
from agreements.documents.undertaking import Undertaking, undertaking_bytes
from agreements.errors import AgreementError, BadSignature, InvalidDocument, NotEntitled, SamePerson
from agreements.people import (
    VerifiedPeopleAnnex,
    VerifiedUndertaking,
    named_at,
    verify_people_annex,
    verify_undertaking,
)
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind
from agreements.statement import statement
from agreements.terms import Party, PurposeTerms, Subrecipient, Term
from tests.factories.agreements import (
    RECEIVED,
    RESPONSIBLE_PERSON,
    SPS_B,
    Keyring,
    SignedAgreement,
    SignedPeople,
    client_id,
    client_jwk,
    key_for,
    rae,
)

DISTRICT, PARTNER = "district:emerald-city", "partner:bright-path"
STAN = NamedPerson("person:stan", "Stan", "stan@partner.example", "staff", rae().training, None)
NOW = 10_000


def unapproved(ring: Keyring, people: SignedPeople) -> VerifiedPeopleAnnex:
    return verify_people_annex(
        ring.filed(people.envelope), [], authority=ring.authority, agreement=people.agreement.verified(ring)
    )


def accepted(
    ring: Keyring, bundle: SignedAgreement, envelope: Envelope, *annexes: VerifiedPeopleAnnex, at: datetime = RECEIVED
) -> VerifiedUndertaking:
    return verify_undertaking(ring.filed(envelope, at=at), annexes=annexes, agreement=bundle.verified(ring))


@pytest.mark.claim(1)
@pytest.mark.parametrize("kind", [VerifiedPeopleAnnex, VerifiedUndertaking])
def test_verified_people_cannot_be_made_by_hand(kind: type) -> None:
    parts = [None] * (len(kind.__dataclass_fields__) - 1)  # type: ignore[attr-defined]  # dataclasses both
    with pytest.raises(TypeError, match="verified documents"):
        kind(*parts, seal=object())


@pytest.mark.ferpa("D3")
def test_only_the_partners_signer_names_people_for_this_agreement() -> None:
    ring = Keyring()
    bundle, other = ring.agreement(), ring.agreement(SPS_B)
    same_partner = ring.agreement(changes={"/title": "Another agreement with the same partner"})
    people = ring.people(bundle)
    cases: list[tuple[Envelope, SignedAgreement, type[AgreementError]]] = [
        (people.envelope, other, NotEntitled),
        (people.envelope, same_partner, NotEntitled),
        (ring.sign(Kind.PEOPLE_ANNEX, people.envelope.payload, ring.signer(DISTRICT).key), bundle, NotEntitled),
        (ring.sign(Kind.PEOPLE_ANNEX, people.envelope.payload, key_for(RESPONSIBLE_PERSON)), bundle, NotEntitled),
        (people.approval, bundle, NotEntitled),
    ]
    for envelope, agreement, error in cases:
        with pytest.raises(error):
            verify_people_annex(ring.filed(envelope), [], authority=ring.authority, agreement=agreement.verified(ring))
    ring.signers[PARTNER] = ring.introduce(PARTNER, "Only Agreements", may_sign=["agreement"])
    with pytest.raises(NotEntitled, match="may not sign"):
        ring.people(ring.agreement(changes={"/title": "Another"})).verified(ring)


@pytest.mark.claim(12)
@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"key": key_for("officer-0").public}, True),
        ({"key": key_for(f"signer {DISTRICT} Di", "ES256").public}, True),
        ({"name": "olivia  OKAFOR"}, True),
        ({"key": key_for(f"signer {PARTNER} Dana", "ES256").public, "name": "Dana"}, False),
    ],
)
def test_who_decides_for_the_district_does_not_answer_at_the_partner(changes: dict[str, Any], *, refused: bool) -> None:
    ring = Keyring()
    ring.signers = {DISTRICT: ring.introduce(DISTRICT, "Di"), PARTNER: ring.introduce(PARTNER, "Dana")}
    people = ring.people(ring.agreement(), rae(**changes), STAN)
    if refused:
        with pytest.raises(SamePerson):
            people.verified(ring)
    else:
        people.verified(ring)


@pytest.mark.ferpa("D3")
def test_an_annex_without_an_approval_lets_nobody_in_and_takes_out_at_once() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    first = ring.people(bundle, rae(), STAN)
    assert not named_at([unapproved(ring, first)], NOW)
    one = first.verified(ring)
    eve = NamedPerson("person:eve", "Eve", "eve@partner.example", "staff", STAN.training, None)
    two = unapproved(ring, ring.people(bundle, STAN, eve))
    assert set(named_at([one], NOW)) == {RESPONSIBLE_PERSON, "person:stan"}
    assert set(named_at([one, two], two.received.index)) == {"person:stan"}
    assert set(named_at([one, two], two.received.index - 1)) == {RESPONSIBLE_PERSON, "person:stan"}
    assert one.approver is not None
    assert (two.approver, two.approved) == (None, None)


@pytest.mark.ferpa("D3")
def test_an_approval_that_comes_late_brings_nobody_back_whom_the_partner_took_out() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    first = ring.people(bundle, rae(), STAN)
    without_rae = unapproved(ring, ring.people(bundle, STAN))
    late = ring.approve(first.envelope, _words(first))
    one = verify_people_annex(
        ring.filed(first.envelope), [ring.filed(late)], authority=ring.authority, agreement=bundle.verified(ring)
    )
    assert one.approved == ring.filed(late).received
    assert not named_at([one, without_rae], ring.filed(late).received.index - 1)
    assert set(named_at([one, without_rae], NOW)) == {"person:stan"}


@pytest.mark.ferpa("D3")
def test_what_the_partner_takes_back_without_an_approval_counts_and_what_it_adds_does_not() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    one = ring.people(bundle, rae()).verified(ring)
    shorter = Training("FERPA", date(2026, 8, 1), date(2026, 12, 31))
    longer = Training("FERPA", date(2026, 7, 1), date(2030, 12, 31))

    def then(**changes: Any) -> NamedPerson | None:
        later = unapproved(ring, ring.people(bundle, rae(**changes)))
        return named_at([one, later], NOW).get(RESPONSIBLE_PERSON)

    assert then(key=key_for("another key").public) is None
    kept = then(training=longer)
    assert kept is not None
    assert kept.training == rae().training
    cut = then(training=shorter, role="staff")
    assert cut is not None
    assert (cut.role, cut.training.completed_on, cut.training.valid_to) == (
        "staff",
        date(2026, 8, 1),
        date(2026, 12, 31),
    )


def test_an_approval_that_does_not_count_is_none() -> None:
    ring = Keyring()
    people = ring.people(ring.agreement())
    short = ring.approve(people.envelope, _words(people)[1:])
    annex = verify_people_annex(
        ring.filed(people.envelope),
        [ring.filed(short)],
        authority=ring.authority,
        agreement=people.agreement.verified(ring),
    )
    assert annex.approved is None


@pytest.mark.ferpa("S7")
def test_a_revoked_signers_annex_stands_and_is_flagged_until_it_is_weighed() -> None:
    ring = Keyring()
    people = ring.people(ring.agreement())
    kid = ring.signer(PARTNER).key.thumbprint
    revocation = ring.revocation(kid)
    assert people.verified(ring).flags == (kid,)
    weighed = ring.approve(people.envelope, _words(people), acknowledges=[revocation.envelope.digest])
    annex = verify_people_annex(
        ring.filed(people.envelope),
        [ring.filed(weighed), ring.filed(people.approval)],
        authority=ring.authority,
        agreement=people.agreement.verified(ring),
    )
    assert annex.flags == ()
    assert annex.approved == ring.filed(people.approval).received


@pytest.mark.ferpa("D3")
@pytest.mark.attack("somebody else accepts for the responsible person")
def test_a_person_accepts_with_their_own_key_and_for_themselves() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    annex = ring.people(bundle, rae(), STAN).verified(ring)
    signer = ring.signer(PARTNER).key
    cases: list[tuple[Envelope, tuple[VerifiedPeopleAnnex, ...], type[AgreementError]]] = [
        (ring.undertaking(bundle, key=signer), (annex,), NotEntitled),
        (ring.undertaking(bundle, person="person:stan"), (annex,), NotEntitled),
        (ring.undertaking(bundle, person="person:eve"), (annex,), NotEntitled),
        (ring.undertaking(bundle), (), NotEntitled),
        (ring.undertaking(bundle), (unapproved(ring, ring.people(bundle)),), NotEntitled),
        (bundle.approval, (annex,), NotEntitled),
    ]
    for envelope, annexes, error in cases:
        with pytest.raises(error):
            accepted(ring, bundle, envelope, *annexes)
    genuine = ring.undertaking(bundle)
    moved = Envelope(Kind.UNDERTAKING, ring.undertaking(bundle, school_year="2027-2028").payload, genuine.signatures)
    with pytest.raises(BadSignature):
        accepted(ring, bundle, moved, annex)
    assert accepted(ring, bundle, genuine, annex).key == key_for(RESPONSIBLE_PERSON).thumbprint


@pytest.mark.ferpa("D3")
def test_an_undertaking_is_for_this_version_its_words_and_no_year_far_ahead() -> None:
    ring = Keyring()
    bundle, other = ring.agreement(), ring.agreement(changes={"/title": "Another agreement"})
    annex = ring.people(bundle).verified(ring)
    with pytest.raises(NotEntitled, match="another version"):
        accepted(ring, bundle, ring.undertaking(other), annex)
    words = Undertaking(bundle.digest, RESPONSIBLE_PERSON, "2026-2027", digest_of(b"I do as I please."))
    signed = ring.sign(Kind.UNDERTAKING, undertaking_bytes(words), key_for(RESPONSIBLE_PERSON))
    with pytest.raises(NotEntitled, match="other words"):
        accepted(ring, bundle, signed, annex)
    for year in ("2025-2026", "2028-2029"):
        with pytest.raises(InvalidDocument):
            accepted(ring, bundle, ring.undertaking(bundle, school_year=year), annex)
    # The turn of the year is that of the agreement's zone: at 3 in the morning UTC it is still June in Seattle.
    turn = datetime(2027, 7, 1, 3, tzinfo=UTC)
    accepted(ring, bundle, ring.undertaking(bundle), annex, at=turn)
    with pytest.raises(InvalidDocument):
        accepted(ring, bundle, ring.undertaking(bundle), annex, at=turn.replace(hour=8))


def test_the_statement_says_purpose_limits_and_redisclosure_in_words_that_do_not_change() -> None:
    """A new digest here means that every person at every partner accepts anew."""
    parsed = Keyring().agreement().agreement
    terms = replace(
        parsed,
        title="Tutoring",
        digest="sha256:" + "0" * 64,
        district=Party("district:one", "District One", "district"),
        partner=Party("partner:two", "Partner Two", "community_organisation"),
        purpose=PurposeTerms("tutoring", "Plan tutoring sessions."),
        term=Term(date(2026, 9, 1), date(2027, 6, 30), "America/Los_Angeles"),
        obligations=replace(parsed.obligations, redisclosure_notice="34 CFR Part 99.", breach_notice_hours=24),
    )
    words = statement(terms)
    for needed in ("Purpose: Plan tutoring sessions.", "for nothing else", "I pass nothing on", "34 CFR Part 99"):
        assert needed in words
    assert "I pass nothing on to anybody outside Partner Two.\n" in words
    assert digest_of(words.encode()) == "sha256:b528176ccaa1a62711478bdc1af365360ecde9ed0e757af0f2260d0aa0633ce3"
    listed = statement(replace(terms, subrecipients=(Subrecipient("Cloud of Machines", "Hosts the program"),)))
    assert "except to those whom the agreement lists: Cloud of Machines (Hosts the program)." in listed


@pytest.mark.ferpa("D3")
def test_a_binding_names_a_person_of_the_annex_and_no_address() -> None:
    ring = Keyring()
    binding = ring.binding(ring.agreement(), client_id("one"), [client_jwk("one")])
    assert binding.verified(ring).binding.responsible == RESPONSIBLE_PERSON
    assert b"@" not in binding.envelope.payload


def _words(people: SignedPeople) -> tuple[str, ...]:
    return words_only(PEOPLE_ANNEX, read_canonical(people.envelope.payload))
