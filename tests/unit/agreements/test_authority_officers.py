"""Who is an officer is decided by two people, and the district is never left without one."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from agreements.authority import Authority, Filed, Received, build_authority
from agreements.errors import (
    AgreementError,
    BadSignature,
    LastOfficer,
    NotEntitled,
    SamePerson,
    SecondVoiceMissing,
)
from agreements.signature import Envelope, Kind
from tests.factories.agreements import RECEIVED, Keyring, Person, key_for

DISTRICT, PARTNER = "district:emerald-city", "partner:bright-path"
QUINN = key_for("quinn")
LATER = Received(1000, RECEIVED)


def in_office(ring: Keyring, received: Received = LATER) -> set[str]:
    return {officer.name for officer in ring.authority.officers(received).values()}


def refusal(ring: Keyring, filed: Filed) -> type[AgreementError]:
    """Why this paper, the newest, does not hold; it must also be among those left out."""
    assert ring.papers[-1] == filed
    assert filed.envelope.digest in dict(ring.authority.refused)
    with pytest.raises(AgreementError) as caught:
        build_authority(ring.trust, [*map(ring.filed, ring.signer_documents), *ring.papers[:-1]]).admit(filed)
    assert dict(ring.authority.refused)[filed.envelope.digest] == caught.value.code
    return caught.type


@pytest.mark.claim(1)
def test_authority_cannot_be_made_by_hand() -> None:
    authority = Keyring().authority
    with pytest.raises(TypeError, match="verified documents"):
        replace(authority, seal=object())
    with pytest.raises(TypeError):
        Authority(authority.trust, "", (), authority.holders)  # type: ignore[call-arg]  # the point of the test


@pytest.mark.claim(12)
@pytest.mark.ferpa("S3")
@pytest.mark.parametrize("signing", [["officer-0"], ["officer-0", "eve"], ["eve"]])
def test_one_officer_alone_takes_in_no_other(signing: list[str]) -> None:
    ring = Keyring()
    paper = ring.officer_document("Quinn", QUINN, by=[key_for(each) for each in signing])
    assert refusal(ring, paper) is (SecondVoiceMissing if signing == ["officer-0"] else NotEntitled)
    assert in_office(ring) == {"Olivia Okafor", "Piotr Nowak"}


@pytest.mark.claim(12)
@pytest.mark.attack("one officer introduces a district signer to be the second voice")
def test_a_signer_whom_the_officer_introduced_alone_is_no_second_voice() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    puppet = ring.introduce(DISTRICT, "Puppet", by=[olivia.key])
    ring.signers[DISTRICT] = puppet
    assert refusal(ring, ring.officer_document("Quinn", QUINN, by=[olivia.key, puppet.key])) is SecondVoiceMissing
    ring.officer_document("Quinn", QUINN, by=[piotr.key, puppet.key])
    assert in_office(ring) == {"Olivia Okafor", "Piotr Nowak", "Quinn"}


@pytest.mark.claim(12)
@pytest.mark.attack("an officer's former key vouches for the second voice")
def test_who_was_brought_under_an_officers_former_key_is_no_second_voice_for_the_new_one() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Puppet", by=[olivia.key])
    renewed = key_for("olivia renewed")
    ring.officer_document(olivia.name, renewed, by=[olivia.key, piotr.key], replaces=olivia.key.thumbprint)
    paper = ring.officer_document("Quinn", QUINN, by=[renewed, ring.signers[DISTRICT].key])
    assert refusal(ring, paper) is SecondVoiceMissing


@pytest.mark.claim(12)
@pytest.mark.parametrize("case", ["partner", "limited", "expired", "two parties", "two signers"])
def test_not_every_signer_is_a_second_voice(case: str) -> None:
    ring = Keyring()
    olivia = ring.officers[0]
    signer = ring.signer(DISTRICT)
    match case:
        case "partner":
            signer = ring.signer(PARTNER)
        case "limited":
            signer = ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di", may_sign=["certificate"])
        case "expired":
            signer = ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di", valid_to=date(2026, 7, 2))
        case "two parties":
            ring.signers[PARTNER] = ring.introduce(PARTNER, signer.name, signer.key)
        case _:
            olivia = ring.signers["district:other"] = ring.introduce("district:other", "Dora")
    paper = ring.officer_document("Quinn", QUINN, by=[olivia.key, signer.key])
    assert refusal(ring, paper) in {SecondVoiceMissing, NotEntitled}
    assert "Quinn" not in in_office(ring)


@pytest.mark.ferpa("S3")
def test_an_officer_is_in_office_after_the_entry_and_from_the_day_on() -> None:
    ring = Keyring()
    paper = ring.officer_document("Quinn", QUINN, valid_from=date(2026, 9, 1))
    first = datetime(2026, 9, 1, tzinfo=UTC)
    index = paper.received.index
    assert "Quinn" not in in_office(ring, Received(index, first))
    assert "Quinn" not in in_office(ring, Received(index + 1, datetime(2026, 8, 31, 23, 59, tzinfo=UTC)))
    assert "Quinn" in in_office(ring, Received(index + 1, first))
    # From then on Quinn is a voice, and introduces signers.
    ring.signers[PARTNER] = ring.introduce(PARTNER, "Dana", by=[QUINN])
    assert not ring.authority.introductions
    after = ring.filed(ring.signer_documents[0], at=first)
    known = build_authority(ring.trust, [*ring.papers, after])
    assert [each.signer.name for each in known.introductions] == ["Dana"]
    with pytest.raises(NotEntitled, match="unknown key"):
        ring.authority.admit(ring.filed(ring.signer_documents[0], index=index, at=first))


def test_a_tampered_officer_document_takes_nobody_in() -> None:
    ring = Keyring()
    genuine = ring.officer_document("Quinn", QUINN).envelope
    other = ring.officer_document("Eve", key_for("eve")).envelope
    ring.papers = [ring.filed(Envelope(Kind.OFFICER, other.payload, genuine.signatures))]
    assert refusal(ring, ring.papers[-1]) is BadSignature


@pytest.mark.claim(12)
@pytest.mark.parametrize(
    ("name", "key", "error"),
    [
        ("Quinn", "officer-0", NotEntitled),
        (" olivia OKAFOR ", "second key", SamePerson),
        ("Quinn", "signer district:emerald-city Di", SamePerson),
        ("di", "second key", SamePerson),
    ],
)
def test_nobody_has_two_places_under_two_keys_or_names(name: str, key: str, error: type[AgreementError]) -> None:
    ring = Keyring()
    ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di", key_for("signer district:emerald-city Di"))
    assert refusal(ring, ring.officer_document(name, key_for(key))) is error


@pytest.mark.claim(12)
@pytest.mark.parametrize("first", ["officer", "signer"])
def test_an_officer_signs_for_no_partner_not_even_under_the_same_key(first: str) -> None:
    ring = Keyring()
    if first == "officer":
        ring.officer_document("Quinn", QUINN)
    signer = ring.introduce(PARTNER, "Quinn", QUINN).document
    assert signer is not None
    ring.papers.append(ring.filed(signer))
    if first == "signer":
        ring.officer_document("Quinn", QUINN)
    assert refusal(ring, ring.papers[-1]) is SamePerson


def test_the_district_signer_may_become_an_officer_under_the_same_key() -> None:
    ring = Keyring()
    di = ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di")
    ring.officer_document("Di", di.key)
    assert "Di" in in_office(ring)
    assert ring.authority.names_of(di.key.thumbprint) == {"di"}
    # Two hats are one voice.
    others = ring.officer_document("Quinn", QUINN, by=[di.key])
    assert refusal(ring, others) is SecondVoiceMissing


# ---------------------------------------------------------------------------------------------- ends


@pytest.mark.claim(12)
@pytest.mark.ferpa("S7")
def test_an_officer_is_put_out_of_office_by_two_others_or_by_nobody_else() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    for by in ([piotr.key], [piotr.key, ring.introduce(DISTRICT, "Puppet", by=[piotr.key]).key]):
        assert refusal(ring, ring.revocation(olivia.key.thumbprint, by=by)) in {SecondVoiceMissing, NotEntitled}
    ring.officer_document("Quinn", QUINN)
    ring.revocation(olivia.key.thumbprint, by=[piotr.key, QUINN])
    assert in_office(ring) == {"Piotr Nowak", "Quinn"}
    assert ring.authority.flags([olivia.key.thumbprint, piotr.key.thumbprint]) == (olivia.key.thumbprint,)


def test_an_officer_gives_a_key_up_alone() -> None:
    ring = Keyring()
    olivia = ring.officers[0]
    paper = ring.revocation(olivia.key.thumbprint, by=[olivia.key])
    assert in_office(ring) == {"Piotr Nowak"}
    assert in_office(ring, paper.received) == {"Piotr Nowak"}
    assert in_office(ring, Received(paper.received.index - 1, RECEIVED)) == {"Olivia Okafor", "Piotr Nowak"}
    assert ring.authority.ended(olivia.key.thumbprint) == paper.received.index
    assert ring.authority.ended(QUINN.thumbprint) is None
    # And what the key signs afterwards, another revocation included, does not count.
    again = ring.revocation(olivia.key.thumbprint, by=[olivia.key], since=0)
    assert refusal(ring, again) is NotEntitled


@pytest.mark.claim(12)
def test_the_last_officer_cannot_be_revoked() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    ring.revocation(olivia.key.thumbprint, by=[olivia.key])
    assert refusal(ring, ring.revocation(piotr.key.thumbprint, by=[piotr.key])) is LastOfficer
    assert in_office(ring) == {"Piotr Nowak"}


@pytest.mark.claim(12)
def test_who_begins_tomorrow_does_not_let_the_last_officer_of_today_go() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di", by=[olivia.key])
    ring.revocation(olivia.key.thumbprint, by=[olivia.key])
    paper = ring.officer_document(
        piotr.name,
        QUINN,
        by=[piotr.key, ring.signers[DISTRICT].key],
        valid_from=date(2026, 9, 1),
        replaces=piotr.key.thumbprint,
    )
    assert refusal(ring, paper) is LastOfficer


@pytest.mark.claim(12)
def test_a_lost_key_is_replaced_by_the_remaining_trust() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di", by=[olivia.key])
    lost, renewed = olivia.key.thumbprint, key_for("olivia renewed")
    administrator = key_for("an administrator")
    for by in ([administrator], [piotr.key], [piotr.key, administrator], [renewed, piotr.key]):
        paper = ring.officer_document(olivia.name, renewed, by=by, replaces=lost)
        assert refusal(ring, paper) in {NotEntitled, SecondVoiceMissing}
    ring.officer_document(olivia.name, renewed, by=[piotr.key, ring.signers[DISTRICT].key], replaces=lost)
    assert set(ring.authority.officers(LATER)) == {renewed.thumbprint, piotr.key.thumbprint}
    assert ring.authority.flags([lost]) == (lost,)
    assert {renewed.thumbprint, lost, piotr.key.thumbprint} < ring.authority.keys


@pytest.mark.parametrize("case", ["another person", "no officer", "a revoked key again"])
def test_a_key_is_replaced_by_another_key_of_the_same_person(case: str) -> None:
    ring = Keyring()
    olivia = ring.officers[0].key
    match case:
        case "another person":
            paper = ring.officer_document("Quinn", QUINN, replaces=olivia.thumbprint)
        case "no officer":
            paper = ring.officer_document("Quinn", QUINN, replaces=key_for("nobody").thumbprint)
        case _:
            ring.officer_document("Quinn", QUINN)
            ring.revocation(QUINN.thumbprint, by=[QUINN])
            paper = ring.officer_document("Quinn", QUINN)
            paper = ring.officer_document("Quinn", QUINN, valid_from=date(2026, 7, 2))
    assert refusal(ring, paper) is NotEntitled


@pytest.mark.ferpa("S7")
def test_reaching_back_takes_with_it_what_rests_on_the_signatures_unmade() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    stolen = ring.officer_document("Quinn", QUINN).received.index
    ring.signers[PARTNER] = ring.introduce(PARTNER, "Dana", by=[QUINN])
    ring.officer_document("Rosa", key_for("rosa"), by=[QUINN, piotr.key])
    assert in_office(ring) == {"Olivia Okafor", "Piotr Nowak", "Quinn", "Rosa"}
    before = ring.authority
    ring.revocation(olivia.key.thumbprint, by=[piotr.key, key_for("rosa")], since=stolen)
    assert in_office(ring) == {"Piotr Nowak"}
    assert not ring.authority.introductions
    assert before.introductions
    assert before.digest != ring.authority.digest
    # What stood on its own still does, and nothing came back.
    assert ring.authority.refused == ()


@pytest.mark.claim(12)
@pytest.mark.attack("one officer unseats another by unmaking an introduction")
def test_one_voice_does_not_unseat_an_officer_by_reaching_back() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    di = ring.signers[DISTRICT] = ring.introduce(DISTRICT, "Di", by=[piotr.key])
    ring.officer_document("Quinn", QUINN, by=[olivia.key, di.key])
    # A signer's key is revoked by one officer, but not so that another officer falls with it.
    assert refusal(ring, ring.revocation(di.key.thumbprint, by=[olivia.key], since=0)) is SecondVoiceMissing
    ring.revocation(di.key.thumbprint, by=[olivia.key, piotr.key], since=0)
    assert in_office(ring) == {"Olivia Okafor", "Piotr Nowak"}


@pytest.mark.ferpa("S7")
def test_an_introduction_falls_with_any_of_its_signatures_even_if_two_voices_remain() -> None:
    ring = Keyring()
    keys = [officer.key for officer in ring.officers]
    di = ring.signer(DISTRICT)
    ring.officer_document("Quinn", QUINN, by=[*keys, di.key])
    ring.revocation(di.key.thumbprint, by=keys, since=0)
    assert in_office(ring) == {"Olivia Okafor", "Piotr Nowak"}


@pytest.mark.claim(12)
def test_reaching_back_leaves_somebody_in_office() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    ring.officer_document("Quinn", QUINN)
    ring.revocation(piotr.key.thumbprint, by=[piotr.key])
    di = ring.introduce(DISTRICT, "Di", by=[olivia.key])
    ring.signers[DISTRICT] = di
    paper = ring.revocation(olivia.key.thumbprint, by=[QUINN, di.key], since=0)
    assert refusal(ring, paper) is LastOfficer


def test_a_stop_that_is_unmade_later_has_still_stopped() -> None:
    ring = Keyring()
    olivia, piotr = ring.officers
    ring.officer_document("Quinn", QUINN)
    dana = ring.signer(PARTNER)
    ring.revocation(dana.key.thumbprint, by=[QUINN])
    ring.revocation(QUINN.thumbprint, by=[olivia.key, piotr.key], since=0)
    assert ring.authority.ended(dana.key.thumbprint) is not None


def test_the_earliest_end_of_a_key_holds_and_each_is_to_be_weighed() -> None:
    ring = Keyring()
    kid = ring.signer(PARTNER).key.thumbprint
    first = ring.revocation(kid)
    second = ring.revocation(kid, since=1)
    third = ring.revocation(kid, since=10_000)
    assert ring.authority.ended(kid) == 1
    digests = [each.envelope.digest for each in (first, second, third)]
    assert ring.authority.flags([kid], digests[:2]) == (kid,)
    assert ring.authority.flags([kid], digests) == ()


@pytest.mark.claim(12)
@pytest.mark.ferpa("S7")
@pytest.mark.attack("a party unmakes its own signature to shed what it owes")
def test_what_was_signed_already_is_unmade_by_no_party_and_by_no_officer_alone() -> None:
    ring = Keyring()
    dana, olivia = ring.signer(PARTNER), ring.officers[0]
    colleague = ring.signers["colleague"] = ring.introduce(PARTNER, "Cleo")
    for by in ([dana.key], [colleague.key], [dana.key, colleague.key]):
        assert refusal(ring, ring.revocation(dana.key.thumbprint, by=by, since=0)) is NotEntitled
    assert refusal(ring, ring.revocation(olivia.key.thumbprint, by=[olivia.key], since=0)) is SecondVoiceMissing
    ring.revocation(dana.key.thumbprint, by=[olivia.key, dana.key], since=0)
    assert ring.authority.ended(dana.key.thumbprint) == 0
    # From its own entry on, each gives up their own key.
    paper = ring.revocation(colleague.key.thumbprint, by=[colleague.key])
    assert ring.authority.ended(colleague.key.thumbprint) == paper.received.index


@pytest.mark.ferpa("S7")
def test_a_revocation_dated_ahead_acts_at_once() -> None:
    ring = Keyring()
    kid = ring.signer(PARTNER).key.thumbprint
    paper = ring.revocation(kid, since=10_000)
    assert ring.authority.ended(kid) == paper.received.index


@pytest.mark.claim(12)
@pytest.mark.ferpa("S7")
def test_a_signer_is_revoked_by_an_officer_a_colleague_or_the_key_itself_and_by_nobody_else() -> None:
    ring = Keyring()
    dana, di = ring.signer(PARTNER), ring.signer(DISTRICT)
    colleague = ring.signers["colleague"] = ring.introduce(PARTNER, "Cleo")
    for by in ([di.key], [key_for("eve")], [di.key, colleague.key]):
        assert refusal(ring, ring.revocation(dana.key.thumbprint, by=by)) is NotEntitled
    assert refusal(ring, ring.revocation(key_for("eve").thumbprint)) is NotEntitled
    good = [[ring.officers[1].key], [colleague.key], [dana.key], [ring.officers[0].key, dana.key]]
    held = list(ring.papers)
    for by in good:
        ring.papers = [*held]
        paper = ring.revocation(dana.key.thumbprint, by=by)
        assert ring.authority.ended(dana.key.thumbprint) == paper.received.index


def test_a_signer_may_have_a_second_key_in_the_same_role() -> None:
    ring = Keyring()
    dana = ring.signer(PARTNER)
    ring.signers["renewed"] = ring.introduce(PARTNER, dana.name, key_for("dana renewed"))
    assert ring.authority.refused == ()
    assert len(ring.authority.introductions) == 2


def test_a_key_that_expired_may_still_be_given_up() -> None:
    ring = Keyring()
    old = ring.signers[PARTNER] = ring.introduce(PARTNER, "Dana", valid_to=date(2026, 7, 2))
    ring.revocation(old.key.thumbprint, by=[old.key])
    assert ring.authority.ended(old.key.thumbprint) is not None


@pytest.mark.claim(12)
def test_a_revoked_signers_key_is_not_introduced_again() -> None:
    ring = Keyring()
    dana = ring.signer(PARTNER)
    ring.revocation(dana.key.thumbprint)
    again = ring.introduce(PARTNER, dana.name, dana.key, valid_to=date(2027, 6, 29)).document
    assert again is not None
    ring.papers.append(ring.filed(again))
    assert refusal(ring, ring.papers[-1]) is NotEntitled
    # The person comes back with a new key.
    renewed = ring.introduce(PARTNER, dana.name, key_for("dana renewed")).document
    assert renewed is not None
    ring.papers.append(ring.filed(renewed))
    assert ring.authority.refused == ((again.digest, "signer_not_entitled"),)


def test_documents_are_judged_in_the_order_of_the_log_whatever_order_they_come_in() -> None:
    ring = Keyring()
    ring.officer_document("Quinn", QUINN)
    ring.signers[PARTNER] = ring.introduce(PARTNER, "Dana", by=[QUINN])
    filed = [*map(ring.filed, ring.signer_documents), *ring.papers]
    one, two = build_authority(ring.trust, filed), build_authority(ring.trust, filed[::-1])
    assert one == two
    assert one.digest == ring.authority.digest
    moved = [replace(filed[0], received=Received(500, RECEIVED)), *filed[1:]]
    assert build_authority(ring.trust, moved).digest != one.digest
    assert (
        build_authority(Keyring(officers=[*ring.officers, Person("Xe", key_for("xe"))]).trust, []).digest != one.digest
    )


@pytest.mark.claim(7)
def test_a_key_that_was_ended_counts_for_nothing_from_that_entry_on_though_the_document_is_gone() -> None:
    ring = Keyring()
    kid = ring.officers[0].key.thumbprint
    before, ended = ring.authority, ring.authority.ending(kid, LATER.index, "sha256:" + "a" * 64)
    assert ended.digest != before.digest
    sooner = Received(LATER.index - 1, RECEIVED)
    assert [kid in each.officers(LATER) for each in (before, ended)] == [True, False]
    assert kid in ended.officers(sooner)
