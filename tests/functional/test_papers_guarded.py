"""What a paper is not taken for: a review that nobody registered, an approval by whoever prepared it, one too old."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from agreements.canonical import read_canonical
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.emergency import EMERGENCY_ORDER, emergency_order_bytes
from agreements.documents.hold import Hold, hold_bytes
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.shapes import words_only
from agreements.signature import Kind, add_signature
from gateway.services.admissions import Admissions
from gateway.services.drafts.offering import drafted
from gateway.services.onboarding import Onboarding
from gateway.services.papers.errors import NoSuchPaper, PaperIncomplete, PaperRefused
from gateway.services.papers.kept import LASTS
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.papers.papers import Papers
from gateway.services.upkeep import upkeep
from gateway.store.papers import FORGET_PAPERS
from tests.factories.agreements import SPS_B, Keyring, SignedAgreement, key_for
from tests.factories.authenticator import Authenticator
from tests.factories.cohort import DAY, MENTORING, TUTORING
from tests.factories.emergencies import a_release
from tests.factories.gateway import NOON, Gateway
from tests.factories.partners import ORDER
from tests.factories.unhurried import PATIENCE

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

PREPARER, FILER = "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d10", "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d11"


def another(gateway: Gateway) -> SignedAgreement:
    partner = gateway.deployment.agreements[MENTORING].agreement.content["partner"]
    return gateway.deployment.ring.agreement(SPS_B, changes={"/partner": partner, "/id": "agreement:z", "/title": "Z"})


async def test_a_review_waits_until_its_order_is_in_force_and_is_filed_by_the_entry_that_registered_it(
    gateway: Gateway,
) -> None:
    office = await gateway.office()
    papers, (olivia, piotr) = Papers(office), (each.key for each in gateway.deployment.ring.officers)
    payload = emergency_order_bytes(replace(ORDER, begins=NOON))
    order = await papers.prepare(Kind.EMERGENCY_ORDER, payload, PREPARER, title="An order")
    words = words_only(EMERGENCY_ORDER, read_canonical(payload))
    said = approval_bytes(Approval(order, Kind.EMERGENCY_ORDER.value, olivia.thumbprint, words))
    early = add_signature(None, Kind.APPROVAL, said, olivia)
    await papers.add(order, add_signature(None, Kind.EMERGENCY_ORDER, payload, piotr), FILER)
    # Filed with the order it would look filed, and nothing would be registered.
    for prepared in (papers.approve(order, olivia.thumbprint, FILER), papers.add(order, early, FILER)):
        with pytest.raises(PaperRefused, match="once it is in force"):
            await prepared
    await papers.file(order, FILER)
    own = approval_bytes(Approval(order, Kind.EMERGENCY_ORDER.value, piotr.thumbprint, words))
    with pytest.raises(PaperRefused, match="who ordered the disclosure does not review it"):
        await papers.prepare(Kind.APPROVAL, own, FILER, title="A review", concerns=order)
    review = (await papers.add(order, early, FILER)).line.digest
    entry = await papers.file(review, FILER)
    _, registry = await office.desk.registry()
    assert {each.digest: each.index for each in registry.register.stored}[review] == entry
    reviewed = [each.verified.reviewed_by for each in registry.emergency_orders if each.verified.digest == order]
    assert [each.key for each in reviewed if each is not None] == [olivia.public]


async def test_an_approval_that_came_beside_a_commands_own_is_not_said_to_be_filed(gateway: Gateway) -> None:
    office, bundle, ring = await gateway.office(), another(gateway), gateway.deployment.ring
    papers, officer = Papers(office), ring.officers[0].key
    digest = await papers.prepare(Kind.AGREEMENT, bundle.agreement.canonical, PREPARER, title="Z")
    for party in (bundle.agreement.district.id, bundle.agreement.partner.id):
        signature = add_signature(None, Kind.AGREEMENT, bundle.agreement.canonical, ring.signer(party).key)
        await papers.add(digest, signature, PREPARER)
    page = await papers.approve(digest, officer.thumbprint, FILER, [f"sha256:{'ab' * 32}"])
    found = (await papers.paper(page)).envelope
    await papers.add(page, add_signature(None, Kind.APPROVAL, found.payload, officer), FILER)
    # A command files the same agreement meanwhile, with an approval of its own.
    await Onboarding(office.desk).activate((await papers.paper(digest)).envelope, [bundle.approval])
    entry = await papers.file(digest, FILER)
    assert (await papers.paper(digest)).line.filed == entry
    assert (await papers.paper(page)).line.filed is None
    later = await papers.file(page, FILER)
    assert later > entry
    assert (await papers.paper(page)).line.filed == later


async def test_a_passkey_that_was_made_here_is_known_as_its_makers_when_they_prepare_or_draft(gateway: Gateway) -> None:
    office, bundle, ring = await gateway.office(), another(gateway), gateway.deployment.ring
    papers, passkey = Papers(office), Authenticator("the preparer's", "localhost", "https://localhost")
    introduced = officer_bytes(OfficerIntroduction("Pat Both", passkey.public, DAY, None, "A third officer."))
    await Admissions(office.desk).introduce_officer(
        Keyring.sign(Kind.OFFICER, introduced, *(each.key for each in ring.officers))
    )
    own = OwnPasskeys(office)
    await own.keep(passkey.public.thumbprint, PREPARER)
    await own.keep(key_for("no officer's").thumbprint, PREPARER)
    digest = await papers.prepare(Kind.AGREEMENT, bundle.agreement.canonical, PREPARER, title="Z")
    # Not by anybody's click, and not by a file that somebody else brings.
    with pytest.raises(PaperRefused, match="another person"):
        await papers.approve(digest, passkey.public.thumbprint, FILER)
    said = approval_bytes(Approval(digest, "agreement", passkey.public.thumbprint, bundle.agreement.words_only))
    with pytest.raises(PaperRefused, match="another person"):
        await papers.add(digest, passkey.sign(Kind.APPROVAL, said), FILER)
    assert await papers.approve(digest, ring.officers[0].key.thumbprint, FILER)
    # What they write names that key as the drafter's, so that they will not approve it.
    moment, registry = await office.desk.registry()
    keys = await own.officers_keys(registry)
    assert await own.in_office(registry, moment, PREPARER) == (passkey.public.thumbprint,)
    assert await own.in_office(registry, moment, FILER) == ()
    assert keys[PREPARER] == {passkey.public.thumbprint}
    assert drafted({}, keys, PREPARER) == {"people": {"drafted_by": passkey.public.thumbprint}}
    # One that was revoked stays theirs, and is offered to sign nothing.
    lost = revocation_bytes(Revocation(passkey.public.thumbprint, None, "Lost."))
    await office.admissions.revoke(Keyring.sign(Kind.REVOCATION, lost, *(each.key for each in ring.officers)))
    moment, registry = await office.desk.registry()
    assert (await own.officers_keys(registry))[PREPARER] == {passkey.public.thumbprint}
    assert await own.in_office(registry, moment, PREPARER) == ()


async def test_a_paper_is_over_after_thirty_days_though_nobody_opened_the_list(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve()
    papers, officer = Papers(await gateway.office()), gateway.deployment.ring.officers[0].key
    payload = hold_bytes(Hold(gateway.digest(TUTORING), "legal", DAY, "A court asks."))
    signed = add_signature(None, Kind.HOLD, payload, officer)
    hold = await papers.prepare(Kind.HOLD, payload, PREPARER, title="A hold")
    await papers.add(hold, signed, FILER)
    await gateway.at(NOON + LASTS + timedelta(days=1))
    for late in (papers.file(hold, FILER), papers.add(hold, signed, FILER), papers.withdraw(hold, FILER)):
        with pytest.raises(NoSuchPaper):
            await late
    # Prepared again it is a new one, that nobody signed.
    assert await papers.prepare(Kind.HOLD, payload, PREPARER, title="A hold") == hold
    with pytest.raises(PaperIncomplete):
        await papers.file(hold, FILER)


async def test_a_paper_goes_after_thirty_days_by_itself_and_with_it_what_opens_its_commitment(
    idle_gateway: Gateway,
) -> None:
    gateway = idle_gateway
    digest, hold = await a_release(gateway, "ximena"), hold_bytes(Hold(gateway.digest(TUTORING), "legal", DAY, "Z"))
    papers, app = Papers(await gateway.office()), await gateway.database.pool("app", size=1)
    filed = await papers.prepare(Kind.HOLD, hold, PREPARER, title="A hold")
    await papers.add(filed, add_signature(None, Kind.HOLD, hold, gateway.deployment.ring.officers[0].key), FILER)
    await papers.file(filed, FILER)
    clerk, salts = await gateway.database.connection("loader"), "SELECT count(*) FROM gateway.paper_salt"
    # What serves can neither read nor keep it.
    for forbidden in (salts, "SELECT digest FROM gateway.paper", "DELETE FROM gateway.paper_salt"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(forbidden)
    await gateway.at(NOON + LASTS - timedelta(hours=1))
    assert await app.fetchval(FORGET_PAPERS) == 0
    await gateway.at(NOON + LASTS + timedelta(hours=1))
    async with upkeep(app, every=0.01), asyncio.timeout(PATIENCE):
        while await clerk.fetchval(salts):  # noqa: ASYNC110 - the work says nothing when it is done
            await asyncio.sleep(0.02)
    with pytest.raises(NoSuchPaper):
        await papers.paper(digest)
    assert (await papers.paper(filed)).line.filed is not None
