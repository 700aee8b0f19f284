"""Emergency orders: one officer orders, another reviews, the clock ends it (34 CFR 99.36, row L4)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agreements.authority import Filed
from agreements.documents.approval import approval_bytes, read_approval
from agreements.emergencies import REVIEW_WITHIN, require_review
from agreements.errors import BadSignature, InvalidDocument, NotApproved, NotEntitled, SamePerson
from agreements.signature import Kind
from tests.factories.agreements import RECEIVED
from tests.factories.partners import PartnerPapers

HOUR = timedelta(hours=1)


@pytest.fixture
def papers() -> PartnerPapers:
    return PartnerPapers()


@pytest.mark.ferpa("L4")
def test_the_officer_who_orders_does_not_review(papers: PartnerPapers) -> None:
    order = papers.order()
    own = papers.review(order, officer=1)
    assert papers.ordered(order, own).reviewed_by is None
    with pytest.raises(SamePerson, match="does not review"):
        require_review(papers.ordered(order), own, authority=papers.authority)


@pytest.mark.ferpa("L4")
def test_the_officer_who_orders_does_not_review_under_a_new_key_either(papers: PartnerPapers) -> None:
    order, ordering = papers.order(), papers.ring.officers[1]
    new = papers.ring.key("a new key of officer 1")
    papers.ring.officer_document(ordering.name, new, replaces=ordering.key.thumbprint)
    words = papers.review(order).envelope.payload
    approval = replace(read_approval(words), approver=new.thumbprint)
    own = papers.filed(papers.ring.sign(Kind.APPROVAL, approval_bytes(approval), new))
    assert papers.ordered(order, own).reviewed_by is None
    with pytest.raises(SamePerson, match="does not review"):
        require_review(papers.ordered(order), own, authority=papers.authority)


@pytest.mark.ferpa("L4")
def test_a_reviewed_order_stands_for_its_hours_and_ends_by_the_clock(papers: PartnerPapers) -> None:
    order = papers.order(hours=72)
    verified = papers.ordered(order, papers.review(order, after=timedelta(hours=71)))
    assert verified.reviewed_by is not None
    assert verified.reviewed_by.name == papers.ring.officers[0].name
    assert verified.window == (RECEIVED, RECEIVED + timedelta(hours=72))
    assert verified.is_open(RECEIVED)
    assert verified.is_open(verified.ends - timedelta(microseconds=1))
    assert not verified.is_open(verified.ends)
    assert not verified.is_open(RECEIVED - timedelta(microseconds=1))


@pytest.mark.ferpa("L4")
def test_an_order_nobody_reviewed_ends_when_its_review_was_due(papers: PartnerPapers) -> None:
    begins = RECEIVED + timedelta(hours=20)
    order = papers.order(begins=begins, hours=72)
    alone, reviewed = papers.ordered(order), papers.ordered(order, papers.review(order))
    assert alone.reviewed_by is None
    assert alone.ends == alone.review_due == RECEIVED + REVIEW_WITHIN
    assert reviewed.ends == begins + timedelta(hours=72)
    assert not alone.is_open(RECEIVED + REVIEW_WITHIN)
    assert reviewed.is_open(RECEIVED + REVIEW_WITHIN)


@pytest.mark.ferpa("L4")
def test_a_review_that_comes_late_is_none(papers: PartnerPapers) -> None:
    order = papers.order()
    late = papers.review(order, after=REVIEW_WITHIN + timedelta(seconds=1))
    assert papers.ordered(order, late).reviewed_by is None
    with pytest.raises(NotApproved, match="72 hours"):
        require_review(papers.ordered(order), late, authority=papers.authority)
    assert papers.ordered(order, papers.review(order, after=REVIEW_WITHIN)).reviewed_by is not None


def test_a_review_of_another_order_is_none(papers: PartnerPapers) -> None:
    order, other = papers.order(), papers.order(hours=4)
    assert papers.ordered(order, papers.review(other)).reviewed_by is None
    assert papers.ordered(order, papers.review(other), papers.review(order)).reviewed_by is not None


def test_an_order_does_not_reach_back_behind_its_entry(papers: PartnerPapers) -> None:
    order = papers.order(begins=RECEIVED - 10 * HOUR, hours=12)
    assert papers.ordered(order).window == (RECEIVED, RECEIVED + 2 * HOUR)
    with pytest.raises(InvalidDocument) as caught:
        papers.ordered(papers.order(begins=RECEIVED - 12 * HOUR, hours=12))
    assert [problem.path for problem in caught.value.problems] == ["/hours"]


def test_what_can_wait_for_more_than_a_day_is_no_emergency(papers: PartnerPapers) -> None:
    assert papers.ordered(papers.order(begins=RECEIVED + 24 * HOUR)).begins == RECEIVED + 24 * HOUR
    with pytest.raises(InvalidDocument) as caught:
        papers.ordered(papers.order(begins=RECEIVED + 24 * HOUR + timedelta(seconds=1)))
    assert [problem.path for problem in caught.value.problems] == ["/begins"]


@pytest.mark.claim(12)
def test_an_order_is_signed_by_one_officer_and_by_nobody_else(papers: PartnerPapers) -> None:
    officers = [officer.key for officer in papers.ring.officers]
    with pytest.raises(SamePerson, match="the second reviews"):
        papers.ordered(papers.order(keys=officers))
    with pytest.raises(NotEntitled):
        papers.ordered(papers.order(keys=[papers.signer("district:emerald-city")]))


@pytest.mark.attack("a signed file is changed")
def test_an_order_with_more_recipients_than_were_signed_is_refused(papers: PartnerPapers) -> None:
    signed, other = papers.order(), papers.order(hours=72)
    moved = replace(signed.envelope, payload=other.envelope.payload)
    with pytest.raises(BadSignature):
        papers.ordered(Filed(moved, signed.received))


def test_a_document_of_another_kind_orders_nothing(papers: PartnerPapers) -> None:
    with pytest.raises(NotEntitled, match="kind"):
        papers.ordered(papers.debarment("partner:a-reading"))


def test_a_verified_order_is_made_by_verification_only(papers: PartnerPapers) -> None:
    order = papers.order()
    with pytest.raises(TypeError):
        replace(papers.ordered(order), seal=None)
    assert papers.ordered(order).digest == order.envelope.digest
