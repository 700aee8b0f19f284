"""Each page for each role, enumerated from the application: nobody signed in, another role, the right one."""

import re
from uuid import UUID

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from agreements.roles import Role
from gateway.services.staff.roles import MAY, Act
from tests.factories.cohort import TUTORING
from tests.factories.console import ROLES, Console
from tests.factories.console_drafts import a_sound_draft
from tests.factories.staff import Browser

pytestmark = [pytest.mark.claim(12), pytest.mark.ferpa("Z1")]

OF_EVERYBODY = re.compile(r"/console(/(sign-.*|callback|sessions/end|invitation|development/.*))?")
"""Pages of the sign-in itself: whoever is signed in, or nobody yet."""
ACTS = {
    "/console/overview": Act.READ_LOG,
    "/console/log": Act.READ_LOG,
    "/console/log/{index}": Act.READ_LOG,
    "/console/students": Act.SEARCH_STUDENTS,
    "/console/students/paper": Act.SEARCH_STUDENTS,
    "/console/students/stop": Act.SEARCH_STUDENTS,
    "/console/agreements": Act.READ_LOG,
    "/console/agreements/{digest}": Act.READ_LOG,
    "/console/agreements/{digest}/suspend": Act.STOP,
    "/console/calendar": Act.READ_LOG,
    "/console/partners": Act.READ_LOG,
    "/console/partners/{partner}/suspend": Act.STOP,
    "/console/alarms": Act.READ_LOG,
    "/console/loads": Act.LOAD_RECORDS,
    "/console/rosters": Act.MANAGE_ROSTERS,
    "/console/codes": Act.CLASSIFY_CODES,
    "/console/wishes": Act.RECORD_CONSENTS,
    "/console/agreements/{digest}/amend": Act.DRAFT,
    "/console/drafts": Act.DRAFT,
    "/console/drafts/import": Act.DRAFT,
    "/console/drafts/{draft}": Act.DRAFT,
    "/console/drafts/{draft}/canonical": Act.DRAFT,
    "/console/drafts/{draft}/data": Act.DRAFT,
    "/console/drafts/{draft}/data/{dataset}": Act.DRAFT,
    "/console/drafts/{draft}/delete": Act.DRAFT,
    "/console/drafts/{draft}/file": Act.DRAFT,
    "/console/drafts/{draft}/population": Act.DRAFT,
    "/console/drafts/{draft}/ready": Act.DRAFT,
    "/console/drafts/{draft}/requests": Act.DRAFT,
    "/console/drafts/{draft}/review": Act.DRAFT,
    "/console/drafts/{draft}/{step}": Act.DRAFT,
    "/console/drafts/{draft}/{step}/look": Act.DRAFT,
}
"""What each page is for. A new page stands here, or this file fails."""
DRAFT = UUID("5b0a3c1e-6d1f-4a52-9d0b-3f6c7a1e2b90")


def pages(console: Console) -> list[tuple[str, str]]:
    """Return the method and the path of every page of the console's own."""
    found = []
    for context in iter_route_contexts(console.gateway.app.routes):
        route, path = context.original_route, str(context.path)
        if isinstance(route, APIRoute) and path.startswith("/console") and not OF_EVERYBODY.fullmatch(path):
            found += [(method, path) for method in sorted(route.methods or ())]
    return found


def filled(console: Console, path: str) -> str:
    digest = console.gateway.digest(TUTORING)
    return path.format(
        index=0, digest=digest, partner="partner:bright-path", draft=DRAFT, step="purpose", dataset="students"
    )


async def test_each_page_opens_for_those_who_may_and_for_nobody_else(console: Console) -> None:
    listed = pages(console)
    await a_sound_draft(console, DRAFT)
    assert {path for _, path in listed} == set(ACTS)
    stranger = Browser(console.http, console.gateway.url)
    browsers = {role: await console.as_a(role) for role in ROLES}
    tokens = {role: await browser.token() for role, browser in browsers.items()}
    for method, path in listed:
        address = filled(console, path)
        asked = await (stranger.get(address) if method == "GET" else stranger.post(address, {"csrf": "x"}))
        assert asked.status_code == 401, address
        assert "/console/sign-in" in asked.text
        for role, browser in browsers.items():
            may = ACTS[path] in MAY[role]
            # A form that says nothing of what it is about is refused after the role was looked at, and changes nothing.
            answer = await (browser.get(address) if method == "GET" else browser.post(address, {"csrf": tokens[role]}))
            assert (answer.status_code != 403) == may, (role, method, address, answer.text)
            if may and method == "GET":
                assert answer.status_code == 200, (role, address)


async def test_a_page_shows_only_the_sections_that_one_may_open(console: Console) -> None:
    auditor = (await (await console.as_a(Role.AUDITOR)).get("/console/overview")).text
    assert 'href="/console/students"' not in auditor
    assert 'href="/console/log"' in auditor
    digest = console.gateway.digest(TUTORING)
    assert "/suspend" not in (await (await console.as_a(Role.AUDITOR)).get(f"/console/agreements/{digest}")).text
    officer = await console.as_a(Role.OFFICER)
    assert 'href="/console/students"' in (await officer.get("/console/overview")).text
    assert "/suspend" in (await officer.get(f"/console/agreements/{digest}")).text


@pytest.mark.claim(8)
async def test_what_is_not_there_is_a_plain_404(console: Console) -> None:
    officer = await console.as_a(Role.OFFICER)
    unknown = "sha256:" + "0" * 64
    for path in ("/console/log/999999999", f"/console/agreements/{unknown}", "/console/nothing", "/assets/x/uswds.css"):
        assert (await officer.get(path)).status_code == 404, path
    for path in ("/console/log/-1", "/console/log/first", "/console/agreements/x"):
        assert (await officer.get(path)).status_code == 400, path
