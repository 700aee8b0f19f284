"""A paper is withdrawn or in force and never both, and what no longer counts of it spoils nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from agreements.canonical import read_canonical
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.emergency import EMERGENCY_ORDER, emergency_order_bytes
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.roster_decision import roster_decision_bytes
from agreements.documents.signer import LIMITS, ROLES, Signer, signer_bytes
from agreements.documents.staff_role import staff_role_bytes
from agreements.documents.succession import Succession, succession_bytes
from agreements.roles import Role
from agreements.shapes import words_only
from agreements.signature import Kind, add_signature
from gateway.services.admissions import Admissions
from gateway.services.obligations.owed import Obligations
from gateway.services.papers import kept
from gateway.services.papers.errors import NoSuchPaper, PaperFiled, PaperRefused, SignatureUnwanted, TooManyPapers
from gateway.services.papers.invitations import A_YEAR
from gateway.services.papers.papers import Papers
from tests.factories.agreements import Keyring, key_for
from tests.factories.cohort import DAY, MENTORING
from tests.factories.emergencies import an_order
from tests.factories.every_kind import ROSTER
from tests.factories.gateway import NOON, Gateway
from tests.factories.holding import hold_of
from tests.factories.partners import ORDER
from tests.factories.staffing import StaffRoom, identity
from tests.functional.test_papers_guarded import FILER, PREPARER, another
from tests.functional.test_rosters import introduced

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_what_is_withdrawn_has_no_effect_and_what_has_effect_is_not_withdrawn(gateway: Gateway) -> None:
    office, officer = await gateway.office(), gateway.deployment.ring.officers[0].key
    papers = Papers(office)
    for turn in range(6):
        payload = hold_of(gateway, f"A court asks, {turn}.")
        digest = await papers.prepare(Kind.HOLD, payload, PREPARER, title="A hold")
        await papers.add(digest, add_signature(None, Kind.HOLD, payload, officer), FILER)
        done = await asyncio.gather(
            papers.file(digest, FILER), papers.withdraw(digest, PREPARER), return_exceptions=True
        )
        in_force = digest in {each.hold for each in await Obligations(office.desk).holds()}
        if in_force:
            assert isinstance(done[1], PaperFiled), done
            assert (await papers.paper(digest)).line.filed == done[0]
        else:
            assert isinstance(done[0], NoSuchPaper), done
    # One that a command filed meanwhile is not taken away either.
    payload = hold_of(gateway, "A command was quicker.")
    digest = await papers.prepare(Kind.HOLD, payload, PREPARER, title="A hold")
    await Obligations(office.desk).place_hold(add_signature(None, Kind.HOLD, payload, officer))
    with pytest.raises(PaperFiled):
        await papers.withdraw(digest, PREPARER)
    assert digest not in {each.digest for each in await papers.listed()}, "it waits for nobody"
    assert (await papers.paper(digest)).line.filed is not None


async def test_an_approval_is_not_taken_away_while_what_it_approves_is_filed(gateway: Gateway) -> None:
    office, bundle, ring = await gateway.office(), another(gateway), gateway.deployment.ring
    papers, payload = Papers(office), bundle.agreement.canonical
    digest = await papers.prepare(Kind.AGREEMENT, payload, PREPARER, title="Z")
    for party in (bundle.agreement.district.id, bundle.agreement.partner.id):
        await papers.add(digest, add_signature(None, Kind.AGREEMENT, payload, ring.signer(party).key), PREPARER)
    approval = (await papers.add(digest, bundle.approval, FILER)).line.digest
    admin = await gateway.database.connection("admin")
    # Somebody else files just now, so that this filing waits while the approval is taken away.
    await admin.execute("SELECT pg_advisory_lock(hashtextextended('pactgate.filing', 0))")
    filing = asyncio.create_task(papers.file(digest, FILER))
    while not filing.done() and await admin.fetchval(WAITING) < 1:  # noqa: ASYNC110 - of another session
        await asyncio.sleep(0.01)
    taking = asyncio.create_task(papers.withdraw(approval, PREPARER))
    while not taking.done() and await admin.fetchval(WAITING) < 2:  # noqa: ASYNC110 - of another session
        await asyncio.sleep(0.01)
    await admin.execute("SELECT pg_advisory_unlock_all()")
    entry = await filing
    with pytest.raises(PaperFiled):
        await taking
    assert entry
    assert (await papers.paper(approval)).line.filed is not None


async def test_a_signature_whose_key_was_revoked_since_is_left_out_and_another_signer_takes_its_place(
    gateway: Gateway,
) -> None:
    office, bundle, ring = await gateway.office(), another(gateway), gateway.deployment.ring
    papers, admissions, (olivia, piotr) = Papers(office), Admissions(office.desk), (each.key for each in ring.officers)
    payload, partner = bundle.agreement.canonical, bundle.agreement.partner.id
    second = key_for("a second signer of the partner")
    signer = Signer(partner, ROLES[1], "Second Signer", second.public, DAY, DAY.replace(year=DAY.year + 1), LIMITS)
    await admissions.introduce_signer(Keyring.sign(Kind.SIGNER, signer_bytes(signer), piotr))
    digest = await papers.prepare(Kind.AGREEMENT, payload, PREPARER, title="Z")
    first = ring.signer(partner).key
    for key in (ring.signer(bundle.agreement.district.id).key, first):
        await papers.add(digest, add_signature(None, Kind.AGREEMENT, payload, key), PREPARER)
    await papers.add(digest, bundle.approval, FILER)
    assert (await papers.paper(digest)).line.is_complete
    await admissions.revoke(
        Keyring.sign(Kind.REVOCATION, revocation_bytes(Revocation(first.thumbprint, None, "Lost.")), olivia)
    )
    found = await papers.paper(digest)
    assert not found.line.is_complete
    assert first.thumbprint not in {each.kid for each in found.envelope.signatures}
    await papers.add(digest, add_signature(None, Kind.AGREEMENT, payload, second), PREPARER)
    assert await papers.file(digest, FILER)


async def test_a_revoked_key_that_signed_alone_stands_in_nobodys_way(gateway: Gateway) -> None:
    office, (olivia, piotr) = await gateway.office(), (each.key for each in gateway.deployment.ring.officers)
    papers, kind, payload = Papers(office), Kind.EMERGENCY_ORDER, emergency_order_bytes(replace(ORDER, begins=NOON))
    digest = await papers.prepare(kind, payload, PREPARER, title="An order")
    await papers.add(digest, add_signature(None, kind, payload, olivia), PREPARER)
    with pytest.raises(SignatureUnwanted):
        await papers.add(digest, add_signature(None, kind, payload, piotr), PREPARER)
    ended = revocation_bytes(Revocation(olivia.thumbprint, None, "Lost."))
    await Admissions(office.desk).revoke(Keyring.sign(Kind.REVOCATION, ended, olivia))
    await papers.add(digest, add_signature(None, kind, payload, piotr), PREPARER)
    assert (await papers.paper(digest)).line.is_complete
    assert await papers.file(digest, FILER)


async def test_an_officer_whose_order_nobody_reviewed_takes_no_place_under_the_next_one(idle_gateway: Gateway) -> None:
    papers, kind, over = Papers(await idle_gateway.office()), Kind.EMERGENCY_ORDER, NOON + timedelta(hours=ORDER.hours)
    await an_order(idle_gateway)  # by the second officer
    await idle_gateway.at(over)
    payload = emergency_order_bytes(replace(ORDER, id="emergency:the-next", begins=over))
    digest = await papers.prepare(kind, payload, PREPARER, title="The next order")
    olivia, piotr = (add_signature(None, kind, payload, each.key) for each in idle_gateway.deployment.ring.officers)
    with pytest.raises(PaperRefused, match="never reviewed"):
        await papers.add(digest, piotr, PREPARER)
    await papers.add(digest, olivia, PREPARER)
    assert await papers.file(digest, FILER)


async def test_whoever_drafted_an_agreement_approves_it_by_nobodys_hand(gateway: Gateway) -> None:
    office, bundle, ring = await gateway.office(), another(gateway), gateway.deployment.ring
    papers, drafter = Papers(office), bundle.agreement.people.drafted_by
    assert drafter in {each.key.thumbprint for each in ring.officers}
    digest = await papers.prepare(Kind.AGREEMENT, bundle.agreement.canonical, PREPARER, title="Z")
    with pytest.raises(PaperRefused, match="drafted"):
        await papers.approve(digest, drafter, FILER)
    assert (await papers.paper(digest)).approvals == ()


async def test_nobody_fills_the_list_alone_and_what_cannot_wait_is_prepared_however_long_it_is(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers, ring = Papers(await gateway.office()), gateway.deployment.ring
    signer = [
        signer_bytes(
            Signer(
                gateway.deployment.agreements[MENTORING].agreement.partner.id,
                ROLES[1],
                f"Signer {number}",
                key_for(f"signer {number}").public,
                DAY,
                DAY,
                LIMITS,
            )
        )
        for number in range(3)
    ]
    monkeypatch.setattr(kept, "MOST_OF_ONE", 1)
    await papers.prepare(Kind.SIGNER, signer[0], PREPARER, title="A")
    with pytest.raises(TooManyPapers):
        await papers.prepare(Kind.SIGNER, signer[1], PREPARER, title="B")
    await papers.prepare(Kind.SIGNER, signer[1], FILER, title="B")
    monkeypatch.setattr(kept, "MOST_OPEN", 1)
    with pytest.raises(TooManyPapers):
        await papers.prepare(Kind.SIGNER, signer[2], "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d12", title="C")
    assert await papers.prepare(Kind.HOLD, hold_of(gateway, "A court asks."), PREPARER, title="A hold")
    lost = revocation_bytes(Revocation(ring.officers[0].key.thumbprint, None, "Lost."))
    assert await papers.prepare(Kind.REVOCATION, lost, PREPARER, title="A key")


async def test_a_persons_own_key_spoils_neither_their_role_nor_the_end_of_their_stop(gateway: Gateway) -> None:
    office, room, third = await gateway.office(), StaffRoom(gateway), key_for("a third officer")
    papers, (olivia, piotr) = Papers(office), room.officers
    introduced = officer_bytes(OfficerIntroduction("Quinn Third", third.public, DAY, None, "A third officer."))
    await Admissions(office.desk).introduce_officer(Keyring.sign(Kind.OFFICER, introduced, olivia, piotr))
    person = await room.come_in(identity())
    await room.give(person, Role.OFFICER, officer_key=olivia.thumbprint)
    role = staff_role_bytes(room.role_for(person, Role.AUDITOR))
    given = await papers.prepare(Kind.STAFF_ROLE, role, PREPARER, title="A role")
    stop = await (await room.office()).suspend(person.id, "A browser was left open.")
    undone = reinstatement_bytes(Reinstatement(person.id, stop, "It was found."))
    lifted = await papers.prepare(Kind.REINSTATEMENT, undone, PREPARER, title="A stop undone")
    for digest, kind, payload, others in (
        (given, Kind.STAFF_ROLE, role, (piotr, third)),
        (lifted, Kind.REINSTATEMENT, undone, (piotr,)),
    ):
        with pytest.raises(SignatureUnwanted):
            await papers.add(digest, add_signature(None, kind, payload, olivia), PREPARER)
        for key in others:
            await papers.add(digest, add_signature(None, kind, payload, key), PREPARER)
        assert await papers.file(digest, FILER)


async def test_of_two_officers_the_one_who_wrote_an_order_down_reviews_it_if_the_other_ordered_it(
    gateway: Gateway,
) -> None:
    room, kind = StaffRoom(gateway), Kind.EMERGENCY_ORDER
    papers, (olivia, piotr) = Papers(await gateway.office()), room.officers
    person = await room.come_in(identity())
    await room.give(person, Role.OFFICER, officer_key=olivia.thumbprint)
    for orders, reviews in ((olivia, piotr), (piotr, olivia)):
        payload = emergency_order_bytes(replace(ORDER, id=f"emergency:by-{orders.thumbprint[:4].lower()}", begins=NOON))
        order = await papers.prepare(kind, payload, person.id, title="An order")
        await papers.add(order, add_signature(None, kind, payload, orders), person.id)
        await papers.file(order, person.id)
        words = words_only(EMERGENCY_ORDER, read_canonical(payload))
        said = approval_bytes(Approval(order, kind.value, reviews.thumbprint, words))
        prepared = papers.prepare(Kind.APPROVAL, said, person.id, title="A review", concerns=order)
        if orders is olivia:  # prepared and ordered by one person, who brings nobody's review of it either
            with pytest.raises(PaperRefused, match="another person does"):
                await prepared
            own = approval_bytes(Approval(order, kind.value, orders.thumbprint, words))
            with pytest.raises(PaperRefused, match="another person does"):  # whatever that key is called
                await papers.prepare(Kind.APPROVAL, own, person.id, title="A review", concerns=order)
            continue
        review = await prepared
        await papers.add(review, add_signature(None, Kind.APPROVAL, said, reviews), person.id)
        assert await papers.file(review, person.id)


async def test_nobody_of_the_partner_takes_the_one_place_under_a_decision_on_its_roster(gateway: Gateway) -> None:
    papers, kind = Papers(await gateway.office()), Kind.ROSTER_DECISION
    payload = roster_decision_bytes(replace(ROSTER, agreement=gateway.line(MENTORING)))
    digest = await papers.prepare(kind, payload, PREPARER, title="Roster 7: accept")
    for name in ("Rae Responsible", "Dana Decider"):
        signed = add_signature(None, kind, payload, await introduced(gateway, name))
        if name == "Rae Responsible":  # whom the partner's list names
            with pytest.raises(SignatureUnwanted):
                await papers.add(digest, signed, PREPARER)
        else:
            assert (await papers.add(digest, signed, PREPARER)).line.is_complete


async def test_nobody_signs_for_both_partners_and_leaves_a_paper_that_cannot_be_filed(gateway: Gateway) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    papers, kind, names = Papers(office), Kind.SUCCESSION, ("partner:bright-path", "partner:brighter-path")
    payload = succession_bytes(Succession(*names, "rename", DAY, "It has a new name."))
    digest, one, last = await papers.prepare(kind, payload, PREPARER, title="A"), ring.signer(names[0]), DAY + A_YEAR
    keys = [key_for("the same person for the successor"), key_for("somebody else there")]
    for name, key in zip((one.name, "Somebody Else"), keys, strict=True):
        said = signer_bytes(Signer(names[1], ROLES[1], name, key.public, DAY, last, LIMITS))
        await Admissions(office.desk).introduce_signer(Keyring.sign(Kind.SIGNER, said, ring.officers[1].key))
    mine, same, others = [add_signature(None, kind, payload, key) for key in (one.key, *keys)]
    await papers.add(digest, mine, PREPARER)
    with pytest.raises(PaperRefused, match="One person signed for both parties"):
        await papers.add(digest, same, PREPARER)
    assert [each.is_met for each in (await papers.add(digest, others, PREPARER)).line.needs] == [True, True, False]
