"""The console in a real browser: by light and in the dark, on a phone, on paper, without scripts, in both languages."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from playwright.async_api import Browser

from agreements.roles import Role
from tests.factories.acceptances import an_undertaking, somebody_leaves
from tests.factories.chromium import Sight, chromium, sight
from tests.factories.cohort import STUDENTS, TUTORING
from tests.factories.console import Console, handed_in
from tests.factories.console_drafts import a_sound_draft
from tests.factories.emergencies import a_release, an_order
from tests.factories.gateway import BRIGHT_PATH
from tests.factories.held_decisions import a_held_decision
from tests.factories.load_reports import a_held_load
from tests.factories.papers import held, invited

pytestmark = pytest.mark.browser

DRAFT = UUID("5b0a3c1e-6d1f-4a52-9d0b-3f6c7a1e2b90")
CALIXTE = STUDENTS["calixte"]
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
    .filter(each => each.getBoundingClientRect().right > innerWidth && !each.closest(".pg-wide"))
    .map(each => each.outerHTML.slice(0, 120)).slice(0, 3)"""
"""What is wider than the window, if anything makes the page scroll sideways."""
SHOTS = os.environ.get("PACTGATE_TESTS_SHOTS", "")
"""A folder for pictures of every page: `PACTGATE_TESTS_SHOTS=folder make test` writes them."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def of_an_officers_morning(console: Console) -> dict[str, str]:
    """Return what an officer works through when something is wrong, by the name of each page: none of it is empty."""
    case = await console.raise_alarm("witness_silent", witness="witness.example", since="2026-10-05", unwitnessed="7")
    incident = await console.open_incident()
    entries = await console.gateway.entries()
    disclosed = max(index for index, entry in enumerate(entries) if entry["event"] == "disclosure")
    pages = {"alarm": f"alarms/{case}", "incident": f"incidents/{incident}", "disclosure": f"log/{disclosed}"}
    order = await an_order(console.gateway)
    release = await a_release(console.gateway, "ximena", order=order)
    emergency = {"release": f"emergencies/{order}/release", "handing-over": f"papers/{release}"}
    return {**pages, "incidents": "incidents", "stop": "stop", "emergencies": "emergencies", **emergency}


async def revoke_a_parents_rights(seen: Sight) -> None:
    """Fill in the form on a student's page, up to where an officer signs."""
    form = seen.page.locator('form[action="/console/students/rights"]')
    await form.locator("[name=parent]").fill("Somebody's Parent")
    await form.locator("[name=ground]").select_option("court_order")
    await form.locator("[name=ordered_on]").fill("2027-03-01")
    await form.locator("[name=evidence]").fill(f"sha256:{'5' * 64}")
    await form.locator("button").click()
    await seen.page.locator("#sign").wait_for()


async def walk(seen: Sight, console: Console) -> AsyncIterator[str]:  # noqa: PLR0915 - a walk is one list of stops
    """Open every page that an officer and a steward have, one after the other; yields what each is called."""
    await seen.open("/console/sign-in")
    yield "sign-in"
    await seen.pick("officer")
    yield "account"
    digest = console.gateway.digest(TUTORING)
    places = ("overview", "log", "log/0", "agreements", f"agreements/{digest}", "partners", "alarms", "students")
    for place in places:
        await seen.open(f"/console/{place}")
        yield place.replace("/", "-").replace(digest, "one")
    undertaking = await an_undertaking(console)
    await somebody_leaves(console)
    client, person = console.gateway.deployment.partners[BRIGHT_PATH].client, console.people[Role.AUDITOR].id
    of_partners = {
        "partner": "partners/partner:bright-path",
        "partner-leaves": "partners/partner:bright-path/leave",
        "bind": "partners/partner:bright-path/bind",
        "people": f"agreements/{digest}/people",
        "clients": "clients",
        "client": f"clients/{client}",
        "signers": "signers",
        "staff": "staff",
        "person": f"staff/{person}",
        "obligations": "obligations",
        "destruction": f"agreements/{digest}/destruction",
        "review": f"agreements/{digest}/review",
    }
    await console.gateway.signed()
    for name, place in {**of_partners, **await of_an_officers_morning(console)}.items():
        await seen.open(f"/console/{place}")
        for each in await seen.page.locator(
            "main > section > details > summary, main > article > details > summary"
        ).all():
            await each.click()
        yield name
    await seen.open("/console/students")
    await seen.page.fill("#number", CALIXTE.number)
    await seen.page.click("main form button")
    yield "student"
    for each in await seen.page.locator("summary").all():
        await each.click()
    yield "student-opened"
    await revoke_a_parents_rights(seen)
    yield "rights"
    await seen.open("/console/log/999999")
    yield "refused"
    await seen.pick("administrator")
    await a_sound_draft(console, DRAFT)
    drafts = (
        "",
        f"/{DRAFT}",
        f"/{DRAFT}/people",
        f"/{DRAFT}/data/attendance",
        f"/{DRAFT}/population",
        f"/{DRAFT}/review",
    )
    for place in ("calendar", *(f"drafts{each}" for each in drafts)):
        await seen.open(f"/console/{place}")
        yield place.replace("/", "-").replace(str(DRAFT), "one")
    await seen.pick("officer")
    waits = await a_held_decision(console)
    for name, place in {
        "papers": "papers",
        "papers-one": f"papers/{await held(console)}",
        "papers-waits": f"papers/{waits}",
        "passkeys": "passkeys",
    }.items():
        await seen.open(f"/console/{place}")
        yield name
    await seen.open(f"/console/papers/{undertaking}")
    yield "undertaking"
    link = await invited(console)
    await seen.open("/sign")
    yield "sign-code"
    await seen.page.fill("#code", link)
    await seen.page.click("main form button")
    yield "sign"
    await seen.pick("steward")
    roster, report = await handed_in(console), await a_held_load(console)
    for place in (
        "start",
        "words",
        "loads",
        f"loads/{console.load}",
        f"loads/reports/{report}",
        "rosters",
        f"rosters/{roster}",
        "codes",
        "wishes",
        "consents",
    ):
        await seen.open(f"/console/{place}")
        yield place.replace("/", "-")
    await seen.open(f"/console/rosters/{roster}")
    await seen.page.get_by_role("button").locator(f'xpath=self::*[../@action="/console/rosters/{roster}/look"]').click()
    yield "roster-named"


@dataclass(frozen=True)
class Manner:
    """One way of looking at a page, and the rules of axe-core that it can break: None means all of them."""

    width: int
    rules: tuple[str, ...] | None
    media: Literal["screen", "print"] = "screen"
    scheme: Literal["light", "dark"] = "light"


COLOURS = ("color-contrast", "link-in-text-block")
MANNERS = {
    "light": Manner(1280, None),
    "dark": Manner(1280, COLOURS, scheme="dark"),
    "print": Manner(1280, COLOURS, media="print"),
    # 1280 pixels at 200 % (WCAG 2.2, 1.4.10), and a phone.
    "zoomed": Manner(640, ("target-size", "scrollable-region-focusable")),
    "phone": Manner(360, ("target-size", "scrollable-region-focusable")),
}
"""The parts of a page are the same in all of them, so each stop of the walk is looked at in one after the other."""


LIKE_OTHERS = (
    *("partner-leaves", "bind", "clients", "staff", "destruction", "client", "papers-waits", "rights", "undertaking"),
)
"""Stops that are made of what other stops have: one manner is enough for their words and their order."""


@pytest.mark.parametrize("language", ["en", "es"])
async def test_every_page_can_be_read_by_everybody(console: Console, browser: Browser, language: str) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name,grade_level")
    found = []
    async with sight(browser, console.gateway.url) as seen:
        if language != "en":
            await seen.open("/console/sign-in")
            await seen.page.click(f'button[lang="{language}"]')
        async for name in walk(seen, console):
            assert await seen.page.get_attribute("html", "lang") == language
            for manner, way in MANNERS.items() if name not in LIKE_OTHERS else [("light", MANNERS["light"])]:
                await seen.page.set_viewport_size({"width": way.width, "height": 740})
                await seen.page.emulate_media(media=way.media, color_scheme=way.scheme)
                stop = f"{name}, {manner}, {language}"
                found += [f"{stop}: {each}" for each in await seen.failures(way.rules)]
                found += [f"{stop}: it scrolls sideways for {each}" for each in await seen.page.evaluate(WIDE)]
                if SHOTS:
                    await seen.page.screenshot(path=Path(SHOTS, f"{name}-{manner}-{language}.png"), full_page=True)
            await seen.page.set_viewport_size({"width": 1280, "height": 740})
            await seen.page.emulate_media(media="screen", color_scheme="light")
    assert not found, "\n".join(found)


async def test_every_page_works_without_scripts(console: Console, browser: Browser) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name,grade_level")
    async with sight(browser, console.gateway.url, java_script_enabled=False) as seen:
        async for name in walk(seen, console):
            assert await seen.page.locator("main h1").count() == 1, name


@pytest.mark.claim(7)
async def test_an_officer_stops_an_agreement_and_the_partner_is_refused(console: Console, browser: Browser) -> None:
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 200
    line = console.gateway.line(TUTORING)
    async with sight(browser, console.gateway.url) as seen:
        await seen.pick("officer")
        await seen.open(f"/console/agreements/{console.gateway.digest(TUTORING)}")
        await seen.page.get_by_text("Suspend this agreement").first.click()
        await seen.page.get_by_label(f"Type {line} to confirm").fill(line)
        await seen.page.get_by_label("Reason").fill("A laptop was stolen.")
        await seen.page.get_by_role("button", name="Suspend this agreement").click()
        await seen.page.get_by_text("Stopped: nothing leaves by it").wait_for()
    assert (await console.gateway.get(TUTORING, "/v1/students")).status_code == 401


async def test_what_a_partner_saw_about_a_student_is_answered_and_proven_in_eight_steps(
    console: Console, browser: Browser
) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name,grade_level")
    async with sight(browser, console.gateway.url) as seen:
        await seen.pick("officer")  # 1
        await seen.page.get_by_role("link", name="To the console").click()  # 2
        await seen.page.get_by_role("link", name="Students", exact=True).click()  # 3
        await seen.page.get_by_label("The district's student number").fill(CALIXTE.number)  # 4
        await seen.page.get_by_role("button", name="Show").click()  # 5
        block = seen.page.get_by_role("article", name="Bright Path Tutoring", exact=True)
        assert "first name" in (await block.inner_text()).lower().replace("_", " ")
        await block.locator("summary").click()  # 6
        await block.get_by_role("link").first.click()  # 7
        await seen.page.get_by_text("Proven just now").wait_for()
