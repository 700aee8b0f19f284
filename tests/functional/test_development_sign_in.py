"""
Whoever sits at a demo picks who they are; anywhere else there is no such page, and no such identity.

What it opens is a session like any other: the same cookie, the same forms, the same fresh sign-in for an act.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import APIRouter, Request
from sqlalchemy.exc import DBAPIError

from agreements.roles import Role
from gateway.errors import SettingsError
from gateway.services.standing.identity import DEVELOPMENT, Identity, Realm
from gateway.settings import Settings, read_settings
from gateway.signin.development import Development, development_for
from gateway.signin.errors import NoSuchProvider
from gateway.signin.routes import development_routers, sign_in_for, staff_routers
from tests.factories.gateway import Gateway
from tests.factories.staff import Browser, unguessable
from tests.factories.staffing import StaffRoom, identity, proved
from tests.factories.superuser import superuser

pytestmark = pytest.mark.claim(12)

DOCUMENT = "sha256:" + "ab" * 32
OFFICER, STAFF = Identity(Realm.DISTRICT, DEVELOPMENT, "officer-a"), Identity(Realm.PARTNER, DEVELOPMENT, "staff")
IN_FRONT = (
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "data.district.example"),
    ("forwarded", "for=203.0.113.9"),
    ("via", "1.1 front"),
    ("x-real-ip", "203.0.113.9"),
    ("cf-connecting-ip", "203.0.113.9"),
    ("client-cert", ":AAAA:"),
)


def chosen(url: str, **more: str) -> Settings:
    return read_settings({"PACTGATE_PUBLIC_URL": url, "PACTGATE_DEVELOPMENT_SIGN_IN": "on", **more})


@dataclass
class Demo:
    """A demo that is served, with an officer of the district's and somebody of a partner's staff to be."""

    gateway: Gateway
    http: httpx2.AsyncClient

    def browser(self) -> Browser:
        return Browser(self.http, self.gateway.url)

    async def pick(self, browser: Browser, subject: str, root: str = "/console", **headers: str) -> httpx2.Response:
        return await browser.post(f"{root}/development/sign-in", {"subject": subject, "next": root}, **headers)


@pytest.fixture
async def demo(idle_gateway: Gateway) -> AsyncIterator[Demo]:
    async def more(url: str) -> Sequence[APIRouter]:
        return development_routers(await development_for(chosen(url), idle_gateway.services.database.pool))

    await idle_gateway.serve(more=more)
    room = StaffRoom(idle_gateway)
    officer = await room.come_in(OFFICER)
    await room.give(officer, Role.OFFICER, officer_key=room.officers[0].thumbprint)
    await room.come_in(STAFF, party="partner:bright-path")
    async with httpx2.AsyncClient(timeout=20) as http:
        yield Demo(idle_gateway, http)


NOWHERE: tuple[tuple[str, dict[str, str], str], ...] = (
    ("http://127.0.0.1:8000", {"PACTGATE_SIGN_IN": "sign-in.toml"}, "identity provider"),
    ("http://127.0.0.1:8000", {"PACTGATE_TERMINATORS": "127.0.0.1"}, "in front"),
    ("https://data.district.example", {}, "this machine alone"),
    ("https://localhost", {}, "this machine alone"),
)


async def test_it_is_offered_on_this_machine_alone_with_nothing_beside_it_and_in_a_demo(gateway: Gateway) -> None:
    pool, room = gateway.services.database.pool, StaffRoom(gateway)
    for url, more, said in NOWHERE:
        with pytest.raises(SettingsError, match=said) as refused:
            await development_for(chosen(url, **more), pool)
        assert "PACTGATE_DEVELOPMENT_SIGN_IN" in refused.value.remedy
    # No such settings can be read; whoever makes them otherwise is refused here.
    with pytest.raises(SettingsError, match="this machine alone"):
        await development_for(replace(chosen(gateway.url), host="192.0.2.1"), pool)
    with pytest.raises(TypeError):
        Development(gateway.url, lambda: 0.0, object())
    invitation = await (await room.office()).invite("district:emerald-city", 72)
    admin = await superuser(gateway)
    await admin.execute("""
        ALTER TABLE gateway.installation DISABLE TRIGGER ALL;
        UPDATE gateway.installation SET demo = false, clock_shift = '0'""")
    with pytest.raises(SettingsError, match="not marked as a demo"):
        await development_for(chosen(gateway.url), pool)
    # Nor does the database keep such an identity, whatever program asks.
    for opened in (
        gateway.services.staff.redeem(invitation.code, OFFICER),
        gateway.services.sessions.open(proved(OFFICER)),
    ):
        with pytest.raises(DBAPIError, match="for demos alone"):
            await opened


async def test_without_it_there_is_no_such_page(gateway: Gateway) -> None:
    async def more(url: str) -> Sequence[APIRouter]:
        return staff_routers(sign_in_for(None, gateway.deployment.keys.cursor, url))

    await gateway.close()
    await gateway.serve(more=more)
    browser = Browser(gateway.http, gateway.url)
    for root in ("/console", "/portal"):
        for path in ("sign-in", "sign-in-again"):
            answer = await browser.post(f"{root}/development/{path}", {"subject": ""})
            assert answer.status_code == 404
        assert "development" not in (await browser.get(f"{root}/sign-in")).text


async def test_behind_anything_or_under_another_name_there_is_no_such_page(demo: Demo) -> None:
    host = urlsplit(demo.gateway.url).netloc
    aside = [("host", "rebound.example"), ("host", host.replace("127.0.0.1", "localhost")), *IN_FRONT]
    for root, (name, value) in ((root, each) for root in ("/console", "/portal") for each in aside):
        headers = {name: value, "sec-fetch-site": "same-origin"}
        assert (await demo.http.get(f"{demo.gateway.url}{root}/sign-in", headers=headers)).status_code == 404, name
        for path in ("sign-in", "sign-in-again"):
            address = f"{demo.gateway.url}{root}/development/{path}"
            answer = await demo.http.post(address, headers=headers, data={"subject": OFFICER.subject})
            assert (answer.status_code, answer.headers.get("set-cookie")) == (404, None), (name, path)


async def test_a_form_from_elsewhere_makes_nobody_anybody_and_leads_nowhere_else(demo: Demo) -> None:
    browser = demo.browser()
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "", "origin": "https://evil.example"},
        {"sec_fetch_site": "", "origin": "null"},
        {"sec_fetch_site": "", "origin": ""},
    ):
        assert (await demo.pick(browser, OFFICER.subject, **headers)).status_code == 403, headers
    assert (await demo.pick(browser, "officer-nobody-knows")).status_code == 400
    # Nor is somebody of the one realm anybody in the other.
    assert (await demo.pick(browser, STAFF.subject)).status_code == 400
    assert (await demo.pick(browser, OFFICER.subject, "/portal")).status_code == 400
    assert not browser.set_cookies
    for wanted in ("https://evil.example", "//evil.example", "/portal", "/console?x"):
        form = {"subject": OFFICER.subject, "next": wanted}
        answer = await demo.browser().post("/console/development/sign-in", form)
        assert answer.headers["location"] == "/console", wanted


@pytest.mark.claim(7)
async def test_who_is_suspended_is_not_let_in(demo: Demo) -> None:
    browser, room = demo.browser(), StaffRoom(demo.gateway)
    await demo.pick(browser, OFFICER.subject)
    assert (await browser.get("/console")).status_code == 200
    person = await room.person(OFFICER)
    assert person is not None
    await (await room.office()).suspend(person.id, "Looked into.")
    assert (await browser.get("/console")).status_code == 401
    assert (await demo.pick(demo.browser(), OFFICER.subject)).status_code == 403
    assert "no role now, suspended" in (await browser.get("/console/sign-in")).text


@pytest.mark.claim(9)
async def test_whoever_is_picked_is_signed_in_by_the_same_rules_and_the_log_says_how(demo: Demo) -> None:
    start, browser = await demo.gateway.size(), demo.browser()
    page = await browser.get("/console/sign-in?next=/console")
    assert f'value="{OFFICER.subject}"' in page.text
    assert STAFF.subject not in page.text
    answer = await demo.pick(browser, OFFICER.subject)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    (cookie,) = browser.set_cookies
    assert cookie.startswith("__Host-pactgate-console=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "<dd>privacy officer</dd>" in (await browser.get("/console")).text
    first = browser.cookie()
    # Whoever is somebody else now is no longer who they were.
    other = await demo.pick(browser, "")
    assert other.status_code == 303
    assert "nobody has invited you" in (await browser.get("/console")).text
    assert browser.cookie() != first
    browser.jars[urlsplit(demo.gateway.url).netloc] = {"__Host-pactgate-console": first}
    assert (await browser.get("/console")).status_code == 401
    partners = demo.browser()
    assert (await demo.pick(partners, STAFF.subject, "/portal")).headers["location"] == "/portal"
    assert (await partners.get("/portal")).status_code == 200
    signed_in = [each for each in await demo.gateway.entries(start) if each["event"] == "staff.signed_in"]
    assert [(each["acr"], each["amr"]) for each in signed_in] == [(DEVELOPMENT, [])] * 2
    said = f"{await demo.gateway.entries(start)} {demo.gateway.lines}"
    assert OFFICER.subject not in said


async def test_signing_in_again_is_for_one_document_and_changes_the_secret(demo: Demo) -> None:
    start, browser = await demo.gateway.size(), demo.browser()
    await demo.pick(browser, OFFICER.subject)
    form = {"action": "approve", "concerns": DOCUMENT, "csrf": await browser.token()}
    again = "/console/development/sign-in-again"
    for path in ("/console/sign-in-again", again):
        assert (await browser.post(path, {**form, "csrf": unguessable()})).status_code == 403
        assert (await browser.post(path, {**form, "action": "nothing"})).status_code == 400
        assert (await browser.post(path, {**form, "concerns": "sha256:1"})).status_code == 400
    assert (await demo.browser().post(again, form)).status_code == 401
    page = await browser.post("/console/sign-in-again", form)
    assert page.status_code == 200
    assert DOCUMENT in page.text
    before = browser.cookie()
    assert (await browser.post(again, form)).status_code == 200
    assert browser.cookie() != before
    entries = [each for each in await demo.gateway.entries(start) if each["event"] == "staff.stepped_up"]
    assert [(each["action"], each["concerns"], each["acr"]) for each in entries] == [("approve", DOCUMENT, DEVELOPMENT)]
    answer = await browser.post("/console/sign-out", {"csrf": await browser.token()})
    assert answer.status_code == 200
    assert "Sign out at your identity provider too" not in answer.text

    # A session that a provider opened is not signed in again by a button.
    secret = await demo.gateway.services.sessions.open(proved(identity()))
    browser.jars[urlsplit(demo.gateway.url).netloc] = {"__Host-pactgate-console": secret}
    form = {"action": "approve", "concerns": DOCUMENT, "csrf": await browser.token()}
    for path in ("/console/sign-in-again", again):
        assert (await browser.post(path, form)).status_code == 400


async def test_another_machine_finds_no_such_page(gateway: Gateway) -> None:
    development = await development_for(chosen(gateway.url), gateway.services.database.pool)
    (router, *_) = development_routers(development)
    (required,) = [each.dependency for each in router.dependencies]
    assert required is not None
    host = (b"host", urlsplit(gateway.url).netloc.encode())
    for peer in (None, ("192.0.2.7", 4711), ("203.0.113.9", 0)):
        with pytest.raises(NoSuchProvider):
            await required(Request({"type": "http", "client": peer, "headers": [host]}))
    await required(Request({"type": "http", "client": ("127.0.0.1", 4711), "headers": [host]}))
