"""Papers on the pages: nothing counts before everybody signed with their own key, and who prepares does not approve."""

import re

import pytest

from agreements.documents.signer import Signer, signer_bytes
from agreements.roles import Role
from agreements.signature import Kind, read_envelope
from tests.factories.cohort import DAY
from tests.factories.console import Console
from tests.factories.gateway import NOON
from tests.factories.papers import drafted, held, papers_of, prepared, signed_file, signed_paper
from tests.factories.staff import Browser

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]


async def bring(browser: Browser, digest: str, signature: str) -> tuple[int, str]:
    answer = await browser.post(
        f"/console/papers/{digest}/signatures", {"csrf": await browser.token(), "signature": signature}
    )
    return answer.status_code, answer.headers.get("location", answer.text)


async def test_an_agreement_is_signed_approved_and_filed_on_the_pages(console: Console) -> None:
    bundle, ring = drafted(console), console.gateway.deployment.ring
    digest, payload = await prepared(console, bundle), bundle.agreement.canonical
    administrator, officer = await console.as_a(Role.ADMINISTRATOR), await console.as_a(Role.OFFICER)
    page, token = f"/console/papers/{digest}", await administrator.token()
    start = await console.gateway.size()

    # What it says stands there, and exactly its bytes can be fetched.
    shown = (await administrator.get(page)).text
    assert bundle.agreement.title in shown
    assert (await administrator.get(f"{page}/document")).content == payload
    # Nothing is filed before anybody signed, nor with one party alone, nor without an approval.
    assert (await administrator.post(f"{page}/file", {"csrf": token})).status_code == 409
    for party in (bundle.agreement.partner.id, bundle.agreement.district.id):
        status, _ = await bring(administrator, digest, signed_file(Kind.AGREEMENT, payload, ring.signer(party).key))
        assert status == 303
        refused = await administrator.post(f"{page}/file", {"csrf": token})
        assert (refused.status_code, "Nothing was filed" in refused.text) == (409, True)
        # Who signed stands there as people write the name, and not as names are compared.
        (name,) = (await console.office.desk.registry())[1].authority.written_names_of(
            ring.signer(party).key.thumbprint
        )
        assert name in (await administrator.get(page)).text.split("Signatures so far")[1]
    # Whoever prepared it prepares no approval of it, and brings none.
    key = ring.officers[0].key
    form = {"csrf": token, "key": key.thumbprint}
    assert (await administrator.post(f"{page}/approvals", form)).status_code == 409
    assert (await bring(administrator, digest, bundle.approval.text))[0] == 409

    made = await officer.post(f"{page}/approvals", {"csrf": await officer.token(), "key": key.thumbprint})
    assert made.status_code == 303
    approval = made.headers["location"]
    assert "Waiting for me</a>" not in (await officer.get("/console/papers")).text
    raw = (await officer.get(f"{approval}/document")).content
    digest_of_approval = approval.rpartition("/")[2]
    assert (await bring(officer, digest_of_approval, signed_file(Kind.APPROVAL, raw, key)))[0] == 303
    assert (await administrator.post(f"{approval}/file", {"csrf": token})).status_code in {403, 409}
    whole = (await administrator.get(f"{page}/signed")).content
    assert len(read_envelope(whole, Kind.AGREEMENT).signatures) == 2
    filed = await administrator.post(f"{page}/file", {"csrf": token})
    assert filed.status_code == 303, filed.text

    assert "It is filed" in (await administrator.get(page)).text
    (entry,) = await console.entries(start, "paper.filed")
    assert (entry["concerns"], entry["person"]) == (digest, console.people[Role.ADMINISTRATOR].id)
    assert len(await console.entries(start, "agreement.activated")) == 1
    assert (await administrator.get(f"/console/agreements/{digest}")).status_code == 200
    assert (await administrator.post(f"{page}/withdraw", {"csrf": token})).status_code == 409
    assert (await administrator.post(f"{page}/file", {"csrf": token})).status_code == 409


async def test_a_signature_by_the_wrong_key_or_over_other_bytes_is_not_taken_and_each_kind_has_its_roles(
    console: Console,
) -> None:
    bundle, ring = drafted(console), console.gateway.deployment.ring
    digest, payload = await prepared(console, bundle), bundle.agreement.canonical
    administrator = await console.as_a(Role.ADMINISTRATOR)
    partner = ring.signer(bundle.agreement.partner.id).key
    other = drafted(console, "agreement:another").agreement.canonical
    good = signed_file(Kind.AGREEMENT, payload, partner)
    forged = re.sub(r'"signature":"(.)', lambda found: f'"signature":"{"A" if found[1] != "A" else "B"}', good)
    for signature, because in (
        ("", "no signature file"),
        ("{}", "no signature file"),
        (signed_file(Kind.AGREEMENT, other, partner), "signs another document"),
        (signed_file(Kind.APPROVAL, payload, partner), "signs another document"),
        (signed_file(Kind.AGREEMENT, payload, ring.key("anybody")), "unknown key"),
        (signed_file(Kind.AGREEMENT, payload, ring.officers[0].key), "none of those that sign"),
        (forged, "does not verify"),
    ):
        status, said = await bring(administrator, digest, signature)
        assert (status, because in said) == (409, True), (because, said)
    status, said = await bring(administrator, digest, ring.key("anybody").export_pem().decode())
    assert (status, "This is a private key" in said) == (400, True), said
    assert (await bring(administrator, digest, good))[0] == 303
    assert (await bring(administrator, digest, good))[0] == 303  # the same again is no second one
    assert len((await (await papers_of(console)).paper(digest)).added) == 1

    hold = await held(console)
    for role, status in ((Role.OFFICER, 200), (Role.ADMINISTRATOR, 403), (Role.STEWARD, 403), (Role.AUDITOR, 403)):
        browser = await console.as_a(role)
        assert (await browser.get(f"/console/papers/{hold}")).status_code == status, role
        listed = await browser.get("/console/papers")
        assert ("A hold on the records" in listed.text) == (role is Role.OFFICER)
    unknown = await (await console.as_a(Role.OFFICER)).get("/console/papers/sha256:" + "0" * 64)
    assert unknown.status_code == 404

    papers, person = await papers_of(console), console.people[Role.OFFICER].id
    signer = Signer(
        "partner:bright-path", "partner_signer", "New Signer", ring.key("new").public, DAY, DAY, ("agreement",)
    )
    first = await papers.prepare(Kind.SIGNER, signer_bytes(signer), person, title="A signer")
    assert await papers.prepare(Kind.SIGNER, signer_bytes(signer), person, title="Again") == first
    line = next(each for each in await papers.listed(person) if each.digest == first)
    assert (line.title, line.for_me, line.is_complete) == ("A signer", True, False)
    await papers.add(first, await signed_paper(console, first, ring.officers[0].key), person)
    assert {each.is_complete for each in await papers.listed(person) if each.digest == first} == {True}
    await console.gateway.at(NOON.replace(month=NOON.month + 2))
    assert await papers.listed(person) == ()
