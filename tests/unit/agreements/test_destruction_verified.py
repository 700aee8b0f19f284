"""Who may certify, hold, release and review, and what a certificate has to answer for (rows X2, X4)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agreements.authority import Filed
from agreements.destruction import (
    Recorded,
    VerifiedCertificate,
    VerifiedHold,
    VerifiedRelease,
    open_holds,
    require_bound,
    verify_certificate,
    verify_hold,
    verify_release,
)
from agreements.documents.destruction import Certificate, Disclosures
from agreements.errors import (
    AgreementError,
    AgreementNotOver,
    BadSignature,
    CertificateMismatch,
    DestroyedInFuture,
    DestroyedTooSoon,
    DestructionHeld,
    NotEntitled,
    ReviewRefused,
    SamePerson,
    UnknownLeaver,
)
from agreements.yearly import VerifiedReview, require_no_gap, verify_review
from tests.factories.agreements import key_for
from tests.factories.obligations import AFTER, FIGURES, Owing

LAST = date(2027, 6, 30)
CODES = ("rc_" + "a" * 26, "rc_" + "b" * 26)
RECORDED = Recorded(FIGURES, date(2027, 6, 28), None)
ONE = timedelta(days=1)


@pytest.fixture
def owing() -> Owing:
    return Owing()


def certified(owing: Owing, filed: Filed, **more: Any) -> VerifiedCertificate:
    asked: dict[str, Any] = {"parties": owing.parties, "ended": LAST, **more}
    return verify_certificate(filed, authority=owing.authority, agreement=owing.agreement, **asked)


def held(owing: Owing, filed: Filed) -> VerifiedHold:
    return verify_hold(filed, authority=owing.authority, agreement=owing.agreement.digest)


def released(owing: Owing, filed: Filed, *holds: VerifiedHold) -> VerifiedRelease:
    return verify_release(filed, authority=owing.authority, holds=holds)


@pytest.mark.ferpa("X2")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"agreement": "sha256:" + "9" * 64}, NotEntitled),
        ({"witness": "  rae   RESPONSIBLE "}, SamePerson),
        ({"destroyed_on": date(2027, 7, 11)}, DestroyedInFuture),
        ({"destroyed_on": LAST - ONE}, AgreementNotOver),
    ],
)
def test_each_wrong_certificate_is_refused_with_its_own_error(
    owing: Owing, changes: dict[str, Any], error: type[AgreementError]
) -> None:
    with pytest.raises(error):
        certified(owing, owing.certificate(**changes))


@pytest.mark.ferpa("X2")
def test_all_of_it_cannot_be_certified_while_the_agreement_is_in_force(owing: Owing) -> None:
    with pytest.raises(AgreementNotOver):
        certified(owing, owing.certificate(), ended=None)


@pytest.mark.ferpa("X2")
def test_the_day_of_the_destruction_is_judged_in_the_agreements_zone(owing: Owing) -> None:
    evening = datetime(2027, 7, 6, 6, 59, tzinfo=UTC)  # still 5 July where the agreement is at home
    with pytest.raises(DestroyedInFuture):
        certified(owing, owing.certificate(at=evening, destroyed_on=date(2027, 7, 6)))
    certified(owing, owing.certificate(at=evening + timedelta(minutes=1), destroyed_on=date(2027, 7, 6)))


@pytest.mark.ferpa("X2")
def test_only_a_signer_of_the_partner_certifies(owing: Owing) -> None:
    district = owing.ring.signer(owing.agreement.district.id).key
    for key in (district, owing.ring.officers[0].key, key_for("a stranger")):
        with pytest.raises(NotEntitled):
            certified(owing, owing.certificate(key))
    with pytest.raises(NotEntitled):
        certified(owing, owing.certificate(owing.signer, district))


@pytest.mark.ferpa("X2")
def test_a_certificate_that_was_changed_after_signing_is_refused(owing: Owing) -> None:
    signed, other = owing.certificate(), owing.certificate(destroyed_on=date(2027, 7, 6))
    forged = Filed(replace(other.envelope, signatures=signed.envelope.signatures), signed.received)
    with pytest.raises(BadSignature):
        certified(owing, forged)


def test_another_kind_of_document_is_no_certificate_no_hold_no_release_and_no_review(owing: Owing) -> None:
    for wrong in (owing.hold(), owing.review()):
        with pytest.raises(NotEntitled):
            certified(owing, wrong)
        with pytest.raises(NotEntitled):
            released(owing, wrong)
    for wrong in (owing.certificate(), owing.release(owing.hold())):
        with pytest.raises(NotEntitled):
            held(owing, wrong)
        with pytest.raises(NotEntitled):
            verify_review(wrong, authority=owing.authority, agreement=owing.agreement)


@pytest.mark.ferpa("X2")
def test_a_successor_certifies_for_the_partner_it_came_from_and_a_stranger_does_not(owing: Owing) -> None:
    successor = owing.ring.signer("partner:new-path")
    document = owing.certificate(successor.key)
    with pytest.raises(NotEntitled):
        certified(owing, document)
    verified = certified(owing, document, parties=(owing.partner, "partner:new-path"))
    assert [signer.party for signer in verified.signers] == ["partner:new-path"]


@pytest.mark.ferpa("X2")
def test_a_certificate_that_holds_says_who_signed_it_and_what_it_covers(owing: Owing) -> None:
    verified = certified(owing, owing.certificate())
    assert verified.covers_whole
    assert [signer.key.thumbprint for signer in verified.signers] == [owing.signer.thumbprint]
    assert verified.flags == ()
    assert verified.received.index == 100


def test_leavers_can_be_certified_while_the_agreement_is_in_force(owing: Owing) -> None:
    document = owing.certificate(
        at=datetime(2027, 1, 20, 20, tzinfo=UTC), covers="leavers", leavers=CODES, destroyed_on=date(2027, 1, 15)
    )
    verified = certified(owing, document, ended=None)
    assert not verified.covers_whole
    assert verified.covers_leaver(CODES[0], date(2027, 1, 15))
    assert not verified.covers_leaver(CODES[0], date(2027, 1, 16))  # came back and left again
    assert not verified.covers_leaver("rc_" + "c" * 26, date(2027, 1, 15))


@pytest.mark.ferpa("X4")
def test_a_certificate_is_refused_while_a_hold_is_open(owing: Owing) -> None:
    hold = held(owing, owing.hold(index=50))
    with pytest.raises(DestructionHeld) as caught:
        certified(owing, owing.certificate(index=51), holds=[hold])
    assert hold.digest in str(caught.value)
    leaving = owing.certificate(index=51, covers="leavers", leavers=CODES)
    with pytest.raises(DestructionHeld):
        certified(owing, leaving, holds=[hold])


@pytest.mark.ferpa("X4")
def test_a_certificate_that_came_under_a_hold_does_not_count_after_the_release(owing: Owing) -> None:
    hold = held(owing, owing.hold(index=50))
    release = released(owing, owing.release(owing.hold(index=50), index=60), hold)
    with pytest.raises(DestructionHeld):
        certified(owing, owing.certificate(index=55), holds=[hold], releases=[release])
    certified(owing, owing.certificate(index=61), holds=[hold], releases=[release])
    certified(owing, owing.certificate(index=49), holds=[hold], releases=[release])


@pytest.mark.ferpa("X4")
def test_of_two_holds_the_release_of_one_ends_only_that_one(owing: Owing) -> None:
    first, second = owing.hold(index=50), owing.hold(index=51, kind="legal")
    holds = [held(owing, first), held(owing, second)]
    release = released(owing, owing.release(first, index=60), *holds)
    assert open_holds(holds, [release], 50) == ()
    assert open_holds(holds, [release], 51) == (holds[0],)
    assert open_holds(holds, [release], 60) == tuple(holds)
    assert open_holds(holds, [release], 61) == (holds[1],)
    with pytest.raises(DestructionHeld):
        certified(owing, owing.certificate(), holds=holds, releases=[release])


def test_only_an_officer_holds_releases_and_reviews(owing: Owing) -> None:
    hold = held(owing, owing.hold())
    for key in (owing.signer, owing.ring.signer(owing.agreement.district.id).key, key_for("a stranger")):
        with pytest.raises(NotEntitled):
            held(owing, owing.hold(key))
        with pytest.raises(NotEntitled):
            released(owing, owing.release(owing.hold(), key), hold)
        with pytest.raises(NotEntitled):
            verify_review(owing.review(key), authority=owing.authority, agreement=owing.agreement)


def test_a_hold_is_on_the_agreement_it_names_and_a_release_of_a_hold_that_was_placed_before(owing: Owing) -> None:
    with pytest.raises(NotEntitled):
        held(owing, owing.hold(agreement="sha256:" + "9" * 64))
    hold = held(owing, owing.hold(index=60))
    another = owing.release(owing.hold(index=50, kind="legal"), index=61)
    with pytest.raises(NotEntitled):
        released(owing, another, hold)
    document = owing.release(owing.hold(index=60), index=60)
    for holds in ([], [hold]):
        with pytest.raises(NotEntitled):
            released(owing, document, *holds)
    other = owing.ring.officers[1].key
    verified = released(owing, owing.release(owing.hold(index=60), other, index=61), hold)
    assert (verified.release.hold, verified.officers[0].key.thumbprint) == (hold.digest, other.thumbprint)


@pytest.mark.ferpa("X2")
@pytest.mark.parametrize(
    "recorded",
    [
        replace(RECORDED, disclosures=replace(FIGURES, count=4)),
        replace(RECORDED, disclosures=replace(FIGURES, last_entry=41)),
        replace(RECORDED, disclosures=replace(FIGURES, digest="sha256:" + "6" * 64)),
        replace(RECORDED, next_day=date(2027, 6, 29)),
        Recorded(Disclosures(0, None, FIGURES.digest), None, None),
    ],
)
def test_a_certificate_that_answers_for_something_else_than_the_log_says_is_refused(
    owing: Owing, recorded: Recorded
) -> None:
    with pytest.raises(CertificateMismatch):
        require_bound(certificate_of(owing), recorded, {})


@pytest.mark.ferpa("X2")
def test_what_was_received_after_the_destruction_was_not_destroyed(owing: Owing) -> None:
    with pytest.raises(DestroyedTooSoon):
        require_bound(certificate_of(owing, destroyed_on=date(2027, 6, 27)), RECORDED, {})
    require_bound(certificate_of(owing, destroyed_on=date(2027, 6, 28)), RECORDED, {})


@pytest.mark.ferpa("X2")
def test_a_certificate_is_bound_to_what_the_log_says(owing: Owing) -> None:
    require_bound(certificate_of(owing), RECORDED, {})
    nothing = Disclosures(0, None, FIGURES.digest)
    require_bound(certificate_of(owing, disclosures=nothing), Recorded(nothing, None, None), {})


@pytest.mark.ferpa("X2")
def test_leavers_are_those_who_left_and_no_later_disclosure_can_hold_them(owing: Owing) -> None:
    left = {CODES[0]: date(2027, 1, 5), CODES[1]: date(2027, 1, 10)}
    certificate = certificate_of(owing, covers="leavers", leavers=CODES, destroyed_on=date(2027, 1, 12))
    recorded = Recorded(FIGURES, date(2027, 1, 10), date(2027, 1, 11))
    for known in ({}, {CODES[0]: left[CODES[0]]}, {**left, CODES[1]: date(2027, 1, 13)}):
        with pytest.raises(UnknownLeaver) as caught:
            require_bound(certificate, recorded, known)
        assert "rc_" not in caught.value.public_detail
    with pytest.raises(CertificateMismatch):
        require_bound(certificate, replace(recorded, next_day=date(2027, 1, 10)), left)
    require_bound(certificate, recorded, left)
    require_bound(certificate, replace(recorded, next_day=None), left)


def test_a_review_looks_at_days_that_are_over_and_at_its_own_agreement(owing: Owing) -> None:
    today = AFTER.date()
    for wrong, error in (
        (owing.review(last_day=today), ReviewRefused),
        (owing.review(agreement="sha256:" + "9" * 64), NotEntitled),
    ):
        with pytest.raises(error):
            verify_review(wrong, authority=owing.authority, agreement=owing.agreement)
    verified = verify_review(owing.review(), authority=owing.authority, agreement=owing.agreement)
    assert isinstance(verified, VerifiedReview)
    assert verified.review.last_day == today - ONE


@pytest.mark.ferpa("X3")
def test_a_review_leaves_out_no_day(owing: Owing) -> None:
    review = verify_review(owing.review(), authority=owing.authority, agreement=owing.agreement).review
    begins = review.first_day
    for since, first in ((begins - ONE, True), (begins - 2 * ONE, False)):
        with pytest.raises(ReviewRefused):
            require_no_gap(review, since, first=first)
    require_no_gap(review, begins, first=True)
    require_no_gap(review, begins - ONE, first=False)
    require_no_gap(review, begins + ONE, first=False)


def test_nobody_makes_verified_documents_without_verifying(owing: Owing) -> None:
    whole = certified(owing, owing.certificate())
    hold = held(owing, owing.hold())
    release = released(owing, owing.release(owing.hold()), hold)
    review = verify_review(owing.review(), authority=owing.authority, agreement=owing.agreement)
    with pytest.raises(TypeError):
        VerifiedCertificate(whole.certificate, whole.digest, whole.signers, whole.received, (), None)
    with pytest.raises(TypeError):
        VerifiedHold(hold.hold, hold.digest, hold.officers, hold.received, None)
    with pytest.raises(TypeError):
        VerifiedRelease(release.release, release.digest, release.officers, release.received, None)
    with pytest.raises(TypeError):
        VerifiedReview(review.review, review.digest, review.officers, review.received, None)


def certificate_of(owing: Owing, **changes: Any) -> Certificate:
    return certified(
        owing,
        owing.certificate(**{"destroyed_on": date(2027, 7, 5), **changes}),
        ended=date(2026, 12, 31),
    ).certificate
