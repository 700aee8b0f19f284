"""Certificates of destruction prepared on a page: the figures are the log's, when they are drawn up and when filed."""

import re

import pytest

from agreements.documents.destruction import read_certificate
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.keys import SigningKey
from agreements.lifecycle import Standing
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.obligations.owed import Obligations
from gateway.services.papers.errors import PaperRefused
from tests.console.test_console_papers import bring
from tests.factories.acceptances import somebody_leaves
from tests.factories.cohort import DAY, FOLLOW_UP, TUTORING
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH, HARBOR
from tests.factories.papers import papers_of, signed_file
from tests.factories.staff import Browser

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.claim(1),
    pytest.mark.ferpa("X2"),
]
TOLD = {
    "what": "Every copy.",
    "method": "purge",
    "how": "Drives were purged.",
    "destroyed_on": str(DAY),
    "who": "Rae Responsible",
    "witness": "Hal Head",
}


async def drawn_up(browser: Browser, agreement: str, **changes: str) -> tuple[int, str]:
    """Have a certificate prepared; return the status, and the page of the paper or what was said."""
    form = {"csrf": await browser.token(), **TOLD, **changes}
    answer = await browser.post(f"/console/agreements/{agreement}/destruction/certificate", form)
    return answer.status_code, answer.headers.get("location", answer.text)


async def filed(browser: Browser, paper: str) -> tuple[int, str]:
    answer = await browser.post(f"{paper}/file", {"csrf": await browser.token()})
    return answer.status_code, answer.text


async def signed(browser: Browser, paper: str, key: SigningKey) -> tuple[int, str]:
    """Bring a signature file of the certificate on this page."""
    payload = (await browser.get(f"{paper}/document")).content
    return await bring(browser, paper.rpartition("/")[2], signed_file(Kind.CERTIFICATE, payload, key))


async def linked(browser: Browser, paper: str, party: str, url: str) -> tuple[Browser, str]:
    """Return the browser of a partner's signer who opened the link to a paper, and the link's code."""
    form = {"csrf": await browser.token(), "party": party}
    invited = await browser.post(f"{paper}/invitations", form)
    (code,) = set(re.findall(r"/sign#([\w-]+)", invited.text))
    guest = Browser(browser.http, url)
    assert (await guest.post("/sign", {"code": code})).status_code == 303
    return guest, code


@pytest.mark.claim(9)
async def test_who_left_is_counted_on_pages_and_figures_that_no_longer_hold_are_refused(shared: Console) -> None:
    gateway, digest = shared.gateway, shared.gateway.digest(TUTORING)
    officer, start = await shared.as_a(Role.OFFICER), await gateway.size()
    await gateway.ask(TUTORING)
    page = f"/console/agreements/{digest}/destruction"
    assert "There is nothing to certify now." in (await officer.get(page)).text
    assert (await drawn_up(officer, digest, covers="leavers"))[0] == 409
    await somebody_leaves(shared)
    assert "the records of 1 student who left" in (await officer.get(page)).text
    status, paper = await drawn_up(officer, digest, covers="leavers")
    assert status == 303, paper

    # The record codes are in the bytes that are signed, and on no page of theirs.
    (code,) = read_certificate((await officer.get(f"{paper}/document")).content).leavers
    guest, _ = await linked(officer, paper, f"partner:{BRIGHT_PATH}", gateway.url)
    for browser, address in ((officer, paper), (officer, page), (officer, "/console/papers"), (guest, "/sign")):
        shown = (await browser.get(address)).text
        assert code not in shown, address
        assert ("1 of them, which stand in the document itself" in shown) == (address in {paper, "/sign"}), address

    # Something left on the last day on which the student was covered, after it was drawn up: it answers for too little.
    signer = gateway.deployment.ring.signer(f"partner:{BRIGHT_PATH}").key
    assert (await signed(officer, paper, signer))[0] == 303
    await gateway.ask(TUTORING)
    status, said = await filed(officer, paper)
    assert (status, "There are later disclosures" in said) == (409, True), said
    _, paper = await drawn_up(officer, digest, covers="leavers")
    assert (await signed(officer, paper, signer))[0] == 303
    assert (await filed(officer, paper))[0] == 303
    (entry,) = await shared.entries(start, "certificate.received")
    assert (entry["covers"], entry["leavers"], entry["disclosures"]) == ("leavers", 1, 2)
    assert "Nobody left" in (await drawn_up(officer, digest, covers="leavers"))[1]


@pytest.mark.claim(12)
async def test_all_of_it_is_certified_by_the_partners_signer_once_it_is_over_and_closes_the_agreement(
    shared: Console,
) -> None:
    gateway, ring, digest = shared.gateway, shared.gateway.deployment.ring, shared.gateway.digest(FOLLOW_UP)
    administrator, start = await shared.as_a(Role.ADMINISTRATOR), await gateway.size()
    await gateway.ask(FOLLOW_UP)
    assert "was not over on the day" in (await drawn_up(administrator, digest, covers="whole"))[1]
    await shared.office.suspensions.stop_agreement(digest, Standing.TERMINATED, "The partner asked for it.")
    for changes, because in (
        ({"witness": TOLD["who"]}, "witnessed by the person who carried it out"),
        ({"destroyed_on": "2027-03-11"}, "after it was received"),
        ({"destroyed_on": "2027-03-09"}, "was not over on the day"),
    ):
        status, said = await drawn_up(administrator, digest, covers="whole", **changes)
        assert (status, because in said) == (409, True), said
    status, paper = await drawn_up(administrator, digest, covers="whole")
    assert status == 303, paper
    assert read_certificate((await administrator.get(f"{paper}/document")).content).disclosures.count == 1
    for role in (Role.STEWARD, Role.AUDITOR):
        assert (await (await shared.as_a(role)).get(paper)).status_code == 403, role

    # Another party's signature is not taken; the link takes that of the partner's signer, once.
    partner = f"partner:{BRIGHT_PATH}"
    agreement = gateway.deployment.agreements[FOLLOW_UP].agreement
    others = (ring.signer(agreement.district.id).key, ring.signer(f"partner:{HARBOR}").key, ring.officers[0].key)
    for key in (*others, ring.key("anybody")):
        assert (await signed(administrator, paper, key))[0] == 409
    assert (await filed(administrator, paper))[0] == 409
    guest, code = await linked(administrator, paper, partner, gateway.url)
    payload = (await guest.get("/sign/document")).content
    for key, status in ((others[1], 409), (ring.signer(partner).key, 200)):
        sent = await guest.post("/sign/signatures", {"signature": signed_file(Kind.CERTIFICATE, payload, key)})
        assert sent.status_code == status, sent.text
    assert (await guest.post("/sign", {"code": code})).status_code == 404

    # An open hold beats it, and without a word on the families that wait nothing is certified.
    obligations, officer = Obligations(shared.office.desk), ring.officers[0].key
    hold = ring.sign(Kind.HOLD, hold_bytes(Hold(digest, "legal", DAY, "A court asks.")), officer)
    await obligations.place_hold(hold)
    assert (await drawn_up(administrator, digest, covers="whole", what="All."))[0] == 409
    status, said = await filed(administrator, paper)
    assert (status, "a hold was open" in said) == (409, True), said
    await obligations.release_hold(ring.sign(Kind.RELEASE, release_bytes(Release(hold.digest, "It is over.")), officer))
    with pytest.raises(PaperRefused, match="waits to inspect"):
        await (await papers_of(shared)).file(paper.rpartition("/")[2], shared.people[Role.ADMINISTRATOR].id)
    assert await shared.entries(start, "certificate.received") == []
    assert (await filed(administrator, paper))[0] == 303
    events = {each["event"] for each in await gateway.entries(start)}
    assert {"certificate.received", "agreement.closed", "paper.filed"} <= events
    page = (await administrator.get(f"/console/agreements/{digest}/destruction")).text
    assert "for everything, purged" in page
    assert "There is nothing to certify now." in page
