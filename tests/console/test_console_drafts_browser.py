"""An administrator writes an agreement in a browser: from a legal basis to a review that has nothing against it."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.factories.chromium import chromium, sight
from tests.factories.console import Console
from tests.factories.console_drafts import KEY

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def test_a_tutoring_agreement_is_written_on_eleven_pages(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    paper = tmp_path / "signed.pdf"
    paper.write_bytes(b"%PDF-1.7 signed")
    async with sight(browser, console.gateway.url) as seen:
        page = seen.page

        async def onward() -> None:
            await page.get_by_role("button", name="Save and go on").click()

        await seen.pick("administrator")
        await seen.open("/console/drafts")  # 1
        await page.get_by_label("Legal basis").select_option("consent")
        await page.get_by_role("button", name="Begin a draft").click()
        missing = page.locator("#missing h2")  # 2: basis and purpose
        first = await missing.inner_text()
        await page.get_by_label("Purpose", exact=True).select_option("tutoring")
        await page.get_by_label("The purpose in words").fill("Tutoring after school")
        await page.get_by_label("The purpose in words").blur()
        # What is missing is said while it is typed, before anything is saved.
        await page.wait_for_function("was => document.querySelector('#missing h2').innerText !== was", arg=first)
        await onward()
        await page.get_by_label("The partner's name").fill("Bright Path")  # 3: parties
        await page.get_by_label("The partner's id").fill("partner:bright-path")
        await page.get_by_label("Kind of partner").select_option("nonprofit")
        await page.get_by_label("Title", exact=True).fill("Tutoring with Bright Path")
        await page.get_by_label("Id of the agreement").fill("agreement:after-school")
        await onward()
        for field in await page.locator("main textarea").all():  # 4: what consent requires
            await field.fill("As the consent form says")
        await page.locator("main select").select_option("electronic")
        await onward()
        await page.get_by_role("button", name="Add what is usual for the purpose").click()  # 5: data
        await page.get_by_role("link", name="Go on").click()
        await page.get_by_role("button", name="Add", exact=True).click()  # 6: students
        await page.get_by_text("On the roster that the district accepted").first.wait_for()
        await onward()
        await page.get_by_label("How the partner tells students apart").select_option("record_code")  # 7: term
        await onward()
        await onward()  # 8: obligations, as they are offered
        await page.get_by_label("The key of whoever drafts").fill(KEY)  # 9: people
        await onward()
        await page.get_by_label("Title of the paper").fill("Signed agreement")  # 10: paper
        await page.get_by_label("Compute it from the file").set_input_files(paper)
        digest = f"sha256:{hashlib.sha256(paper.read_bytes()).hexdigest()}"
        await page.wait_for_function(
            "wanted => document.getElementById('f-executed_pdf-sha256').value === wanted", arg=digest
        )
        await onward()
        await page.get_by_role("heading", name="Nothing is missing").wait_for()  # 11: review
        await page.get_by_role("button", name="Count").click()
        await page.get_by_text("19 of 20 counts").wait_for()
        await page.get_by_role("button", name="Ready for signatures").click()
        await page.get_by_role("heading", name="Tutoring with Bright Path").wait_for()
