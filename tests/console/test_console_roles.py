"""Each page for each role, enumerated from the application: nobody signed in, another role, the right one."""

import re
from uuid import UUID

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from agreements.roles import Role
from gateway.services.papers.kinds import ANY
from gateway.services.staff.roles import MAY, Act
from tests.factories.cohort import TUTORING
from tests.factories.console import ROLES, Console, handed_in
from tests.factories.console_drafts import a_sound_draft
from tests.factories.emergencies import an_order
from tests.factories.gateway import BRIGHT_PATH
from tests.factories.load_reports import a_held_load
from tests.factories.papers import held
from tests.factories.staff import Browser

pytestmark = [pytest.mark.claim(12), pytest.mark.ferpa("Z1")]

OF_A_MOMENT = {"/console/agreements/{digest}/review/pack"}
"""What its page leads to with what it showed: asked for otherwise, there is no such file."""
Meant = Act | frozenset[Act]

OF_EVERYBODY = re.compile(r"/console(/(sign-.*|callback|sessions/end|invitation|development/.*))?")
"""Pages of the sign-in itself: whoever is signed in, or nobody yet."""
PREPARE = frozenset({Act.MANAGE_PARTNERS, Act.APPROVE})
REVIEW = frozenset({Act.APPROVE, Act.DRAFT})
EVERYBODY = frozenset(Act)
ACTS: dict[str, Meant | dict[str, Meant]] = {
    "/console/start": EVERYBODY,
    "/console/words": EVERYBODY,
    "/console/overview": Act.READ_LOG,
    "/console/log": Act.READ_LOG,
    "/console/log/{index}": Act.READ_LOG,
    "/console/log/{index}/replay": Act.READ_LOG,
    "/console/students": Act.SEARCH_STUDENTS,
    "/console/students/copy": Act.SEARCH_STUDENTS,
    "/console/students/paper": Act.SEARCH_STUDENTS,
    "/console/students/stop": Act.SEARCH_STUDENTS,
    "/console/students/rights": Act.APPROVE,
    "/console/students/rights/document": Act.APPROVE,
    "/console/students/rights/file": Act.APPROVE,
    "/console/agreements": Act.READ_LOG,
    "/console/agreements/{digest}": Act.READ_LOG,
    "/console/agreements/{digest}/suspend": Act.STOP,
    "/console/agreements/{digest}/end": Act.STOP,
    "/console/calendar": Act.READ_LOG,
    "/console/calendar.ics": Act.READ_LOG,
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
    "/console/papers": ANY,
    "/console/papers/{digest}": Act.APPROVE,
    "/console/papers/{digest}/approvals": Act.APPROVE,
    "/console/papers/{digest}/confirm": Act.APPROVE,
    "/console/papers/{digest}/document": Act.APPROVE,
    "/console/papers/{digest}/file": Act.APPROVE,
    "/console/papers/{digest}/invitations": Act.APPROVE,
    "/console/papers/{digest}/passkey": Act.APPROVE,
    "/console/papers/{digest}/signatures": Act.APPROVE,
    "/console/papers/{digest}/signed": Act.APPROVE,
    "/console/papers/{digest}/turn-down": Act.APPROVE,
    "/console/papers/{digest}/withdraw": Act.APPROVE,
    "/console/partners": Act.READ_LOG,
    "/console/passkeys": ANY,
    "/console/partners/{partner}/suspend": Act.STOP,
    "/console/partners/{partner}": Act.READ_LOG,
    "/console/partners/{partner}/leave": Act.STOP,
    "/console/partners/{partner}/reinstate": Act.STOP,
    "/console/partners/{partner}/debar": PREPARE,
    "/console/partners/{partner}/succeed": PREPARE,
    "/console/partners/{partner}/bind": PREPARE,
    "/console/clients": Act.READ_LOG,
    "/console/clients/{client}": Act.READ_LOG,
    "/console/clients/{client}/suspend": Act.STOP,
    "/console/clients/{client}/reinstate": Act.STOP,
    "/console/clients/{client}/end-tokens": Act.STOP,
    "/console/clients/{client}/secret": Act.MANAGE_CLIENTS,
    "/console/clients/{client}/end-secret": Act.STOP,
    "/console/agreements/{digest}/people": PREPARE,
    "/console/agreements/{digest}/people/undertaking": PREPARE,
    "/console/signers": {"GET": Act.READ_LOG, "POST": PREPARE},
    "/console/signers/officer": Act.GIVE_ROLES,
    "/console/signers/revoke": Act.STOP,
    "/console/staff": Act.INVITE,
    "/console/staff/{person}": Act.INVITE,
    "/console/staff/{person}/suspend": Act.STOP,
    "/console/staff/{person}/reinstate": Act.STOP,
    "/console/staff/{person}/end-sessions": Act.STOP,
    "/console/staff/{person}/end-role": Act.STOP,
    "/console/staff/{person}/erase": Act.STOP,
    "/console/staff/{person}/role": Act.GIVE_ROLES,
    "/console/obligations": Act.READ_LOG,
    "/console/holds": Act.APPROVE,
    "/console/holds/{hold}/release": Act.APPROVE,
    "/console/agreements/{digest}/destruction": {"GET": Act.READ_LOG, "POST": PREPARE},
    "/console/agreements/{digest}/destruction/certificate": PREPARE,
    "/console/agreements/{digest}/destruction/figures": PREPARE,
    "/console/agreements/{digest}/review": REVIEW,
    "/console/agreements/{digest}/review/pack": REVIEW,
    "/console/alarms": Act.READ_LOG,
    "/console/alarms/{number}": Act.READ_LOG,
    "/console/alarms/{number}/look": Act.HANDLE_ALARMS,
    "/console/alarms/{number}/note": Act.HANDLE_ALARMS,
    "/console/alarms/{number}/assign": Act.HANDLE_ALARMS,
    "/console/alarms/{number}/resolve": Act.HANDLE_ALARMS,
    "/console/stop": Act.STOP,
    "/console/emergencies": Act.APPROVE,
    "/console/emergencies/{digest}/review": Act.APPROVE,
    "/console/emergencies/{digest}/end": Act.APPROVE,
    "/console/emergencies/{digest}/release": Act.APPROVE,
    "/console/emergencies/releases/{digest}": Act.APPROVE,
    "/console/incidents": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}/affected": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}/letters": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}/note": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}/done": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}/not-applicable": Act.HANDLE_INCIDENTS,
    "/console/incidents/{incident}/close": Act.HANDLE_INCIDENTS,
    "/console/loads": Act.LOAD_RECORDS,
    "/console/loads/{entry}": Act.LOAD_RECORDS,
    "/console/loads/reports/{report}": Act.LOAD_RECORDS,
    "/console/loads/reports/{report}/confirmation": Act.LOAD_RECORDS,
    "/console/rosters": Act.MANAGE_ROSTERS,
    "/console/codes": Act.CLASSIFY_CODES,
    "/console/rosters/{roster}": Act.MANAGE_ROSTERS,
    "/console/rosters/{roster}/look": Act.MANAGE_ROSTERS,
    "/console/rosters/{roster}/match": Act.MANAGE_ROSTERS,
    "/console/rosters/{roster}/say": Act.MANAGE_ROSTERS,
    "/console/rosters/{roster}/set-aside": Act.MANAGE_ROSTERS,
    "/console/rosters/{roster}/decide": Act.MANAGE_ROSTERS,
    "/console/wishes": Act.RECORD_CONSENTS,
    "/console/consents": Act.RECORD_CONSENTS,
    "/console/consents/statement": Act.RECORD_CONSENTS,
    "/console/consents/slip": Act.RECORD_CONSENTS,
}
"""
What each page is for: an act, or several of which one is enough. A new page stands here, or this file fails.

The paper looked at is a hold: the officers'.
"""


def acts(path: str, method: str) -> frozenset[Act]:
    """Return the acts of which one opens a page."""
    meant = ACTS[path]
    one = meant[method] if isinstance(meant, dict) else meant
    return one if isinstance(one, frozenset) else frozenset({one})


DRAFT = UUID("5b0a3c1e-6d1f-4a52-9d0b-3f6c7a1e2b90")


def pages(console: Console) -> list[tuple[str, str]]:
    """Return the method and the path of every page of the console's own."""
    found = []
    for context in iter_route_contexts(console.gateway.app.routes):
        route, path = context.original_route, str(context.path)
        if isinstance(route, APIRoute) and path.startswith("/console") and not OF_EVERYBODY.fullmatch(path):
            found += [(method, path) for method in sorted(route.methods or ())]
    return found


async def filled(console: Console, path: str) -> str:
    digest = console.gateway.digest(TUTORING)
    if path.startswith("/console/papers/"):
        digest = await held(console)  # the one before may have been taken away by this very page
    if path == "/console/emergencies/{digest}/release":
        digest = await an_order(console.gateway)
    roster = await handed_in(console) if "{roster}" in path else 0
    address = path.format(
        index=0,
        digest=digest,
        partner="partner:bright-path",
        client=console.gateway.deployment.partners[BRIGHT_PATH].client,
        person=console.people[Role.AUDITOR].id,
        hold=f"sha256:{'0' * 64}",
        entry=console.load,
        roster=roster,
        report=1,
        number=1,
        incident=console.incident,
        draft=DRAFT,
        step="purpose",
        dataset="students",
    )
    return f"{address}?size=1&pack=sha256:{'0' * 64}" if path in OF_A_MOMENT else address


async def test_each_page_opens_for_those_who_may_and_for_nobody_else(console: Console) -> None:
    listed = pages(console)
    await a_sound_draft(console, DRAFT)
    await console.raise_alarm("undecided", cause="error")  # case 1
    await console.open_incident()
    assert await a_held_load(console) == 1
    assert {path for _, path in listed} == set(ACTS)
    stranger = Browser(console.http, console.gateway.url)
    browsers = {role: await console.as_a(role) for role in ROLES}
    await console.gateway.signed()
    tokens = {role: await browser.token() for role, browser in browsers.items()}
    for method, path in listed:
        address = await filled(console, path)
        asked = await (stranger.get(address) if method == "GET" else stranger.post(address, {"csrf": "x"}))
        assert asked.status_code == 401, address
        assert "/console/sign-in" in asked.text
        for role, browser in browsers.items():
            address, may = await filled(console, path), not MAY[role].isdisjoint(acts(path, method))
            # A form that says nothing of what it is about is refused after the role was looked at, and changes nothing.
            answer = await (browser.get(address) if method == "GET" else browser.post(address, {"csrf": tokens[role]}))
            assert (answer.status_code != 403) == may, (role, method, address, answer.text)
            if may and method == "GET" and path not in OF_A_MOMENT:
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
