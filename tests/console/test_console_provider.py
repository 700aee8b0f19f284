"""Somebody comes in through an identity provider that is not ours, in a real browser, and lands on the first page."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import APIRouter

from agreements.roles import Role
from gateway.console.desk import ConsoleDesk
from gateway.console.routes import console_routers
from gateway.console.sections import first_page
from gateway.services.standing.identity import Identity, Realm
from gateway.signin.routes import sign_in_for, staff_routers
from tests.factories.chromium import chromium, sight
from tests.factories.gateway import Gateway
from tests.factories.staff import become, client_key, identity_provider, registered, write_private
from tests.factories.staffing import DISTRICT, StaffRoom

pytestmark = pytest.mark.browser

SECTION = """[[district]]
name = "staff"
title = "District staff"
issuer = "{issuer}"
client_id = "console"
key_file = "idp.pem"
algorithms = ["RS256"]
acr = ["two"]
step_up_acr = ["two"]
"""
ACCOUNT = "whitehorse"


@dataclass
class Provided:
    """A gateway with its console, and the issuer at which the district's staff sign in."""

    gateway: Gateway
    issuer: str


@pytest.fixture
async def provided(idle_gateway: Gateway, tmp_path: Path) -> AsyncIterator[Provided]:
    key, issuers = client_key(), list[str]()
    write_private(tmp_path / "idp.pem", key.as_pem(private=True))
    office = await idle_gateway.office(remembers=True)
    async with AsyncExitStack() as stack:

        async def more(url: str) -> Sequence[APIRouter]:
            clients = [registered("console", key, f"{url}/console/callback")]
            issuers.append(await stack.enter_async_context(identity_provider(clients)))
            (tmp_path / "sign-in.toml").write_text(SECTION.format(issuer=issuers[0]))
            signin = sign_in_for(tmp_path / "sign-in.toml", idle_gateway.deployment.keys.cursor, url)
            desk = ConsoleDesk(office, idle_gateway.deployment.keys.subject)
            return (*staff_routers(signin, first=first_page), *console_routers(desk))

        await idle_gateway.serve(more=more)
        yield Provided(idle_gateway, issuers[0])


async def test_somebody_signs_in_elsewhere_takes_up_an_invitation_and_lands_on_the_first_page(
    provided: Provided,
) -> None:
    room = StaffRoom(provided.gateway)
    invitation = await (await room.office()).invite(DISTRICT, 72)
    who = Identity(Realm.DISTRICT, provided.issuer, ACCOUNT)
    async with chromium() as browser, sight(browser, provided.gateway.url) as seen:
        await become(provided.issuer, ACCOUNT, acr="one")
        await seen.open("/console/sign-in?with=staff")
        assert await seen.page.locator("#code").count() == 0, "one factor opens nothing"
        await become(provided.issuer, ACCOUNT)
        await seen.page.context.clear_cookies()  # the provider remembers how somebody was known
        await seen.open("/console/sign-in")
        await seen.page.get_by_role("link", name="District staff").click()
        await seen.page.get_by_label("Invitation code").fill(invitation.code)
        await seen.page.get_by_role("button", name="Take up the invitation").click()
        await seen.page.get_by_text("Check number for the officers").wait_for()
        assert await seen.page.get_by_role("link", name="To the console").count() == 0, "nobody gave a role yet"
        person = await room.person(who)
        assert person is not None
        await room.give(person, Role.AUDITOR)
        await seen.open("/console")
        await seen.page.get_by_role("link", name="To the console").click()
        await seen.page.get_by_role("heading", name="Overview", level=1).wait_for()
        assert await seen.page.get_by_role("link", name="Students", exact=True).count() == 0
        asked = f"asked {provided.issuer}"
        assert [each for each in seen.wrong if each.startswith(asked)], "the browser was at the provider"
        seen.wrong[:] = [each for each in seen.wrong if not each.startswith(asked)]
