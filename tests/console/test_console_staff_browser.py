"""Somebody new comes in, in a real browser: invited by one, given a role by others, after a number was read out."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.factories.chromium import chromium, sight
from tests.factories.console import Console

pytestmark = [pytest.mark.browser, pytest.mark.claim(12)]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def test_somebody_is_invited_comes_in_and_their_role_waits_for_two_officers(
    console: Console, browser: Browser
) -> None:
    start = await console.gateway.size()
    async with sight(browser, console.gateway.url) as staff, sight(browser, console.gateway.url) as guest:
        await staff.pick("administrator")
        await staff.open("/console/staff")
        await staff.page.locator("#party").select_option("district:emerald-city")
        await staff.page.get_by_role("button", name="Make a code").click()
        code = await staff.page.locator("main code").inner_text()
        # The newcomer takes it up; nothing is open yet.
        await guest.open("/console/sign-in")
        await guest.page.get_by_role("button", name="Sign in as somebody new").click()
        await guest.page.locator("#code").fill(code)
        await guest.page.get_by_role("button", name="Take up the invitation").click()
        await guest.open("/console")
        check = await guest.page.locator("dd").nth(1).inner_text()
        assert await guest.page.get_by_role("link", name="To the console").count() == 0
        # An officer who did not invite them hears the number, and prepares the role.
        await staff.pick("officer")
        await staff.open("/console/staff")
        await staff.page.get_by_role("link", name=check).click()
        await staff.page.get_by_text("Give a role", exact=True).click()
        await staff.page.locator("#role").select_option("steward")
        await staff.page.locator("#first_day").fill("2027-03-01")
        await staff.page.locator("#last_day").fill("2027-09-01")
        await staff.page.locator("#reason-role").fill("Loads the export.")
        await staff.page.locator('form[action$="/role"] button').click()
        await staff.page.get_by_role("heading", level=1).wait_for()
        assert "/console/papers/sha256:" in staff.page.url
        assert check in await staff.page.locator("main").inner_text()
        assert not await console.entries(start, "role.given")
        assert not [*staff.wrong, *guest.wrong]
