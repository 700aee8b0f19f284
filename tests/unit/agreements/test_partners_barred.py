"""Who is barred: by two officers, for five years, through every merger and new name (34 CFR 99.67, row L9)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agreements.authority import Filed, Received
from agreements.errors import (
    BadSignature,
    InvalidDocument,
    NotApproved,
    NotEntitled,
    PartnerGone,
    SamePerson,
    SignatureMissing,
)
from agreements.parties import verify_debarment, verify_succession
from agreements.successors import (
    answering_for,
    barring,
    ending,
    following,
    holding,
    over,
    require_not_gone,
    require_open,
    successor_of,
)
from tests.factories.agreements import RECEIVED, Person, key_for
from tests.factories.partners import PartnerPapers, utc

A, B, C, D = "partner:a-reading", "partner:b-reading", "partner:c-reading", "partner:d-reading"
FIRST = RECEIVED.date()
LAST = date(FIRST.year + 5, FIRST.month, FIRST.day)
DAY = timedelta(days=1)


@pytest.fixture
def papers() -> PartnerPapers:
    return PartnerPapers()


# One person does not debar.


@pytest.mark.claim(12)
def test_one_officer_alone_debars_nobody(papers: PartnerPapers) -> None:
    with pytest.raises(SignatureMissing, match="two officers"):
        papers.debarred(A, keys=[papers.ring.officers[0].key])


@pytest.mark.claim(12)
def test_a_signer_does_not_stand_in_for_the_second_officer(papers: PartnerPapers) -> None:
    keys = [papers.ring.officers[0].key, papers.signer("district:emerald-city")]
    with pytest.raises(NotEntitled):
        papers.debarred(A, keys=keys)


@pytest.mark.attack("a signed file is changed")
def test_a_debarment_of_another_partner_than_the_officers_signed_is_refused(papers: PartnerPapers) -> None:
    signed, other = papers.debarment(A), papers.debarment(B)
    moved = replace(signed.envelope, payload=other.envelope.payload)
    with pytest.raises(BadSignature):
        verify_debarment(Filed(moved, signed.received), authority=papers.authority)


def test_a_document_of_another_kind_debars_nobody_and_moves_nobody(papers: PartnerPapers) -> None:
    debarment, (succession, approvals) = papers.debarment(A), papers.succession(A, B)
    with pytest.raises(NotEntitled, match="kind"):
        verify_debarment(succession, authority=papers.authority)
    with pytest.raises(NotEntitled, match="kind"):
        verify_succession(debarment, approvals, authority=papers.authority)


def test_a_debarment_does_not_begin_later_than_it_is_registered(papers: PartnerPapers) -> None:
    with pytest.raises(InvalidDocument) as caught:
        papers.debarred(A, first=FIRST + DAY)
    assert [problem.path for problem in caught.value.problems] == ["/from_day"]


def test_verified_debarments_and_successions_are_made_by_verification_only(papers: PartnerPapers) -> None:
    banned, merged = papers.debarred(A), papers.succeeded(A, B)
    for each in (banned, merged):
        with pytest.raises(TypeError):
            replace(each, seal=None)
    assert banned.partner == A
    assert banned.until == LAST
    assert {officer.name for officer in banned.officers} == {officer.name for officer in papers.ring.officers}


# How long.


@pytest.mark.ferpa("L9")
def test_in_year_four_a_partner_is_barred_and_after_five_years_its_ban_is_to_be_acknowledged(
    papers: PartnerPapers,
) -> None:
    banned = papers.debarred(A)
    for day in (FIRST, date(FIRST.year + 4, 12, 31), LAST):
        assert barring([banned], A, [], day) == (banned,)
        assert over([banned], A, [], day) == ()
    assert barring([banned], A, [], LAST + DAY) == ()
    assert over([banned], A, [], LAST + DAY) == (banned,)
    assert barring([banned], B, [], FIRST) == over([banned], B, [], LAST + DAY) == ()


@pytest.mark.ferpa("L9")
def test_a_ban_from_29_february_lasts_through_1_march(papers: PartnerPapers) -> None:
    banned = papers.debarred(A, first=date(2024, 2, 29))
    assert barring([banned], A, [], date(2029, 3, 1)) == (banned,)
    assert over([banned], A, [], date(2029, 3, 2)) == (banned,)
    with pytest.raises(InvalidDocument):
        papers.debarred(A, first=date(2024, 2, 29), last=date(2029, 2, 28))


@pytest.mark.ferpa("L9")
def test_a_later_debarment_extends_and_never_shortens(papers: PartnerPapers) -> None:
    long = papers.debarred(A, last=date(2040, 1, 1))
    short = papers.debarred(A, at=utc(2027, 1, 1), first=date(2027, 1, 1))
    both = [long, short]
    assert barring(both, A, [], date(2035, 1, 1)) == (long,)
    assert barring(both, A, [], date(2030, 1, 1)) == (long, short)
    assert over(both, A, [], date(2035, 1, 1)) == (short,)


@pytest.mark.ferpa("L9")
def test_what_stood_before_a_ban_is_ended_for_good_and_what_comes_after_is_not(papers: PartnerPapers) -> None:
    before = papers.newest
    banned = papers.debarred(A)
    after = Received(papers.newest.index + 1, utc(2032, 1, 1))
    assert ending([banned], A, [], before) == (banned,)
    assert ending([banned], A, [], after) == ending([banned], B, [], before) == ()


def test_a_ban_that_was_over_when_it_was_registered_ends_nothing_and_is_on_record(papers: PartnerPapers) -> None:
    before = papers.newest
    banned = papers.debarred(A, first=date(2015, 1, 1))
    assert not banned.ends_what_stands
    assert ending([banned], A, [], before) == ()
    assert over([banned], A, [], FIRST) == (banned,)


# Mergers and new names.


@pytest.mark.ferpa("L9")
@pytest.mark.parametrize("kind", ["merger", "rename"])
@pytest.mark.parametrize("ban_first", [True, False])
def test_neither_a_merger_nor_a_new_name_escapes_a_ban(papers: PartnerPapers, kind: str, *, ban_first: bool) -> None:
    before = papers.newest
    banned = papers.debarred(A) if ban_first else None
    first, second = papers.succeeded(A, B, kind=kind), papers.succeeded(B, C, kind=kind)
    banned = banned or papers.debarred(A)
    for partner in (A, B, C):
        (found,) = barring([banned], partner, [second, first], date(2030, 1, 1))
        assert (found.digest, found.partner, found.until) == (banned.digest, partner, LAST)
        assert ending([banned], partner, [first, second], before)
    latest = max(banned.received, second.received, key=lambda received: received.index)
    (reached,) = barring([banned], C, [first, second], LAST)
    assert reached.received == latest
    assert barring([banned], D, [first, second], LAST) == ()


def test_a_ban_on_the_successor_is_its_own(papers: PartnerPapers) -> None:
    merged = papers.succeeded(A, B)
    banned = papers.debarred(B)
    assert following([banned], [merged]) == (banned,)


def test_a_ban_is_inherited_through_the_succession_of_the_barred_partner_only(papers: PartnerPapers) -> None:
    with pytest.raises(ValueError, match="not one of the partner"):
        papers.debarred(C).inherited_through(papers.succeeded(A, B))


def test_a_succession_needs_both_partners_and_an_officer(papers: PartnerPapers) -> None:
    papers.succeeded(A, B)
    for party in (A, B):
        with pytest.raises(SignatureMissing):
            papers.succeeded(A, B, keys=[papers.signer(party)])
    filed, _ = papers.succession(A, B)
    with pytest.raises(NotApproved):
        verify_succession(filed, [], authority=papers.authority)
    alone = papers.filed(papers.approval(filed.envelope, officer=1))
    with pytest.raises(SamePerson, match="alone introduced"):  # officer 1 vouched for both signers
        verify_succession(filed, [alone], authority=papers.authority)
    _, others = papers.succession(C, D)
    with pytest.raises(NotApproved):
        verify_succession(filed, others, authority=papers.authority)


@pytest.mark.claim(12)
@pytest.mark.parametrize("kind", ["merger", "rename"])
def test_nobody_signs_for_both_partners_under_one_name_and_two_keys(papers: PartnerPapers, kind: str) -> None:
    papers.ring.signers[A] = papers.ring.introduce(A, "Sam Both")
    papers.ring.signers[B] = papers.ring.introduce(B, "SAM  both")
    with pytest.raises(SamePerson):
        papers.succeeded(A, B, kind=kind)


@pytest.mark.claim(12)
def test_nobody_signs_for_both_partners_with_one_key(papers: PartnerPapers) -> None:
    key = key_for("one key for two")
    papers.ring.signers[A] = papers.ring.introduce(A, "Sam Both", key)
    papers.ring.signers[B] = papers.ring.introduce(B, "Sam Both", key)
    with pytest.raises(SamePerson):
        papers.succeeded(A, B, keys=[key])


# Chains.


def test_a_partner_has_one_successor_and_once_gone_it_succeeds_nobody(papers: PartnerPapers) -> None:
    first, second = papers.succeeded(A, B), papers.succeeded(B, C)
    another, circle, into_gone = papers.succeeded(A, D), papers.succeeded(C, A), papers.succeeded(D, B)
    for refused in (another, circle, into_gone):
        with pytest.raises(PartnerGone):
            require_open([first, second], refused)
    require_open([first], second)
    held, left_out = holding([circle, into_gone, second, another, first])
    assert held == (first, second)
    assert set(left_out) == {another, circle, into_gone}


def test_a_chain_of_successors_answers_for_what_the_first_one_owes(papers: PartnerPapers) -> None:
    successions = [papers.succeeded(A, B), papers.succeeded(D, C), papers.succeeded(B, C)]
    assert answering_for(A, successions) == (A, B, C)
    assert answering_for(C, successions) == (C,)
    assert successor_of(D, successions) is successions[1]
    assert successor_of(C, successions) is None


def test_a_partner_that_is_gone_gets_nothing_new(papers: PartnerPapers) -> None:
    merged = papers.succeeded(A, B)
    require_not_gone(B, [merged])
    with pytest.raises(PartnerGone, match=B):
        require_not_gone(A, [merged])


def test_successions_that_were_never_judged_together_do_not_run_in_a_circle(papers: PartnerPapers) -> None:
    circle = [papers.succeeded(A, B), papers.succeeded(B, A)]
    assert answering_for(A, circle) == (A, B, A)
    assert {each.partner for each in following([papers.debarred(A)], circle)} == {A, B}


def test_a_signer_of_neither_partner_signs_no_succession(papers: PartnerPapers) -> None:
    stranger: Person = papers.ring.signer(C)
    with pytest.raises(NotEntitled):
        papers.succeeded(A, B, keys=[papers.signer(A), papers.signer(B), stranger.key])
