"""Each kind of paper is brought into force by the service that judges it, once everybody signed who must."""

import datetime as dt
from dataclasses import replace

import pytest

from agreements.canonical import canonical_bytes, read_canonical
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.classification import Verdict
from agreements.documents.debarment import Debarment, debarment_bytes, earliest_end
from agreements.documents.emergency import EMERGENCY_ORDER, emergency_order_bytes
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.staff_role import staff_role_bytes
from agreements.keys import SigningKey
from agreements.lifecycle import Standing
from agreements.roles import Role
from agreements.shapes import words_only
from agreements.signature import Kind, add_signature
from gateway.services.obligations.owed import Obligations
from gateway.services.office import Office
from gateway.services.papers.errors import PaperFiled, PaperIncomplete, PaperRefused, SignatureUnwanted, TooManyPapers
from gateway.services.papers.kept import MOST_OPEN
from gateway.services.papers.papers import Papers
from gateway.services.staff.office import StaffOffice
from tests.factories.agreements import SignedAgreement, client_id, rae
from tests.factories.cohort import DAY, MENTORING
from tests.factories.gateway import NOON, Gateway
from tests.factories.partners import ORDER
from tests.factories.staffing import StaffRoom, identity
from tests.factories.stewards import Stewards, classification, confirmation
from tests.factories.witness import VKEY
from tests.factories.witnessing import naming

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

PREPARER, FILER = "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d10", "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d11"

ORDERED = emergency_order_bytes(replace(ORDER, id="emergency:another", begins=NOON))
FILED = 13
EVENTS = {
    "agreement.activated",
    "role.given",
    "staff.activated",
    "hold.placed",
    "hold.released",
    "emergency.ordered",
    "emergency.reviewed",
    "codes.classified",
    "people.named",
    "client.registered",
    "key.revoked",
    "witnesses.named",
    "partner.debarred",
}


class Desk:
    """Prepares, signs and files papers at one gateway."""

    def __init__(self, gateway: Gateway, papers: Papers) -> None:
        self.gateway, self.papers = gateway, papers
        self.ring = gateway.deployment.ring
        self.officers = [each.key for each in gateway.deployment.ring.officers]

    async def prepare(self, kind: Kind, payload: bytes, concerns: str | None = None) -> str:
        return await self.papers.prepare(kind, payload, PREPARER, title=kind.value, concerns=concerns)

    async def sign(self, digest: str, *keys: SigningKey) -> None:
        for key in keys:
            found = (await self.papers.paper(digest)).envelope
            await self.papers.add(digest, add_signature(None, found.kind, found.payload, key), FILER)

    async def through(self, kind: Kind, payload: bytes, *keys: SigningKey, approver: int | None = None) -> int:
        """File a paper that lacks its last signature until it has it; return the entry."""
        digest = await self.prepare(kind, payload)
        await self.sign(digest, *keys[:-1])
        with pytest.raises(PaperIncomplete):
            await self.papers.file(digest, FILER)
        await self.sign(digest, keys[-1])
        if approver is not None:
            with pytest.raises(PaperIncomplete):
                await self.papers.file(digest, FILER)
            officer = self.officers[approver]
            await self.sign(await self.papers.approve(digest, officer.thumbprint, FILER), officer)
        return await self.papers.file(digest, FILER)


async def stops(desk: Desk, office: Office) -> None:
    """Stops and what undoes them, of an agreement and of somebody who signs in."""
    digest, (olivia, piotr) = desk.gateway.digest(MENTORING), desk.officers
    stop = await office.suspensions.stop_agreement(digest, Standing.SUSPENDED, "A question.")
    await desk.through(Kind.REINSTATEMENT, reinstatement_bytes(Reinstatement(digest, stop, "It is answered.")), olivia)
    room = StaffRoom(desk.gateway)
    person = await room.come_in(identity())
    await desk.through(Kind.STAFF_ROLE, staff_role_bytes(room.role_for(person, Role.STEWARD)), olivia, piotr)
    stop = await StaffOffice(office.desk).suspend(person.id, "A laptop is lost.")
    await desk.through(Kind.REINSTATEMENT, reinstatement_bytes(Reinstatement(person.id, stop, "Found.")), piotr)


async def orders(desk: Desk) -> None:
    """What officers keep, release, order and review."""
    digest, (olivia, piotr) = desk.gateway.digest(MENTORING), desk.officers
    hold = hold_bytes(Hold(digest, "legal", DAY, "A court asks."))
    await desk.through(Kind.HOLD, hold, olivia)
    held = await desk.prepare(Kind.HOLD, hold)
    with pytest.raises(PaperFiled):
        await desk.papers.file(held, FILER)
    # A command filed it meanwhile, or this process died in between: it is only noted.
    by_command = hold_bytes(Hold(digest, "legal", DAY, "Another court asks."))
    prepared = await desk.prepare(Kind.HOLD, by_command)
    await desk.sign(prepared, olivia)
    office = await desk.gateway.office()
    entry = await Obligations(office.desk).place_hold((await desk.papers.paper(prepared)).envelope)
    assert await desk.papers.file(prepared, FILER) == entry
    await desk.through(Kind.RELEASE, release_bytes(Release(held, "The case is closed.")), piotr)
    order = emergency_order_bytes(replace(ORDER, begins=NOON))
    await desk.through(Kind.EMERGENCY_ORDER, order, piotr)
    ordered, words = await desk.prepare(Kind.EMERGENCY_ORDER, order), words_only(EMERGENCY_ORDER, read_canonical(order))
    said = Approval(ordered, Kind.EMERGENCY_ORDER.value, olivia.thumbprint, words)
    # Whoever prepared the order prepares no review of it.
    with pytest.raises(PaperRefused, match="another person"):
        await desk.prepare(Kind.APPROVAL, approval_bytes(said))
    review = await desk.papers.prepare(Kind.APPROVAL, approval_bytes(said), FILER, title="A review")
    with pytest.raises(SignatureUnwanted):
        await desk.sign(review, piotr)  # it names who approves
    await desk.sign(review, olivia)
    await desk.papers.file(review, FILER)


async def stewards(desk: Desk) -> None:
    """Codes by two stewards. A load takes its confirmation itself: it is there, signed, to be handed over."""
    keys = (await Stewards.introduced(desk.gateway)).keys
    await desk.through(Kind.CODE_CLASSIFICATION, classification(("000094", "Suspended 1", Verdict.OPEN)), *keys)
    confirmed = await desk.prepare(Kind.LOAD_CONFIRMATION, confirmation())
    await desk.sign(confirmed, *keys)
    assert not (await desk.papers.paper(confirmed)).filed_here
    with pytest.raises(PaperRefused, match="download"):
        await desk.papers.file(confirmed, FILER)
    with pytest.raises(PaperRefused, match="in office"):
        await desk.papers.approve(await desk.prepare(Kind.EMERGENCY_ORDER, ORDERED), keys[0].thumbprint, FILER)
    with pytest.raises(PaperRefused, match="takes no approval"):
        await desk.papers.approve(confirmed, desk.officers[0].thumbprint, FILER)


async def partners(desk: Desk) -> None:
    """A list of people and a program's keys, by the partner's signer and an officer; then the end of both."""
    bundle, ring, (olivia, piotr) = desk.gateway.deployment.agreements[MENTORING], desk.ring, desk.officers
    signer = ring.signer(bundle.agreement.partner.id).key
    await desk.through(
        Kind.PEOPLE_ANNEX, ring.people(bundle, rae(name="Rae R. Responsible")).envelope.payload, signer, approver=0
    )
    binding = ring.binding(bundle, client_id("on the pages"), [ring.key("a program", "ES256").public.jwk])
    await desk.through(Kind.CLIENT_BINDING, binding.envelope.payload, signer, approver=0)
    await desk.through(Kind.REVOCATION, revocation_bytes(Revocation(signer.thumbprint, None, "Lost.")), olivia)
    with pytest.raises(PaperRefused, match="revoked"):
        await desk.sign(await desk.prepare(Kind.AGREEMENT, drafted_bytes(bundle)), signer)
    named = naming([(VKEY, "https://witness.example/add")], [olivia])
    await desk.through(Kind.WITNESSES, named.payload, olivia, piotr)
    cause, until = "improper_redisclosure", earliest_end(DAY)
    debarred = Debarment(bundle.agreement.partner.id, cause, DAY, until, "They passed records on.")
    await desk.through(Kind.DEBARMENT, debarment_bytes(debarred), olivia, piotr)


def drafted_bytes(bundle: SignedAgreement) -> bytes:
    return canonical_bytes({**bundle.agreement.content, "id": "agreement:of-later"})


async def test_every_kind_comes_into_force_by_its_own_service_and_names_who_filed_it(
    idle_gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    await idle_gateway.serve()
    office = await idle_gateway.office()
    desk, start = Desk(idle_gateway, Papers(office)), await idle_gateway.size()
    with pytest.raises(PaperRefused, match="not prepared on a page"):
        await desk.prepare(Kind.ERASURE, b"{}")
    with pytest.raises(PaperRefused):
        await desk.prepare(Kind.HOLD, b'{"format": "pactgate-hold/1"}')  # neither canonical nor whole
    await stops(desk, office)
    await orders(desk)
    await stewards(desk)
    await partners(desk)
    entries = await idle_gateway.entries(start)
    filed = [each for each in entries if each["event"] == "paper.filed"]
    assert {each["person"] for each in filed} == {FILER}
    documents = {str(each["concerns"]): None for each in filed}
    assert len(documents) == len(filed) == FILED
    assert {str(each["event"]) for each in entries} >= EVENTS
    assert not [each for each in caplog.messages if "document_missing" in each]

    # A list that nobody could look through is no list; and what nobody signs goes after thirty days.
    for number in range(MOST_OPEN - len(await desk.papers.listed())):
        released = release_bytes(Release(f"sha256:{number:064x}", "They have seen it."))
        await desk.papers.prepare(Kind.RELEASE, released, (PREPARER, FILER, "user:3")[number % 3], title="A release")
    with pytest.raises(TooManyPapers):
        await desk.prepare(Kind.RELEASE, release_bytes(Release("sha256:" + "a" * 64, "One more.")))
    # A stop never waits, however long the list is.
    stop = await desk.prepare(
        Kind.REVOCATION, revocation_bytes(Revocation(desk.officers[0].thumbprint, None, "Stolen."))
    )
    assert stop in {each.digest for each in await desk.papers.listed()}
    await idle_gateway.at(NOON + dt.timedelta(days=31))
    assert await desk.papers.listed() == ()
