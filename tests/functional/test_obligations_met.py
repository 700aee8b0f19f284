"""What is owed, on a real database and a real log: from the first disclosure to the certificate that closes it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from agreements.canonical import canonical_bytes
from agreements.documents.destruction import Certificate, Disclosures, certificate_bytes
from agreements.documents.family import Asked, Step
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.documents.review import Review, review_bytes
from agreements.elements import load_catalogue
from agreements.errors import (
    AgreementError,
    AgreementNotOver,
    AlreadyRegistered,
    CertificateMismatch,
    DestructionHeld,
    NotEntitled,
    ObligationOverdue,
    ReviewRefused,
    UnknownLeaver,
)
from agreements.keys import SigningKey
from agreements.lifecycle import Standing
from agreements.obligations import Duty, Status
from agreements.register import insert_status
from agreements.signature import Envelope, Kind
from audit.events import Event
from gateway.services.errors import UnknownAgreement
from gateway.services.family.inspections import OpenInspections
from gateway.services.obligations.owed import Obligations, require_settled
from gateway.services.obligations.shown import Figures, Owed
from gateway.services.rights import Capacity, Holder
from tests.factories.agreements import SPS_A, SignedAgreement
from tests.factories.cohort import DAY, MENTORING, STUDENTS, TUTORING
from tests.factories.family import FamilyDesk
from tests.factories.gateway import BRIGHT_PATH, NOON, Gateway, bring_into_force
from tests.factories.superuser import alarms, change, served_anew, superuser

PARTNER = f"partner:{BRIGHT_PATH}"
LAST = dt.date(2027, 6, 30)
LAST_OF_MARCH = dt.date(2027, 3, 31)
ONE = dt.timedelta(days=1)
PACK = "sha256:" + "7" * 64


async def desk(gateway: Gateway) -> Obligations:
    opened = (await gateway.office()).desk
    return Obligations(opened, OpenInspections(opened.catalogue, gateway.deployment.keys.subject))


async def owed(gateway: Gateway, duty: Duty = Duty.DESTRUCTION) -> dict[str, Owed]:
    listed = await (await desk(gateway)).listed()
    return {each.agreement: each for each in listed.obligations if each.duty is duty}


async def settled(gateway: Gateway, partner: str = PARTNER) -> None:
    """What an activation asks first."""
    desk = (await gateway.office()).desk
    async with desk.filing() as filing:
        await require_settled(filing, desk.catalogue, partner)


async def terminated(gateway: Gateway, name: str = TUTORING) -> str:
    office = await gateway.office()
    await office.suspensions.stop_agreement(gateway.digest(name), Standing.TERMINATED, "The partner asked for it.")
    return gateway.digest(name)


def signed(gateway: Gateway, kind: Kind, payload: bytes, *keys: SigningKey) -> Envelope:
    ring = gateway.deployment.ring
    return ring.sign(kind, payload, *(keys or (ring.officers[0].key,)))


def certificate(gateway: Gateway, figures: Figures, *keys: SigningKey, **changes: Any) -> Envelope:
    made = Certificate(
        agreement=figures.agreement,
        covers=figures.covers,
        disclosures=figures.disclosures,
        what="Every copy.",
        method="purge",
        how="Cryptographic erase.",
        destroyed_on=DAY,
        who="Rae Responsible",
        witness="Wim Witness",
        leavers=figures.leavers,
    )
    key = gateway.deployment.ring.signer(PARTNER).key
    payload = certificate_bytes(replace(made, **changes))
    return signed(gateway, Kind.CERTIFICATE, payload, *(keys or (key,)))


def hold(gateway: Gateway, agreement: str, *keys: SigningKey) -> Envelope:
    return signed(gateway, Kind.HOLD, hold_bytes(Hold(agreement, "inspection", DAY, "A request is open.")), *keys)


def release(gateway: Gateway, held: Envelope, *keys: SigningKey) -> Envelope:
    return signed(gateway, Kind.RELEASE, release_bytes(Release(held.digest, "It was answered.")), *keys)


def review(gateway: Gateway, agreement: str, first: dt.date, last: dt.date, *keys: SigningKey) -> Envelope:
    made = Review(agreement, first, last, PACK, (), "continue")
    return signed(gateway, Kind.REVIEW, review_bytes(made), *keys)


async def activated(gateway: Gateway, **changes: Any) -> SignedAgreement:
    """A further agreement with Bright Path, by consent; `changes` as in `Keyring.agreement`, `__` for `/`."""
    named = {f"/{name.replace('__', '/')}": value for name, value in changes.items()}
    bundle = gateway.deployment.ring.agreement(SPS_A, changes=named)
    office = await gateway.office()
    await office.onboarding.activate(bundle.envelope, [bundle.approval])
    return bundle


@pytest.mark.ferpa("X1")
async def test_every_agreement_by_which_something_left_owes_its_destruction_and_no_other(gateway: Gateway) -> None:
    assert await owed(gateway) == {}
    await gateway.ask(TUTORING)
    await gateway.ask(MENTORING)
    found = await owed(gateway)
    assert set(found) == {gateway.digest(TUTORING), gateway.digest(MENTORING)}
    for name in (TUTORING, MENTORING):
        terms = gateway.deployment.agreements[name].agreement
        one = found[terms.digest]
        period = dt.timedelta(days=terms.obligations.destruction_period_days)
        assert (one.status, one.due, one.partner) == (Status.NOT_DUE, LAST + period, terms.partner.id)
        assert one.days_left == (LAST + period - DAY).days


@pytest.mark.ferpa("X1")
async def test_destruction_is_due_after_the_end_by_the_clock_or_by_termination(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    await gateway.ask(MENTORING)
    digest = await terminated(gateway)
    found = await owed(gateway)
    assert (found[digest].status, found[digest].due) == (Status.DUE, DAY + dt.timedelta(days=30))
    await gateway.at(dt.datetime(2027, 7, 1, 6, 59, tzinfo=dt.UTC))  # a minute of the last day is left
    assert (await owed(gateway))[gateway.digest(MENTORING)].status is Status.NOT_DUE
    await gateway.at(dt.datetime(2027, 7, 1, 7, 0, tzinfo=dt.UTC))
    assert (await owed(gateway))[gateway.digest(MENTORING)].status is Status.DUE


@pytest.mark.ferpa("X3")
async def test_the_day_after_the_due_day_nothing_new_is_made_with_the_partner(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    digest = await terminated(gateway)
    await gateway.at(NOON + dt.timedelta(days=31))
    with pytest.raises(ObligationOverdue) as caught:
        await settled(gateway)
    assert f"the certificate of destruction of {digest}, overdue since {DAY + 31 * ONE}" in str(caught.value)
    await settled(gateway, "partner:harbor-mentors")
    size = await gateway.size()
    with pytest.raises(ObligationOverdue):
        await activated(gateway, id="agreement:renewed")
    assert await gateway.size() == size
    await gateway.at(NOON + dt.timedelta(days=30))
    await settled(gateway)
    await activated(gateway, id="agreement:renewed")


@pytest.mark.ferpa("X2")
async def test_a_certificate_that_the_log_does_not_bear_out_is_refused_and_writes_nothing(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.ask(TUTORING)
    work = await desk(gateway)
    early = await work.figures(gateway.digest(TUTORING), "whole")
    with pytest.raises(AgreementNotOver):
        await work.certify(certificate(gateway, early))
    await gateway.ask(TUTORING)
    digest = await terminated(gateway)
    figures = await work.figures(digest, "whole")
    counted = figures.disclosures
    assert (counted.count, early.disclosures.count) == (4, 3)
    size = await gateway.size()
    refused: Sequence[tuple[Envelope, type[AgreementError]]] = (
        (certificate(gateway, early), CertificateMismatch),
        (certificate(gateway, figures, disclosures=replace(counted, count=3)), CertificateMismatch),
        (certificate(gateway, figures, disclosures=replace(counted, digest=PACK)), CertificateMismatch),
        (certificate(gateway, figures, disclosures=Disclosures(0, None, counted.digest)), CertificateMismatch),
        (certificate(gateway, figures, gateway.deployment.ring.signer("partner:harbor-mentors").key), NotEntitled),
    )
    for document, error in refused:
        with pytest.raises(error):
            await work.certify(document)
    with pytest.raises(UnknownAgreement):
        await work.certify(certificate(gateway, figures, agreement=PACK))
    assert await gateway.size() == size
    assert await work.certificates(digest) == ()


@pytest.mark.ferpa("X2")
async def test_a_certificate_of_a_day_before_the_last_disclosure_is_refused(gateway: Gateway) -> None:
    bundle = await activated(gateway, id="agreement:short", term__last_day="2027-03-11")
    digest, work = bundle.digest, await desk(gateway)
    figures = await work.figures(digest, "whole")
    assert figures.disclosures.count == 0
    await gateway.ask(TUTORING)
    await gateway.at(NOON + ONE)
    await gateway.ask(TUTORING)
    ended = await terminated(gateway)
    found = await work.figures(ended, "whole")
    with pytest.raises(AgreementNotOver):
        await work.certify(certificate(gateway, found))
    await work.certify(certificate(gateway, found, destroyed_on=DAY + ONE))
    await gateway.at(NOON + 2 * ONE)
    await work.certify(certificate(gateway, figures, destroyed_on=DAY + ONE))
    assert [each.disclosures for each in await work.certificates(digest)] == [0]


@pytest.mark.ferpa("X2")
@pytest.mark.ferpa("X3")
async def test_a_certificate_closes_the_agreement_and_clears_the_way(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    digest = await terminated(gateway)
    await gateway.at(NOON + dt.timedelta(days=40))
    with pytest.raises(ObligationOverdue):
        await settled(gateway)
    work, size = await desk(gateway), await gateway.size()
    figures = await work.figures(digest, "whole")
    document = certificate(gateway, figures)
    entry = await work.certify(document)
    received, closed = await gateway.entries(size)
    assert entry == size
    assert (received["event"], received["document"], received["agreement"]) == (
        "certificate.received",
        document.digest,
        digest,
    )
    assert (received["disclosures"], received["last_entry"], received["leavers"]) == (
        1,
        figures.disclosures.last_entry,
        0,
    )
    assert (closed["event"], closed["agreement"], closed["certified"]) == ("agreement.closed", digest, entry)
    await settled(gateway)
    assert (await owed(gateway))[digest].status is Status.CERTIFIED
    _, registry = await (await gateway.office()).desk.registry()
    assert registry.history[digest].standing is Standing.CLOSED
    with pytest.raises(AlreadyRegistered):
        await work.certify(document)
    assert (await work.figures(digest, "leavers")).leavers == ()
    again = certificate(gateway, figures, what="Every copy, and one more that was found.")
    await work.certify(again)  # closed once
    assert [one["event"] for one in await gateway.entries(size + 2)] == ["certificate.received"]
    (first, _) = await work.certificates(digest)
    assert (first.certificate, first.covers, first.entry, first.flagged) == (document.digest, "whole", entry, ())


@pytest.mark.ferpa("X2")
@pytest.mark.claim(1)
async def test_a_row_that_says_closed_or_certified_does_not_clear_the_way(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    digest = await terminated(gateway)
    figures = await (await desk(gateway)).figures(digest, "whole")
    await gateway.at(NOON + dt.timedelta(days=31))
    owner = await gateway.database.connection("owner")
    await owner.execute(
        "INSERT INTO agreements.status (agreement, status, idx, reason) VALUES ($1, 'closed', 10000, 'they said so')",
        bytes.fromhex(digest.removeprefix("sha256:")),
    )
    forged = certificate(gateway, figures)
    await owner.execute(
        "INSERT INTO agreements.document (digest, kind, concerns, envelope, idx) VALUES ($1, $2, $3, $4, 3)",
        bytes.fromhex(forged.digest.removeprefix("sha256:")),
        "certificate",
        bytes.fromhex(digest.removeprefix("sha256:")),
        forged.text,
    )
    with pytest.raises(ObligationOverdue):
        await settled(gateway)
    listed = await (await desk(gateway)).listed()
    assert [(one.document, one.code) for one in listed.refused] == [(forged.digest, "document_not_in_log")]


@pytest.mark.ferpa("X4")
async def test_an_open_hold_refuses_certificates_and_nothing_is_due_until_it_is_released(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    digest, work = await terminated(gateway), await desk(gateway)
    held = hold(gateway, digest)
    partner = gateway.deployment.ring.signer(PARTNER).key
    for wrong, error in ((hold(gateway, digest, partner), NotEntitled), (hold(gateway, PACK), UnknownAgreement)):
        with pytest.raises(error):
            await work.place_hold(wrong)
    placed = await work.place_hold(held)
    size = await gateway.size()
    with pytest.raises(DestructionHeld):
        await work.certify(certificate(gateway, await work.figures(digest, "whole")))
    assert await gateway.size() == size
    await gateway.at(NOON + dt.timedelta(days=60))
    one = (await owed(gateway))[digest]
    assert (one.status, one.due, one.days_left) == (Status.HELD, None, None)
    await settled(gateway)
    (line,) = await work.holds()
    assert (line.hold, line.agreement, line.placed_by_entry, line.open) == (held.digest, digest, placed, True)

    for wrong, error in (
        (release(gateway, held, partner), NotEntitled),
        (release(gateway, hold(gateway, PACK)), NotEntitled),
    ):
        with pytest.raises(error):
            await work.release_hold(wrong)
    other = gateway.deployment.ring.officers[1].key
    entry = await work.release_hold(release(gateway, held, other))
    (written,) = await gateway.entries(entry)
    assert (written["event"], written["hold"], written["agreement"]) == ("hold.released", held.digest, digest)
    one = (await owed(gateway))[digest]
    assert (one.status, one.due) == (Status.DUE, DAY + dt.timedelta(days=90))
    assert [line.open for line in await work.holds()] == [False]
    await work.certify(certificate(gateway, await work.figures(digest, "whole")))
    assert (await owed(gateway))[digest].status is Status.CERTIFIED


@pytest.mark.ferpa("F1")
async def test_a_family_that_was_not_let_inspect_within_45_days_is_flagged_on_day_46(idle_gateway: Gateway) -> None:
    work = await desk(idle_gateway)
    request = hold(idle_gateway, idle_gateway.digest(TUTORING))
    await work.place_hold(request)
    # On the evening of the last day it is the next day in Greenwich.
    for days, late in ((0.0, False), (45.0, False), (45.4, False), (46.0, True)):
        await idle_gateway.at(NOON + dt.timedelta(days=days))
        (line,) = await work.holds()
        assert (line.inspect_by, line.overdue) == (DAY + dt.timedelta(days=45), late)
    await work.release_hold(release(idle_gateway, request))
    assert [(line.open, line.overdue) for line in await work.holds()] == [(False, False)]
    evidence = Hold(idle_gateway.digest(TUTORING), "legal", DAY, "A court asks for it.")
    await work.place_hold(signed(idle_gateway, Kind.HOLD, hold_bytes(evidence)))
    assert [line.inspect_by for line in await work.holds() if line.open] == [None]


@pytest.mark.ferpa("X4")
async def test_who_left_is_certified_by_record_code_and_only_who_left(gateway: Gateway) -> None:
    digest, work = gateway.digest(TUTORING), await desk(gateway)
    rows = {row["first_name"]: row["record_code"] for row in await gateway.rows(TUTORING, fields="first_name")}
    assert (await work.figures(digest, "leavers")).leavers == ()
    gone, later = STUDENTS["ximena"], STUDENTS["dagny"]
    steward = await gateway.steward()
    await steward.withdraw(digest, gone.number)
    figures = await work.figures(digest, "leavers")
    assert figures.leavers == (rows[gone.first],)
    about = (await owed(gateway, Duty.LEAVERS))[digest]
    assert (about.leavers, about.status) == (1, Status.NOT_DUE)  # term_end: the parties agreed to wait

    stays = replace(figures, leavers=tuple(sorted((*figures.leavers, rows[later.first]))))
    with pytest.raises(UnknownLeaver):
        await work.certify(certificate(gateway, stays))
    with pytest.raises(UnknownLeaver):
        await work.certify(certificate(gateway, figures, destroyed_on=DAY - ONE))
    # While a family waits to inspect, what is about its child is not certified; what is about others is (row X4).
    family = await FamilyDesk.at(gateway)
    asked = await family.ask(Asked.INSPECTION, gone.number)
    for refusing in (work, Obligations(family.desk), Obligations(family.desk, OpenInspections(load_catalogue(), None))):
        with pytest.raises(DestructionHeld):
            await refusing.certify(certificate(gateway, figures))
    await family.step(asked, Step.ANSWERED, outcome="copies_given")
    await family.ask(Asked.INSPECTION, later.number)
    size = await gateway.size()
    entry = await work.certify(certificate(gateway, figures))
    (received,) = await gateway.entries(size)
    assert (received["event"], received["leavers"]) == ("certificate.received", 1)
    assert rows[gone.first] not in str(await gateway.entries())
    assert entry == size
    assert await owed(gateway, Duty.LEAVERS) == {}
    assert (await owed(gateway))[digest].status is Status.NOT_DUE
    await gateway.at(NOON + ONE)
    await steward.withdraw(digest, later.number, Holder(Capacity.ELIGIBLE_STUDENT))
    assert (await work.figures(digest, "leavers")).leavers == (rows[later.first],)


async def test_a_disclosure_while_a_student_was_covered_cannot_be_left_out_of_a_leavers_certificate(
    gateway: Gateway,
) -> None:
    digest, work = gateway.digest(TUTORING), await desk(gateway)
    await gateway.ask(TUTORING)
    early = await work.figures(digest, "leavers")
    await gateway.ask(TUTORING)
    await (await gateway.steward()).withdraw(digest, STUDENTS["ximena"].number)
    codes = (await work.figures(digest, "leavers")).leavers
    with pytest.raises(CertificateMismatch):
        await work.certify(certificate(gateway, replace(early, leavers=codes)))


async def test_the_duty_of_a_version_goes_over_to_the_one_that_replaces_it(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    old = gateway.deployment.agreements[TUTORING]
    later = await activated(
        gateway,
        id=old.agreement.id,
        version=2,
        replaces=old.digest,
        term__first_day="2027-03-10",
        term__last_day="2027-12-31",
    )
    work = await desk(gateway)
    assert (await work.figures(old.digest, "leavers")).leavers == ()  # the later version covers them
    await gateway.at(dt.datetime(2027, 7, 20, 20, tzinfo=dt.UTC))  # past the old version's own last day
    found = await owed(gateway)
    assert (found[old.digest].status, later.digest in found) == (Status.NOT_DUE, False)
    with pytest.raises(UnknownAgreement):
        await work.figures(PACK, "whole")
    await gateway.at(dt.datetime(2028, 1, 1, 8, tzinfo=dt.UTC))
    one = (await owed(gateway))[old.digest]
    assert (one.status, one.due) == (Status.DUE, dt.date(2028, 1, 30))


async def test_what_was_certified_stays_so_when_the_line_goes_on(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    old = gateway.deployment.agreements[TUTORING]
    days = {"term__first_day": "2027-03-10", "term__last_day": "2027-03-20"}
    second = await activated(gateway, id=old.agreement.id, version=2, replaces=old.digest, **days)
    work = await desk(gateway)
    await gateway.at(NOON + 11 * ONE)
    last = dt.date(2027, 3, 20)
    await work.certify(certificate(gateway, await work.figures(old.digest, "whole"), destroyed_on=last))
    assert (await owed(gateway))[old.digest].status is Status.CERTIFIED
    later = {"term__first_day": "2027-04-01", "term__last_day": "2027-06-30"}
    await activated(gateway, id=old.agreement.id, version=3, replaces=second.digest, **later)
    assert (await owed(gateway))[old.digest].status is Status.CERTIFIED


@pytest.mark.ferpa("X3")
async def test_an_overdue_review_is_in_the_way_until_it_is_filed_and_leaves_out_no_day(gateway: Gateway) -> None:
    bundle = await activated(gateway, id="agreement:long", term__last_day="2029-06-30")
    digest, work = bundle.digest, await desk(gateway)
    due = dt.date(2028, 3, 10)
    await gateway.at(dt.datetime(2028, 3, 10, 20, tzinfo=dt.UTC))
    await settled(gateway)
    one = (await owed(gateway, Duty.REVIEW))[digest]
    assert (one.status, one.due) == (Status.DUE, due)
    await gateway.at(dt.datetime(2028, 3, 11, 20, tzinfo=dt.UTC))
    with pytest.raises(ObligationOverdue) as caught:
        await settled(gateway)
    assert f"the yearly review of {digest}, overdue since 2028-03-11" in str(caught.value)

    partner = gateway.deployment.ring.signer(PARTNER).key
    for wrong, error in (
        (review(gateway, digest, DAY, due + ONE), ReviewRefused),
        (review(gateway, digest, DAY + ONE, due), ReviewRefused),
        (review(gateway, digest, DAY, due, partner), NotEntitled),
        (review(gateway, PACK, DAY, due), UnknownAgreement),
    ):
        with pytest.raises(error):
            await work.file_review(wrong)
    entry = await work.file_review(review(gateway, digest, DAY, due))
    (written,) = await gateway.entries(entry)
    assert (written["event"], written["pack"], written["conclusion"]) == ("agreement.reviewed", PACK, "continue")
    await settled(gateway)
    one = (await owed(gateway, Duty.REVIEW))[digest]
    assert (one.status, one.due) == (Status.NOT_DUE, dt.date(2029, 3, 10))
    await gateway.at(dt.datetime(2028, 3, 20, 20, tzinfo=dt.UTC))
    with pytest.raises(ReviewRefused):
        await work.file_review(review(gateway, digest, due + 2 * ONE, due + 5 * ONE))
    await work.file_review(review(gateway, digest, due + ONE, due + 5 * ONE))


async def test_an_amendment_does_not_begin_the_year_anew(gateway: Gateway) -> None:
    first = await activated(gateway, id="agreement:long", term__last_day="2029-06-30")
    await gateway.at(dt.datetime(2027, 6, 1, 20, tzinfo=dt.UTC))
    second = await activated(
        gateway, id="agreement:long", term__last_day="2029-06-29", version=2, replaces=first.digest
    )
    found = await owed(gateway, Duty.REVIEW)
    assert first.digest not in found
    assert found[second.digest].due == dt.date(2028, 3, 10)


async def test_what_narrows_a_master_ends_with_it(gateway: Gateway) -> None:
    ring = gateway.deployment.ring
    master = await activated(gateway, id="agreement:master", framework=True)
    made = ring.agreement(SPS_A, changes={"/id": "agreement:child", "/master": master.digest})
    office, partner = await gateway.office(), gateway.deployment.partners[BRIGHT_PATH]
    await bring_into_force(office, ring, made, partner)
    work = await desk(gateway)
    with pytest.raises(AgreementNotOver):
        await work.certify(certificate(gateway, await work.figures(made.digest, "whole")))
    later = {"version": 2, "replaces": master.digest, "term__first_day": "2027-04-01"}
    await activated(gateway, id="agreement:master", framework=True, **later)
    await gateway.at(dt.datetime(2027, 4, 1, 6, 59, tzinfo=dt.UTC))
    with pytest.raises(AgreementNotOver):
        await work.certify(certificate(gateway, await work.figures(made.digest, "whole")))
    await gateway.at(dt.datetime(2027, 4, 1, 7, 0, tzinfo=dt.UTC))
    with pytest.raises(AgreementNotOver):
        await work.certify(
            certificate(gateway, await work.figures(made.digest, "whole"), destroyed_on=LAST_OF_MARCH - ONE)
        )
    await work.certify(certificate(gateway, await work.figures(made.digest, "whole"), destroyed_on=LAST_OF_MARCH))


async def test_what_narrows_a_master_that_was_terminated_is_over_that_day(gateway: Gateway) -> None:
    master = await activated(gateway, id="agreement:master", framework=True)
    child = await activated(gateway, id="agreement:child", master=master.digest)
    office, work = await gateway.office(), await desk(gateway)
    await office.suspensions.stop_agreement(master.digest, Standing.TERMINATED, "Over.")
    await work.certify(certificate(gateway, await work.figures(child.digest, "whole")))


@pytest.mark.ferpa("X2")
@pytest.mark.ferpa("S7")
async def test_a_certificate_by_a_key_that_is_revoked_back_to_it_counts_no_more(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    digest = await terminated(gateway)
    work = await desk(gateway)
    entry = await work.certify(certificate(gateway, await work.figures(digest, "whole")))
    ring = gateway.deployment.ring
    kid = ring.signer(PARTNER).key.thumbprint
    await (await gateway.office()).admissions.revoke(ring.revocation(kid, since=entry + 10).envelope)
    (line,) = await work.certificates(digest)
    assert line.flagged == (kid,)
    await (await gateway.office()).admissions.revoke(ring.revocation(kid, since=entry).envelope)
    assert await work.certificates(digest) == ()
    assert (await owed(gateway))[digest].status is Status.DUE
    assert [one.code for one in (await work.listed()).refused] == ["signer_not_entitled"]


@pytest.mark.claim(1)
async def test_an_agreement_without_an_entry_owes_nothing_and_one_that_cannot_be_read_is_listed(
    gateway: Gateway,
) -> None:
    ring = gateway.deployment.ring
    nowhere = ring.agreement(SPS_A, changes={"/id": "agreement:nowhere", "/term/last_day": "2029-06-30"}).envelope
    odd = ring.sign(Kind.AGREEMENT, canonical_bytes({"format": "of another release"}), ring.signer(PARTNER).key)
    async with (await gateway.office()).desk.filing() as filing:
        for document in (nowhere, odd):
            index = await filing.file(Event.AGREEMENT_SIGNED, document, concerns=None, signers=[])
            await insert_status(filing.connection, document.digest, "active", index=index, reason="so it says")
        brought = await filing.append(Event.AGREEMENT_ACTIVATED, agreement=gateway.digest(TUTORING))  # another one
        await insert_status(filing.connection, nowhere.digest, "active", index=brought, reason="so it says")
    assert nowhere.digest not in await owed(gateway, Duty.REVIEW)
    assert (await (await desk(gateway)).listed()).refused == ()
    async with (await gateway.office()).desk.filing() as filing:
        index = await filing.append(Event.AGREEMENT_ACTIVATED, agreement=odd.digest)
        await insert_status(filing.connection, odd.digest, "active", index=index, reason="it was, once")
    (line,) = (await (await desk(gateway)).listed()).refused
    assert (line.agreement, line.document, line.code) == (odd.digest, odd.digest, "invalid_agreement")


@pytest.mark.claim(1)
@pytest.mark.attack("a hold is damaged")
async def test_a_hold_that_does_not_verify_any_more_alarms_when_the_gateway_starts(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    held = hold(gateway, await terminated(gateway))
    await (await desk(gateway)).place_hold(held)
    admin = await superuser(gateway)
    await served_anew(gateway)
    assert alarms(caplog) == set()
    forged = signed(gateway, Kind.HOLD, held.payload, gateway.deployment.ring.signer(PARTNER).key)
    await change(admin, held.digest, "envelope", forged.text)
    await served_anew(gateway)
    assert alarms(caplog) == {"obligation_refused"}
    await admin.execute("DELETE FROM agreements.document WHERE kind = 'hold'")
    await served_anew(gateway)
    assert alarms(caplog) == {"document_missing"}
