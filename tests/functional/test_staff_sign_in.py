"""Staff sign in at node-oidc-provider over real HTTP; whatever is not exactly that opens nothing."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from fastapi import APIRouter

from agreements.documents.staff_role import StaffRole, staff_role_bytes
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.staff.office import StaffOffice
from gateway.services.standing.identity import Realm
from gateway.signin.cookies import COOKIES
from gateway.signin.routes import sign_in_for, staff_routers
from tests.factories.gateway import NOON, Gateway
from tests.factories.staff import Browser, become, client_key, identity_provider, registered, unguessable, write_private

DOCUMENT = "sha256:" + "ab" * 32


@dataclass
class Desk:
    """A gateway with an identity provider, at which both kinds of staff sign in."""

    gateway: Gateway
    provider: str
    http: httpx2.AsyncClient

    def browser(self) -> Browser:
        return Browser(self.http, self.gateway.url)

    async def events(self, start: int) -> list[dict[str, object]]:
        return [each for each in await self.gateway.entries(start) if str(each["event"]).startswith("staff.")]

    async def staff(self) -> StaffOffice:
        return StaffOffice((await self.gateway.office()).desk)

    async def invited(self, browser: Browser, party: str, root: str = "/console") -> None:
        """Have whoever is signed in take up an invitation."""
        invitation = await (await self.staff()).invite(party, 72)
        token = await browser.token(root)
        answer = await browser.post(f"{root}/invitation", {"csrf": token, "code": invitation.code})
        assert answer.status_code == 303, answer.text


@pytest.fixture
async def desk(idle_gateway: Gateway, tmp_path: Path) -> AsyncIterator[Desk]:
    key = client_key()
    write_private(tmp_path / "idp.pem", key.as_pem(private=True))
    async with AsyncExitStack() as stack:
        issuers: list[str] = []

        async def more(url: str) -> Sequence[APIRouter]:
            clients = [
                registered("console", key, f"{url}/console/callback"),
                registered("portal", key, f"{url}/portal/callback"),
            ]
            issuers.append(await stack.enter_async_context(identity_provider(clients)))
            section = (
                '[[{0}]]\nname = "staff"\ntitle = "Staff"\nissuer = "{1}"\nclient_id = "{2}"\nkey_file = "idp.pem"\n'
                'algorithms = ["RS256"]\nacr = ["two", "one"]\nstep_up_acr = ["two"]\nstep_up_amr = ["otp"]\n'
            )
            (tmp_path / "sign-in.toml").write_text(
                section.format("district", issuers[0], "console") + section.format("partner", issuers[0], "portal")
            )
            signin = sign_in_for(tmp_path / "sign-in.toml", idle_gateway.deployment.keys.cursor, url)
            return staff_routers(signin)

        await idle_gateway.serve(more=more)
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=20))
        yield Desk(idle_gateway, issuers[0], http)


def party_of(gateway: Gateway) -> str:
    return str(next(iter(gateway.deployment.agreements.values())).agreement.district.id)


async def test_who_is_not_signed_in_sees_where_to_sign_in_and_nothing_else(desk: Desk) -> None:
    browser = desk.browser()
    answer = await browser.get("/console")
    assert answer.status_code == 401
    assert "/console/sign-in" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert (await browser.post("/console/sign-out", {"csrf": "x"})).status_code == 401


@pytest.mark.ferpa("Z1")
@pytest.mark.claim(9)
async def test_somebody_signs_in_takes_up_an_invitation_and_signs_out_and_it_is_on_record(desk: Desk) -> None:
    start, browser = await desk.gateway.size(), desk.browser()
    answer = await browser.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    for each in browser.set_cookies:
        assert each.startswith("__Host-pactgate-console")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in each.split(";")}
    assert "nobody has invited you" in (await browser.get("/console")).text
    assert await desk.events(start) == []
    before = browser.cookie()
    await desk.invited(browser, party_of(desk.gateway))
    assert browser.cookie() != before, "a person's session has a secret of its own"
    shown = (await browser.get("/console")).text
    assert "user:" in shown
    answer = await browser.post("/console/sign-out", {"csrf": await browser.token()})
    assert answer.status_code == 200
    assert desk.provider in answer.text, "and the provider's own end of session is offered"
    assert (await browser.get("/console")).status_code == 401
    entries = await desk.events(start)
    assert [each["event"] for each in entries] == ["staff.linked", "staff.signed_in", "staff.signed_out"]
    assert entries[1]["person"] == entries[2]["person"] == entries[0]["person"]
    assert (entries[1]["acr"], entries[1]["amr"]) == ("two", ["pwd", "otp"])
    for said in (str(entries), str(desk.gateway.lines)):
        assert "alvarez" not in said
        assert desk.provider not in said
        assert browser.cookie() == "" or browser.cookie() not in said


async def test_the_database_holds_no_secret_of_a_session(desk: Desk) -> None:
    browser = desk.browser()
    await browser.sign_in()
    secret = browser.cookie()
    auditor = await desk.gateway.database.pool("loader", size=1)
    rows = await auditor.fetch("SELECT s::text AS whole, id FROM gateway.staff_session AS s")
    assert [row["id"] for row in rows] == [hashlib.sha256(b"pactgate session " + secret.encode()).digest()]
    for part in (secret, secret[:12], secret[:12].encode().hex()):
        assert part not in rows[0]["whole"]


async def test_a_forged_callback_opens_nothing(desk: Desk) -> None:
    for change in ("state", "code", "iss", "no_iss", "error", "twice"):
        await require_refused(desk, change)
    (refused,) = [each for each in desk.gateway.lines if each.get("error") == "provider_refused"]
    assert refused["route"] == "/console/callback"


async def require_refused(desk: Desk, change: str) -> None:
    browser = desk.browser()
    parts = urlsplit(await browser.follow("/console/sign-in?with=staff"))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    match change:
        case "no_iss":
            del query["iss"]
        case "error":
            query |= {"error": "access_denied"}
        case "twice":
            pass
        case _:
            query[change] = unguessable() if change != "iss" else "https://other.example"
    more = f"&state={query['state']}" if change == "twice" else ""
    answer = await browser.get(f"{parts.path}?{urlencode(query)}{more}")
    assert answer.status_code == (403 if change == "error" else 400)
    assert query["state"] not in answer.text
    assert not browser.cookie()
    assert (await browser.get("/console")).status_code == 401


async def test_another_browser_cannot_finish_a_sign_in(desk: Desk) -> None:
    begun = await desk.browser().follow("/console/sign-in?with=staff")
    other = desk.browser()
    answer = await other.get(begun)
    assert answer.status_code == 400
    assert not other.cookie()


async def test_a_sign_in_that_comes_back_twice_opens_one_session(desk: Desk) -> None:
    browser = desk.browser()
    begun = await browser.follow("/console/sign-in?with=staff")
    jar = dict(browser.jars[urlsplit(desk.gateway.url).netloc])
    assert (await browser.get(begun)).status_code == 303
    thief = desk.browser()
    thief.jars[urlsplit(desk.gateway.url).netloc] = jar
    assert (await thief.get(begun)).status_code == 400
    assert not thief.cookie()


async def test_a_sign_in_ends_the_session_that_was_planted_before_it(desk: Desk) -> None:
    attacker, victim = desk.browser(), desk.browser()
    await become(desk.provider, "mallory")
    await attacker.sign_in()
    planted = attacker.cookie()
    await become(desk.provider, "alvarez")
    victim.jars[urlsplit(desk.gateway.url).netloc] = {"__Host-pactgate-console": planted}
    await victim.sign_in()
    assert victim.cookie() != planted
    assert (await attacker.get("/console")).status_code == 401


@pytest.mark.ferpa("D3")
async def test_a_session_of_one_kind_of_staff_opens_no_page_of_the_other(desk: Desk) -> None:
    browser = desk.browser()
    await browser.sign_in()
    host = urlsplit(desk.gateway.url).netloc
    browser.jars[host] = {"__Host-pactgate-portal": browser.cookie()}
    assert (await browser.get("/portal")).status_code == 401
    partner = desk.browser()
    await partner.sign_in("/portal")
    assert "You have no role under an agreement: you see no students." in (await partner.get("/portal")).text
    partner.jars[host] = {"__Host-pactgate-console": partner.cookie(Realm.PARTNER)}
    assert (await partner.get("/console")).status_code == 401
    # Nor does a sign-in begun for the one end at the other.
    begun = await desk.browser().follow("/console/sign-in?with=staff")
    assert (await partner.get(begun.replace("/console/callback", "/portal/callback"))).status_code == 400


async def test_two_cookies_of_one_name_are_none(desk: Desk) -> None:
    browser = desk.browser()
    await browser.sign_in()
    jar = browser.jars[urlsplit(desk.gateway.url).netloc]
    jar[" __Host-pactgate-console"] = unguessable()
    assert (await browser.get("/console")).status_code == 401


async def test_a_form_from_elsewhere_changes_nothing(desk: Desk) -> None:
    browser = desk.browser()
    await browser.sign_in()
    token = await browser.token()
    foreign = [
        ({"sec_fetch_site": "cross-site"}, token),
        ({"sec_fetch_site": "same-site"}, token),
        ({"sec_fetch_site": "", "origin": "https://evil.example"}, token),
        ({"sec_fetch_site": "", "origin": "null"}, token),
        ({"sec_fetch_site": "", "origin": ""}, token),
        ({}, unguessable()),
        ({"content_type": "text/plain"}, token),
    ]
    for headers, csrf in foreign:
        assert (await browser.post("/console/sign-out", {"csrf": csrf}, **headers)).status_code == 403, headers
    assert (await browser.get("/console")).status_code == 200
    assert (await browser.post("/console/sign-out", {"csrf": token}, sec_fetch_site="")).status_code == 200


async def test_the_token_of_another_session_is_none(desk: Desk) -> None:
    first, second = desk.browser(), desk.browser()
    await first.sign_in()
    await second.sign_in()
    answer = await second.post("/console/sign-out", {"csrf": await first.token()})
    assert answer.status_code == 403


async def test_a_sign_in_leads_nowhere_else(desk: Desk) -> None:
    browser = desk.browser()
    for wanted in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/portal",
        "/console/..//x",
        "/console?x",
    ):
        answer = await browser.sign_in(query="&" + urlencode({"next": wanted}))
        assert answer.headers["location"] == "/console", wanted
    answer = await browser.sign_in(query="&" + urlencode({"next": "/console/drafts"}))
    assert answer.headers["location"] == "/console/drafts"


async def test_too_weak_a_sign_in_opens_nothing(desk: Desk) -> None:
    browser = desk.browser()
    await become(desk.provider, "alvarez", acr="none", amr=("pwd",))
    answer = await browser.sign_in()
    assert answer.status_code == 403
    assert not browser.cookie()


@pytest.mark.claim(7)
async def test_a_session_ends_when_it_is_idle_too_old_or_ended_elsewhere(desk: Desk) -> None:
    first, second = desk.browser(), desk.browser()
    await first.sign_in()
    await second.sign_in()
    page = (await first.get("/console")).text
    number = page.split('name="session" value="')[1].split('"')[0]
    other = {"csrf": await first.token(), "session": unguessable()}
    assert (await first.post("/console/sessions/end", other)).status_code == 401
    assert (await first.post("/console/sessions/end", {**other, "session": number})).status_code == 303
    assert (await second.get("/console")).status_code == 401
    await desk.gateway.at(NOON + dt.timedelta(minutes=20))
    assert (await first.get("/console")).status_code == 200
    await desk.gateway.at(NOON + dt.timedelta(minutes=51))
    assert (await first.get("/console")).status_code == 401, "idle for half an hour"
    third = desk.browser()
    await third.sign_in()
    for hours in range(1, 25):
        await desk.gateway.at(NOON + dt.timedelta(minutes=51 + 29 * hours))
        answer = await third.get("/console")
    assert answer.status_code == 200
    await desk.gateway.at(NOON + dt.timedelta(minutes=51 + 29 * 25))
    assert (await third.get("/console")).status_code == 401, "twelve hours are over, used or not"


@pytest.mark.claim(7)
async def test_who_is_suspended_is_out_at_the_next_request_and_not_let_in(desk: Desk) -> None:
    browser = desk.browser()
    await browser.sign_in()
    await desk.invited(browser, party_of(desk.gateway))
    staff = await desk.staff()
    (line,) = await staff.people()
    start = await staff.suspend(line.person, "left")
    assert (await browser.get("/console")).status_code == 401
    answer = await browser.sign_in()
    assert answer.status_code == 403
    entries = await desk.events(start + 1)
    assert [(each["event"], each["reason"]) for each in entries] == [
        ("staff.session_revoked", "staff_suspended"),
        ("staff.sign_in_refused", "staff_suspended"),
    ]


async def test_a_role_that_two_officers_signed_shows_on_the_page(desk: Desk) -> None:
    browser = desk.browser()
    await browser.sign_in()
    await desk.invited(browser, party_of(desk.gateway))
    staff, ring = await desk.staff(), desk.gateway.deployment.ring
    (line,) = await staff.people()
    day = NOON.date()
    given = StaffRole(line.person, line.identity, Role.STEWARD, line.party, day, day, "a new steward")
    keys = [officer.key for officer in ring.officers]
    await staff.give(ring.sign(Kind.STAFF_ROLE, staff_role_bytes(given), *keys))
    assert "<dd>steward</dd>" in (await browser.get("/console")).text


async def test_signing_in_again_is_for_one_document_and_the_same_person(desk: Desk) -> None:
    browser, start = desk.browser(), await desk.gateway.size()
    await browser.sign_in()
    await desk.invited(browser, party_of(desk.gateway))
    form = {"action": "approve", "concerns": DOCUMENT}
    assert (await browser.post("/console/sign-in-again", {**form, "csrf": unguessable()})).status_code == 403
    # (1): somebody else at the provider is refused; (2): so is a weaker sign-in; (3): the same person is not.
    for account, amr, status in (("mallory", ("otp",), 403), ("alvarez", ("pwd",), 403), ("alvarez", ("otp",), 200)):
        answer = await browser.post("/console/sign-in-again", {**form, "csrf": await browser.token()})
        assert answer.status_code == 200, answer.text
        assert DOCUMENT in answer.text
        address = answer.text.split('<p><a class="usa-button" href="')[1].split('"')[0].replace("&amp;", "&")
        asked = parse_qs(urlsplit(address).query)
        assert (asked["prompt"], asked["max_age"], asked["acr_values"]) == (["login"], ["0"], ["two"])
        assert asked["code_challenge_method"] == ["S256"]
        await become(desk.provider, account, amr=amr)
        browser.jars.pop(urlsplit(desk.provider).netloc)  # else the provider first asks, by script, to end the session
        before = browser.cookie()
        back = await browser.get(await browser.follow(address))
        assert back.status_code == status, (account, amr, back.text)
        assert (browser.cookie() != before) is (status == 200), "a fresh sign-in gives the session a new secret"
    entries = [each for each in await desk.events(start) if each["event"] == "staff.stepped_up"]
    assert [(each["action"], each["concerns"], each["amr"]) for each in entries] == [("approve", DOCUMENT, ["otp"])]


async def test_a_fresh_sign_in_is_for_the_session_that_asked_for_it(desk: Desk) -> None:
    browser, other = desk.browser(), desk.browser()
    await browser.sign_in()
    await desk.invited(browser, party_of(desk.gateway))
    await other.sign_in()
    form = {"action": "approve", "concerns": DOCUMENT, "csrf": await browser.token()}
    answer = await browser.post("/console/sign-in-again", form)
    address = answer.text.split('<p><a class="usa-button" href="')[1].split('"')[0].replace("&amp;", "&")
    browser.jars.pop(urlsplit(desk.provider).netloc)
    begun, before = await browser.follow(address), other.cookie()
    login = f"{COOKIES[Realm.DISTRICT]}-login"
    other.jars[urlsplit(desk.gateway.url).netloc][login] = browser.cookie(suffix="-login")
    assert (await other.get(begun)).status_code == 403
    assert other.cookie() == before
