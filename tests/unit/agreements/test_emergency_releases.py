"""Releases by an emergency order: one officer answers for each, and none reaches beyond the order (row L4)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agreements.emergencies import VerifiedEmergencyRelease, verify_emergency_release
from agreements.errors import (
    AgreementError,
    BadSignature,
    InvalidDocument,
    NotEntitled,
    OrderNotOpen,
    SamePerson,
)
from tests.factories.agreements import key_for
from tests.factories.partners import ORDER, PartnerPapers

pytestmark = pytest.mark.ferpa("L4")
SECOND = timedelta(seconds=1)


@pytest.fixture
def papers() -> PartnerPapers:
    return PartnerPapers()


def released(papers: PartnerPapers, **how: Any) -> VerifiedEmergencyRelease:
    order = papers.order()
    filed = papers.release(order, **how)
    return verify_emergency_release(filed, papers.ordered(order), authority=papers.authority)


@pytest.mark.claim(12)
def test_nobody_releases_without_an_officers_key(papers: PartnerPapers) -> None:
    for key in (papers.signer("district:emerald-city"), key_for("a clerk")):
        with pytest.raises(NotEntitled):
            released(papers, keys=[key])
    with pytest.raises(SamePerson, match="answers for it"):
        released(papers, keys=[officer.key for officer in papers.ring.officers])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"recipients": (0, len(ORDER.recipients))}, "/recipients/1"),
        ({"elements": ("000115", "000033")}, "/elements/1"),
        ({"count": ORDER.count + 1}, "/students/count"),
        ({"order": "sha256:" + "0" * 64}, "/order"),
        ({"recipients": ()}, "/recipients"),
        ({"elements": ()}, "/elements"),
        ({"elements": ("000115", "000115")}, "/elements"),
        ({"count": 0}, "/students/count"),
        ({"dataset": "everything"}, "/dataset"),
        ({"commitment": "7001"}, "/students/commitment"),
    ],
)
def test_a_release_reaches_no_further_than_its_order(
    papers: PartnerPapers, changes: Mapping[str, Any], path: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        released(papers, **changes)
    assert [problem.path for problem in caught.value.problems] == [path]


def test_a_release_counts_while_its_order_stands_to_the_second(papers: PartnerPapers) -> None:
    hours = timedelta(hours=ORDER.hours)
    assert released(papers, after=hours - SECOND).release.count == 1
    for after in (hours, -SECOND):
        with pytest.raises(OrderNotOpen):
            released(papers, after=after)


def test_a_release_of_an_order_nobody_reviewed_is_none_once_the_review_was_due(papers: PartnerPapers) -> None:
    order = papers.order(begins=ORDER.begins + timedelta(hours=20), hours=72)
    late = papers.release(order, after=timedelta(hours=72))
    with pytest.raises(OrderNotOpen):
        verify_emergency_release(late, papers.ordered(order), authority=papers.authority)
    reviewed = papers.ordered(order, papers.review(order))
    assert verify_emergency_release(late, reviewed, authority=papers.authority).released_by.name


@pytest.mark.attack("a signed file is changed")
def test_a_release_to_more_recipients_than_were_signed_for_is_refused(papers: PartnerPapers) -> None:
    order = papers.order()
    signed, other = papers.release(order), papers.release(order, recipients=(0, 1))
    moved = replace(signed, envelope=replace(signed.envelope, payload=other.envelope.payload))
    with pytest.raises(BadSignature):
        verify_emergency_release(moved, papers.ordered(order), authority=papers.authority)


def test_a_document_of_another_kind_releases_nothing(papers: PartnerPapers) -> None:
    order = papers.order()
    with pytest.raises(NotEntitled, match="kind"):
        verify_emergency_release(order, papers.ordered(order), authority=papers.authority)


def test_a_verified_release_is_made_by_verification_only(papers: PartnerPapers) -> None:
    verified = released(papers)
    with pytest.raises(TypeError):
        replace(verified, seal=None)
    with pytest.raises(AgreementError):
        released(papers, keys=[key_for("a clerk")])
