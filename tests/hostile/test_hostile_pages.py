"""
Every page of the console against hostile text and hostile forms, enumerated from the application.

A page that joins is looked at by itself: no element that nobody meant comes out of a stored text, no cell of a file is
a formula, nothing is asked of another place, reading changes nothing, and no form is taken but the session's own.
"""

import csv
import io
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlencode, urlsplit

import pytest
from httpx2 import Response
from markupsafe import escape

from agreements.lifecycle import Standing
from agreements.roles import Role
from gateway.services.staff.roles import MAY
from tests.console.test_console_roles import acts, filled, pages
from tests.factories.agreements import SPS_A, client_id
from tests.factories.cohort import TUTORING
from tests.factories.console import ROLES, Console, console_of
from tests.factories.gateway import BRIGHT_PATH, Gateway, Partner, bring_into_force
from tests.factories.staff import Browser

HOSTILE: Final = "=1+1\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}${7*7}%s%(x)s"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
FORMULA: Final = re.compile(r"[\s\u00a0]*[=+@\uff1d\uff0b\uff20]|\s*-(?![\d.]+$)")
FEWEST: Final = 4
"""Pages on which the hostile text must stand, files, forms: otherwise nothing here says anything."""


class Markup(HTMLParser):
    """What a page is made of, and what in it must not be."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.forms: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"img", "iframe", "object", "embed", "base", "style", "template"}:
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on") or name in {"style", "srcdoc"}]
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("hx-on")]
        if tag == "script" and not given.get("src", "").startswith("/assets/"):
            self.wrong.append("a script of its own")
        if tag in {"script", "link"} and "integrity" not in given and given.get("rel") != "icon":
            self.wrong.append(f"{tag} without integrity")
        for name in ("href", "src", "action", "formaction"):
            address = given.get(name)
            if address is not None and not address.startswith(("/", "#")):
                self.wrong.append(f"{tag} {name}={address}")
            if address is not None and address.startswith("//"):
                self.wrong.append(f"{tag} {name}={address}")
        if tag == "form":
            self.forms.append(given)


def require_plain(address: str, answer: Response) -> None:
    """Check what holds for every page that a browser shows; of a file, that it is none."""
    if answer.headers.get("content-disposition", "").startswith("attachment"):
        assert not answer.headers["content-type"].startswith("text/html"), address
        assert "unsafe" not in answer.headers["content-security-policy"], address
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
        return
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, (address, name)
    made = Markup()
    made.feed(answer.text)
    assert not made.wrong, (address, made.wrong)
    # What a form sends by GET stands in the address, where no student may.
    assert not [form for form in made.forms if form.get("method", "get") == "get" and "student" in str(form)]


def require_inert(address: str, answer: Response) -> int:
    """Check a file for a spreadsheet; return how many rows it has."""
    assert answer.headers["content-disposition"].startswith("attachment"), address
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert not [cell for row in rows for cell in row if FORMULA.match(cell)], address
    return len(rows) - 1


@pytest.fixture
async def console(idle_gateway: Gateway) -> AsyncIterator[Console]:
    """A console in whose installation every text that a partner or a clerk chooses is hostile."""
    office, deployment = await idle_gateway.office(), idle_gateway.deployment
    changes = {"/id": "agreement:hostile", "/title": HOSTILE, "/partner/name": HOSTILE}
    bundle = deployment.ring.agreement(SPS_A, changes=changes)
    partner = Partner(client_id("hostile"), deployment.partners[BRIGHT_PATH].keys)
    await bring_into_force(office, deployment.ring, bundle, partner, HOSTILE)
    await office.suspensions.stop_agreement(bundle.digest, Standing.SUSPENDED, HOSTILE)
    await (await idle_gateway.database.connection("admin")).execute(
        "UPDATE records.program SET program_type = $1", HOSTILE
    )
    async with console_of(idle_gateway) as opened:
        yield opened


async def test_no_page_runs_what_is_stored_and_reading_changes_nothing(console: Console) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    browsers = {role: await console.as_a(role) for role in ROLES}
    showing, files = set(), 0
    addresses = {path: await filled(console, path) for method, path in pages(console) if method == "GET"}
    size = await console.gateway.size()
    typed = urlencode({"words": HOSTILE, "code": HOSTILE, "next": HOSTILE, "sort": HOSTILE})
    for path, place in sorted(addresses.items()):
        browser = next(browsers[role] for role in ROLES if not MAY[role].isdisjoint(acts(path, "GET")))
        more = "&" if "?" in place else "?"
        plain, asked = await browser.get(place), await browser.get(f"{place}{more}{typed}")
        for answer in (plain, asked):
            assert answer.status_code < 500, path
            require_plain(path, answer)
        if str(escape(HOSTILE)) in plain.text:
            showing.add(path)
        file = await browser.get(f"{place}{more}download=csv")
        if file.headers["content-type"].startswith("text/csv"):
            files += bool(require_inert(path, file))
    assert len(showing) >= FEWEST, "otherwise nothing hostile was looked at"
    assert files >= FEWEST
    assert await console.gateway.size() == size, "reading a page is no act"


async def test_no_form_is_taken_but_the_sessions_own(console: Console) -> None:
    browsers = {role: await console.as_a(role) for role in ROLES}
    tokens = {role: await browser.token() for role, browser in browsers.items()}
    others = await (await console.as_a(Role.OFFICER)).token()
    forms = [path for method, path in pages(console) if method == "POST"]
    addresses, taken = {path: await filled(console, path) for path in forms}, 0
    size = await console.gateway.size()
    for path, address in sorted(addresses.items()):
        role = next(role for role in ROLES if not MAY[role].isdisjoint(acts(path, "POST")))
        own, taken = tokens[role], taken + 1
        for form, headers in (
            ({}, {}),
            ({"csrf": others}, {}),
            ({"csrf": own}, {"sec_fetch_site": "cross-site"}),
            ({"csrf": own}, {"sec_fetch_site": "", "origin": "https://evil.example"}),
        ):
            answer = await browsers[role].post(address, form, **headers)
            assert answer.status_code == 403, (address, form, headers)
            require_plain(address, answer)
    assert taken >= len(forms) >= FEWEST
    assert await console.gateway.size() == size, "nothing was done"


async def test_a_planted_session_is_nobodys_after_a_sign_in_which_leads_nowhere_else(console: Console) -> None:
    planted = await console.as_a(Role.AUDITOR)
    before = planted.cookie()
    answer = await planted.post("/console/development/sign-in", {"subject": Role.OFFICER.value, "next": "/console"})
    assert answer.status_code == 303
    assert planted.cookie() != before
    thief = Browser(console.http, console.gateway.url)
    thief.jars = {host: dict.fromkeys(jar, before) for host, jar in planted.jars.items()}
    assert (await thief.get("/console/overview")).status_code == 401
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/oauth/x"):
        form = {"subject": Role.OFFICER.value, "next": elsewhere}
        answer = await Browser(console.http, console.gateway.url).post("/console/development/sign-in", form)
        place = urlsplit(answer.headers.get("location", "/console"))
        assert (place.scheme, place.netloc) == ("", ""), elsewhere
        assert place.path.startswith("/console"), elsewhere
