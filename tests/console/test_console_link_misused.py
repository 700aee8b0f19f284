"""Somebody who has a link to sign, and no key, fills no list, tries uncounted nowhere, and learns no other's keys."""

import asyncio

import httpx2
import pytest

from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.signer import LIMITS, ROLES, Signer, signer_bytes
from agreements.signature import Envelope, Kind, Signature, add_signature
from gateway.services.admissions import Admissions
from gateway.services.papers.errors import InvitationOver, PaperRefused
from gateway.services.papers.invitations import Invitations
from tests.factories.agreements import key_for
from tests.factories.authenticator import Authenticator
from tests.factories.cohort import DAY
from tests.factories.console import Console
from tests.factories.papers import drafted, invited, papers_of
from tests.factories.staff import Browser

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]


def claimed(signed: Envelope, kid: str) -> Envelope:
    """The same document, with the signature said to be by another key."""
    made = add_signature(None, signed.kind, signed.payload, key_for("anybody")).signatures[0]
    assert isinstance(made, Signature)
    return Envelope(signed.kind, signed.payload, (Signature(kid, made.protected, made.signature),))


async def test_a_link_takes_a_signature_of_its_own_document_alone_and_wrong_ones_are_counted(console: Console) -> None:
    bundle, ring = drafted(console), console.gateway.deployment.ring
    code, papers = await invited(console), await papers_of(console)
    waiting = len(await papers.listed())
    kid, officer = ring.signer(bundle.agreement.partner.id).key.thumbprint, ring.officers[0].key
    said = approval_bytes(Approval(bundle.digest, "agreement", officer.thumbprint, bundle.agreement.words_only))
    approval = claimed(Envelope(Kind.APPROVAL, said, ()), kid)
    with pytest.raises(PaperRefused, match="signs another"):
        await Invitations(console.office).sign(code, approval)
    # Nor does an approval whose signature does not verify leave a paper, whoever brings it.
    with pytest.raises(PaperRefused):
        await papers.add(bundle.digest, approval, bundle.agreement.partner.id)
    assert len(await papers.listed()) == waiting

    async with httpx2.AsyncClient(timeout=20) as http:
        guest = Browser(http, console.gateway.url)
        assert (await guest.post("/sign", {"code": code})).status_code == 303
        refused = await guest.post("/sign/signatures", {"signature": approval.text}, accept_language="es")
        assert (refused.status_code, "y esto firma otro" in refused.text) == (409, True)
    # It is counted against the address as a wrong code is, and stands on the line of the request.
    (line,) = [each for each in console.gateway.lines if "/sign/signatures" in str(each)]
    assert line["error"] == PaperRefused.code
    assert len(await papers.listed()) == waiting
    assert not (await papers.paper(bundle.digest)).added
    # The link itself is as good as before.
    assert (await Invitations(console.office).open(code)).paper.line.digest == bundle.digest


async def test_one_link_takes_one_signature_of_two_that_come_at_once(console: Console) -> None:
    bundle, ring = drafted(console), console.gateway.deployment.ring
    code, papers = await invited(console), await papers_of(console)
    second = key_for("a second signer of the partner")
    signer = Signer(bundle.agreement.partner.id, ROLES[1], "Second", second.public, DAY, DAY.replace(year=2027), LIMITS)
    office = await console.gateway.office()
    await Admissions(office.desk).introduce_signer(
        add_signature(None, Kind.SIGNER, signer_bytes(signer), ring.officers[0].key)
    )
    keys = (ring.signer(bundle.agreement.partner.id).key, second)
    signed = [add_signature(None, Kind.AGREEMENT, bundle.agreement.canonical, key) for key in keys]
    links = Invitations(console.office)
    # Both have opened the link before either of them signs.
    opened = await links.open(code)
    done = await asyncio.gather(*(links.sign(code, each) for each in signed), return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [InvitationOver]
    assert len((await papers.paper(opened.paper.line.digest)).added) == 1


@pytest.mark.claim(9)
async def test_whatever_is_refused_behind_a_link_is_said_on_a_page_and_a_private_key_is_not_repeated(
    console: Console,
) -> None:
    code = await invited(console)
    private = key_for("somebody who mistakes the file").export_pem().decode()
    async with httpx2.AsyncClient(timeout=20) as http:
        guest = Browser(http, console.gateway.url)
        assert (await guest.post("/sign", {"code": code})).status_code == 303
        answer = await guest.post("/sign/signatures", {"signature": private}, accept_language="es")
        assert (answer.status_code, answer.headers["content-type"]) == (409, "text/html; charset=utf-8")
        assert "<h1>Esto no se aceptó</h1>\n<p>Esta es una clave privada." in answer.text
        assert 'lang="en">' not in answer.text.partition("<main")[2]
        assert private.splitlines()[1] not in answer.text
        foreign = await guest.post("/sign/signatures", {"signature": "x"}, sec_fetch_site="cross-site")
        assert (foreign.status_code, "This was not taken" in foreign.text) == (403, True)
    # The link is as good as before.
    assert not (await Invitations(console.office).open(code)).paper.added


async def test_a_partners_page_offers_the_passkeys_of_its_own_signers_alone(console: Console) -> None:
    bundle, admissions = drafted(console), Admissions(console.office.desk)
    made = {}
    for party, role in ((bundle.agreement.partner.id, ROLES[1]), (bundle.agreement.district.id, ROLES[0])):
        passkey = made[party] = Authenticator(f"of {party}")
        signer = Signer(party, role, f"Somebody of {party}", passkey.public, DAY, DAY, LIMITS)
        officer = console.gateway.deployment.ring.officers[1].key
        await admissions.introduce_signer(add_signature(None, Kind.SIGNER, signer_bytes(signer), officer))
    opened = await Invitations(console.office).open(await invited(console))
    assert [each.thumbprint for each in opened.paper.passkeys] == [made[bundle.agreement.partner.id].public.thumbprint]
    # On the district's own pages everybody's are offered: one machine may hold any of them.
    paper = await (await papers_of(console)).paper(bundle.digest)
    assert {each.thumbprint for each in paper.passkeys} == {each.public.thumbprint for each in made.values()}
