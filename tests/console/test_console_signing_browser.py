"""A draft goes live in a real browser: reviewed, signed by both parties and a second officer, and filed."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, CDPSession

from agreements.roles import Role
from tests.factories.agreements import SignedAgreement
from tests.factories.chromium import Sight, chromium, sight
from tests.factories.cohort import DAY
from tests.factories.console import Console, console_of
from tests.factories.gateway import Gateway
from tests.factories.papers import drafted, introduced, signed_file

pytestmark = [pytest.mark.browser, pytest.mark.claim(1), pytest.mark.claim(12)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
async def console(idle_gateway: Gateway) -> AsyncIterator[Console]:
    """A console at a host that browsers have passkeys for."""
    async with console_of(idle_gateway, host="localhost") as opened:
        yield opened


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def with_passkeys(seen: Sight) -> CDPSession:
    """Give this window a virtual authenticator (Web Authentication Level 2 section 11)."""
    protocol = await seen.page.context.new_cdp_session(seen.page)
    await protocol.send("WebAuthn.enable")
    await protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return protocol


async def test_an_administrator_takes_a_draft_to_live_with_both_signatures_and_a_second_officer_on_the_pages(
    console: Console, browser: Browser
) -> None:
    bundle, ring = drafted(console), console.gateway.deployment.ring
    url, partner, start = console.gateway.url, bundle.agreement.partner.id, await console.gateway.size()
    async with sight(browser, url) as staff, sight(browser, url) as guest:
        for each in (staff, guest):
            await with_passkeys(each)
        # The administrator brings in what was written, reviews it, and hands the partner a link.
        await staff.pick("administrator")
        digest = await reviewed(staff, bundle)
        await staff.page.get_by_role("button", name="Make a link for").click()
        link = await staff.page.locator("main code").inner_text()
        # The partner's signer makes a passkey, and an officer introduces it.
        await guest.page.goto(link)
        assert "#" not in guest.page.url
        await guest.page.get_by_role("button", name="Show me the document").click()
        await guest.page.get_by_text("Make a passkey in this browser").click()
        await guest.page.get_by_label("Your full name").fill("Petra Partner")
        await guest.page.get_by_role("button", name="Make my passkey").click()
        await guest.page.get_by_text("Your passkey is made").wait_for()
        await introduced(console, f"A signer of {partner}", ring.officers[1].key)
        # The partner signs.
        await guest.open("/sign")
        await guest.page.get_by_role("button", name="Sign with my passkey").click()
        await guest.page.get_by_role("heading", name="Signed").wait_for()
        # The district signs, by a key in a file on the signer's own machine.
        district = signed_file(
            bundle.envelope.kind, bundle.agreement.canonical, ring.signer(bundle.agreement.district.id).key
        )
        await staff.page.goto(f"{url}/console/papers/{digest}")
        await staff.page.set_input_files(
            "input[type=file]", {"name": "signature", "mimeType": "application/json", "buffer": district.encode()}
        )
        await staff.page.get_by_role("button", name="Add the signature").click()
        await staff.page.get_by_text("Signatures so far").wait_for()
        # A further officer makes a passkey, and the two of before take them in.
        await staff.pick("officer")
        await staff.open("/console/passkeys")
        await staff.page.get_by_label("Your full name").fill("Quinn Third")
        await staff.page.get_by_label("What it is for").select_option("officer")
        await staff.page.get_by_label("First day").fill(str(DAY))
        await staff.page.get_by_label("Reason").fill("A third officer.")
        await staff.page.get_by_role("button", name="Make my passkey").click()
        await staff.page.get_by_text("waits to be introduced").wait_for()
        await introduced(console, "A new passkey", *(each.key for each in ring.officers))
        # And approves, with the terms that only words carry.
        await staff.open(f"/console/papers/{digest}")
        await staff.page.get_by_label("The officer's key that will sign").select_option(label_of(await choices(staff)))
        await staff.page.get_by_role("button", name="Prepare my approval").click()
        await staff.page.get_by_role("button", name="Sign with my passkey").click()
        await staff.page.get_by_text("Signatures so far").wait_for()
        # Everybody signed: the administrator files it.
        await staff.pick("administrator")
        await staff.open(f"/console/papers/{digest}")
        await staff.page.get_by_role("button", name="File it").click()
        await staff.page.get_by_text("It is filed").wait_for()
    (filed,) = await console.entries(start, "agreement.activated")
    assert filed["agreement"] == digest
    people = {each["person"] for each in await console.entries(start, "paper.filed") if each["concerns"] == digest}
    assert people == {console.people[Role.ADMINISTRATOR].id}


async def reviewed(seen: Sight, bundle: SignedAgreement) -> str:
    """Bring in a draft and review it, until it waits for signatures; return its digest."""
    await seen.open("/console/drafts")
    await seen.page.get_by_text("A draft written as YAML or JSON").click()
    await seen.page.get_by_label("The whole file, unsigned").fill(bundle.agreement.canonical.decode())
    await seen.page.get_by_role("button", name="Bring in a file").click()
    await seen.page.get_by_role("link", name="Review", exact=True).click()
    await seen.page.get_by_role("button", name="Ready for signatures").click()
    digest = seen.page.url.rpartition("/")[2]
    assert digest == bundle.digest
    return digest


async def choices(seen: Sight) -> list[str]:
    return await seen.page.locator("#key option").all_inner_texts()


def label_of(choices: list[str]) -> str:
    (label,) = [each for each in choices if each.startswith("Quinn Third")]
    return label
