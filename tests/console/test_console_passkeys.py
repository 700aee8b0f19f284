"""Passkeys and links on the pages: a key signs what it was asked for, a link shows one document and gives nothing."""

import datetime as dt
import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from agreements.documents.hold import Hold, hold_bytes
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.papers.invitations import A_YEAR, MOST_KEYS
from gateway.services.papers.passkeys import challenge_to_make, challenge_to_prove
from tests.factories.authenticator import ATTESTED, EXTENDED, PRESENT, VERIFIED, Authenticator, Said, encoded
from tests.factories.cohort import DAY, STUDENTS, TUTORING
from tests.factories.console import Console, console_of
from tests.factories.gateway import NOON, Gateway
from tests.factories.papers import drafted, introduced, papers_of, prepared, signed_file
from tests.factories.staff import Browser

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

MADE = PRESENT | VERIFIED | ATTESTED


@pytest.fixture
async def console(idle_gateway: Gateway) -> AsyncIterator[Console]:
    """A console at a host that browsers have passkeys for: an address of numbers is none."""
    async with console_of(idle_gateway, host="localhost") as opened:
        yield opened


def device(console: Console, name: str) -> Authenticator:
    return Authenticator(name, "localhost", console.gateway.url)


def handed_over(
    made: tuple[bytes, bytes], passkey: Authenticator, secret: str, said: Said | None = None
) -> dict[str, str]:
    attestation, client_data = map(encoded, made)
    held = map(encoded, passkey.asserted(challenge_to_prove(secret), said))
    return {
        "credential": encoded(passkey.credential),
        "attestation": attestation,
        "client_data": client_data,
        **dict(zip(("held_authenticator_data", "held_client_data", "held_signature"), held, strict=True)),
    }


def signed(passkey: Authenticator, kind: Kind, payload: bytes, said: Said | None = None) -> dict[str, str]:
    made = passkey.assertion(kind, payload, said)
    return {"credential": encoded(passkey.credential), **{k: str(v) for k, v in made.members.items() if k != "kid"}}


async def revokes_rights(officer: Browser, token: str, passkey: Authenticator) -> None:
    """Check that a passkey signs a document that no paper is made of: it is filed on the page that shows it."""
    page, about = "/console/students/rights", {"csrf": token, "number": STUDENTS["calixte"].number, "act": "revoked"}
    about |= {"parent": "Somebody Else", "ground": "court_order", "ordered_on": str(DAY)}
    about["evidence"] = f"sha256:{'5' * 64}"
    shown = (await officer.post(page, about)).text
    assert f'data-credentials="{encoded(passkey.credential)}"' in shown
    salt = re.search(r'name="salt" value="([0-9a-f]{64})"', shown)
    assert salt is not None
    about["salt"] = salt[1]
    payload = (await officer.post(f"{page}/document", about)).content
    other = signed(passkey, Kind.PARENTAL_RIGHTS, payload + b" ")
    assert (await officer.post(f"{page}/file", {**about, **other})).status_code == 409
    own = signed(passkey, Kind.PARENTAL_RIGHTS, payload)
    assert "It is on file" in (await officer.post(f"{page}/file", {**about, **own})).text


def offered(page: str) -> dict[str, str]:
    """Return the keys that a page offers to approve by, and which one is chosen already."""
    (choice,) = re.findall(r'<select[^>]* id="key" .*?</select>', page, re.DOTALL)
    return dict(re.findall(r'<option value="([^"]*)"( selected)?>', choice))


def refused_ones(console: Console, passkey: Authenticator, token: str) -> list[dict[str, str]]:
    """What a browser could hand over of this passkey, each time one thing of it wrong."""
    challenge, thief = challenge_to_make(token), device(console, "somebody else's")
    good = handed_over(passkey.made(challenge), passkey, token)
    claimed = {name: good[name] for name in ("credential", "attestation", "client_data")}
    elsewhere = Authenticator("Quinn's", "evil.example", "https://evil.example")
    return [
        handed_over(passkey.made(challenge_to_make("another")), passkey, token),
        handed_over(passkey.made(challenge, Said(flags=PRESENT | ATTESTED)), passkey, token),
        handed_over(passkey.made(challenge, Said(flags=PRESENT | VERIFIED)), passkey, token),
        handed_over(passkey.made(challenge, Said(flags=MADE, type="webauthn.get")), passkey, token),
        handed_over(passkey.made(challenge, Said(flags=MADE, origin="https://evil.example")), passkey, token),
        handed_over(passkey.made(challenge, Said(flags=MADE, behind=b"\x80")), passkey, token),
        handed_over(passkey.made(challenge, Said(flags=MADE | EXTENDED)), passkey, token),
        handed_over(elsewhere.made(challenge), elsewhere, token),
        {**good, "credential": encoded(b"another")},
        {**good, "attestation": ""},
        {**good, "attestation": encoded(b"\x81" * 9000)},
        {**good, "client_data": "e30"},
        # A browser says whose public key it is, and only who holds the key signs with it.
        {**good, "held_signature": ""},
        handed_over(passkey.made(challenge), passkey, "another"),
        handed_over(passkey.made(challenge), passkey, token, Said(origin="https://evil.example")),
        handed_over(passkey.made(challenge), passkey, token, Said(flags=PRESENT)),
        {**handed_over(thief.made(challenge), thief, token), **claimed},
        {},
    ]


async def test_an_officer_makes_a_passkey_and_signs_with_it_once_two_others_introduced_it(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    officer, ring = await console.as_a(Role.OFFICER), console.gateway.deployment.ring
    token, passkey = await officer.token(), device(console, "Quinn's")
    challenge = challenge_to_make(token)
    form = {"csrf": token, "name": "Quinn Third", "use": "officer", "first_day": str(DAY), "reason": "A third officer."}
    good = handed_over(passkey.made(challenge), passkey, token)
    for bad in refused_ones(console, passkey, token):
        assert (await officer.post("/console/passkeys", {**form, **bad})).status_code == 409, bad
    for slip in ("soon", "1999-12-31", "2101-01-01"):
        assert (await officer.post("/console/passkeys", {**form, **good, "first_day": slip})).status_code == 409
    assert (await officer.post("/console/passkeys", {**form, **good, "reason": ""})).status_code == 409
    assert (await officer.post("/console/passkeys", {**form, **good, "reason": "x" * 4_001})).status_code == 400
    assert (await officer.post("/console/passkeys", {**form, **good, "replaces": "x"})).status_code == 409
    assert (await officer.post("/console/passkeys", {**form, **good})).status_code == 303
    assert "waits to be introduced" in (await officer.get("/console/passkeys")).text

    # Somebody who signs for the district: limits, and days of the calendar.
    own = device(console, "a district signer's")
    signing = {**form, **handed_over(own.made(challenge), own, token), "use": "signer", "may_agreement": "yes"}
    assert (await officer.post("/console/passkeys", {**signing, "last_day": ""})).status_code == 409
    # A last day is offered: without one a key would be made in vain, and stay in the machine.
    assert f'name="last_day" value="{DAY + A_YEAR}"' in (await officer.get("/console/passkeys")).text
    assert (await officer.post("/console/passkeys", {**signing, "last_day": str(DAY)})).status_code == 303
    (waiting,) = [each for each in await (await papers_of(console)).listed() if each.kind is Kind.SIGNER]
    await (await papers_of(console)).withdraw(waiting.digest, console.people[Role.OFFICER].id)

    papers, person = await papers_of(console), console.people[Role.OFFICER].id
    agreement, first = f"/console/papers/{await prepared(console, drafted(console))}", ring.officers[0].key.thumbprint
    assert offered((await officer.get(agreement)).text)[first] == " selected"
    payload = hold_bytes(Hold(console.gateway.digest(TUTORING), "legal", DAY, "A court asks."))
    hold = await papers.prepare(Kind.HOLD, payload, person, title="A hold")
    page = f"/console/papers/{hold}"
    # It is nobody's yet: it signs nothing.
    refused = await officer.post(f"{page}/passkey", {"csrf": token, **signed(passkey, Kind.HOLD, payload)})
    assert (refused.status_code, "none of those that sign" in refused.text) == (409, True)
    await introduced(console, "A new passkey", *(each.key for each in ring.officers))
    mine = (await officer.get("/console/passkeys")).text
    assert "introduced: it can sign" in mine
    # Whoever has two keys by now says which one approves or is replaced: none is chosen for them.
    assert all(f'<option value="{kid}">' in mine for kid in (first, passkey.public.thumbprint))
    options = offered((await officer.get(agreement)).text)
    assert {options[kid] for kid in ("", first, passkey.public.thumbprint)} == {""}
    shown = (await officer.get(page)).text
    assert f'data-credentials="{encoded(passkey.credential)}"' in shown
    for said in (Said(origin="https://evil.example"), Said(flags=PRESENT), Said(rp_id="evil.example")):
        bad = signed(passkey, Kind.HOLD, payload, said)
        assert (await officer.post(f"{page}/passkey", {"csrf": token, **bad})).status_code == 409
    for bad in ({"signature": "!"}, {"client_data": ""}):
        changed = {**signed(passkey, Kind.HOLD, payload), **bad}
        assert (await officer.post(f"{page}/passkey", {"csrf": token, **changed})).status_code == 409
    other_kind = signed(passkey, Kind.RELEASE, payload)
    assert (await officer.post(f"{page}/passkey", {"csrf": token, **other_kind})).status_code == 409
    done = await officer.post(f"{page}/passkey", {"csrf": token, **signed(passkey, Kind.HOLD, payload)})
    assert done.status_code == 303, done.text
    assert (await officer.post(f"{page}/file", {"csrf": token})).status_code == 303
    await revokes_rights(officer, token, passkey)
    # Whoever reads the register anew finds it as good as it was.
    _, registry = await (await console.gateway.office()).desk.registry()
    assert hold in {each.digest for each in registry.register.stored}
    assert not registry.authority.refused
    assert not caplog.messages


async def test_a_partners_signer_comes_by_a_link_makes_a_passkey_and_signs_once(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    bundle, ring = drafted(console), console.gateway.deployment.ring
    digest, payload, partner = await prepared(console, bundle), bundle.agreement.canonical, bundle.agreement.partner.id
    administrator = await console.as_a(Role.ADMINISTRATOR)
    token, page = await administrator.token(), f"/console/papers/{digest}/invitations"
    for party in ("partner:somebody-else", bundle.agreement.district.id, ""):
        assert (await administrator.post(page, {"csrf": token, "party": party})).status_code == 409
    made = await administrator.post(page, {"csrf": token, "party": partner})
    found = re.search(r"/sign#([A-Za-z0-9_-]{32})", made.text)
    assert found is not None
    code = found[1]
    assert code not in (await administrator.get(f"/console/papers/{digest}")).text

    async with httpx2.AsyncClient(timeout=20) as http:
        guest = Browser(http, console.gateway.url)
        assert (await guest.post("/sign", {"code": code}, sec_fetch_site="cross-site")).status_code == 403
        assert (await guest.post("/sign", {"code": code[:-1]})).status_code == 404
        assert (await guest.post("/sign/signatures", {"signature": "x"})).status_code == 404
        assert (await guest.get("/sign/document")).status_code == 404
        assert (await guest.post("/sign", {"code": f" {code} "})).status_code == 303
        shown = await guest.get("/sign")
        assert bundle.agreement.title in shown.text
        assert shown.headers["cache-control"] == "no-store"
        assert shown.headers["referrer-policy"] in {"no-referrer", "same-origin"}
        assert (await guest.get("/sign/document")).content == payload

        passkey = device(console, "the partner's signer")
        new = handed_over(passkey.made(challenge_to_make(code)), passkey, code)
        assert (await guest.post("/sign/passkeys", {**new, "name": ""})).status_code == 409
        told = await guest.post("/sign/passkeys", {**new, "name": "Petra Partner"})
        assert (told.status_code, passkey.public.thumbprint in told.text) == (200, True)
        assert (await guest.post("/sign/signatures", signed(passkey, Kind.AGREEMENT, payload))).status_code == 409
        await introduced(console, f"A signer of {partner}", ring.officers[1].key)
        for number in range(MOST_KEYS + 1):
            more = device(console, f"key {number}")
            form = {**handed_over(more.made(challenge_to_make(code)), more, code), "name": f"Petra Partner {number}"}
            assert (await guest.post("/sign/passkeys", form)).status_code == (409 if number == MOST_KEYS else 200)
        # The district's own signer does not sign by the partner's link, and what is refused leaves the link good.
        foreign = signed_file(Kind.AGREEMENT, payload, ring.signer(bundle.agreement.district.id).key)
        refused = await guest.post("/sign/signatures", {"signature": foreign})
        assert (refused.status_code, "another party" in refused.text) == (409, True)
        done = await guest.post("/sign/signatures", signed(passkey, Kind.AGREEMENT, payload))
        assert (done.status_code, digest in done.text) == (200, True)
        # It is used up, for this browser and for everybody else's.
        assert (await guest.post("/sign", {"code": code})).status_code == 404
    paper = await (await papers_of(console)).paper(digest)
    assert [(each.signature.kid, each.by) for each in paper.added] == [(passkey.public.thumbprint, partner)]
    assert not [line for line in console.gateway.lines if code in str(line)]
    await ends(console, administrator)
    assert not caplog.messages


async def ends(console: Console, administrator: Browser) -> None:
    """A link ends with its document, and after fourteen days."""
    bundle = drafted(console, "agreement:another")
    digest, partner = await prepared(console, bundle), bundle.agreement.partner.id
    token, links = await administrator.token(), []
    for _ in range(2):
        made = await administrator.post(f"/console/papers/{digest}/invitations", {"csrf": token, "party": partner})
        links += re.findall(r"/sign#([A-Za-z0-9_-]{32})", made.text)
    assert len(set(links)) == 2
    guest = Browser(console.http, console.gateway.url)
    assert (await guest.post("/sign", {"code": links[0]})).status_code == 303
    await (await papers_of(console)).withdraw(digest, console.people[Role.ADMINISTRATOR].id)
    assert (await guest.get("/sign")).status_code == 404
    again = await prepared(console, bundle)
    made = await administrator.post(f"/console/papers/{again}/invitations", {"csrf": token, "party": partner})
    (code,) = re.findall(r"/sign#([A-Za-z0-9_-]{32})", made.text)
    assert (await guest.post("/sign", {"code": links[1]})).status_code == 404
    assert (await guest.post("/sign", {"code": code})).status_code == 303
    await console.gateway.at(NOON + dt.timedelta(days=15))
    assert (await guest.get("/sign")).status_code == 404
