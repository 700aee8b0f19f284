"""A program that knows only a secret gets what its agreement gives, by the same decision, and loudly."""

import datetime as dt

from authlib.integrations.httpx_client import AsyncOAuth2Client

from agreements.elements import load_catalogue
from gateway.services.alarms import alarm
from gateway.services.analysis.analyses import Analyses
from gateway.services.analysis.past import Law
from tests.factories.gateway import names
from tests.factories.lenient import INSIDE, NETWORK, allowing
from tests.functional.compatibility.conftest import PROGRAM, Tool


async def test_a_plain_oauth_client_reads_a_page_and_everything_says_that_it_was_a_bearer(tool: Tool) -> None:
    await tool.serve()
    async with AsyncOAuth2Client(
        PROGRAM, tool.made.secret, base_url=tool.gateway.url, headers={"x-forwarded-for": INSIDE}
    ) as program:
        token = await program.fetch_token(f"{tool.gateway.url}/compat/oauth/token", grant_type="client_credentials")
        assert token["token_type"] == "Bearer"
        assert token["expires_in"] <= 600
        answer = await program.get("/compat/v1/students?fields=first_name&limit=2")
        assert answer.status_code == 200, answer.text
        assert len(names(answer.json()["data"])) == 2
        following = await program.get(f"/compat/v1/students?fields=first_name&limit=2&cursor={answer.json()['next']}")
        assert not names(following.json()["data"]) & names(answer.json()["data"])
        assert (await program.get("/compat/v1/grant")).status_code == 200
        receipt = await program.get(f"/compat/v1/receipts/{answer.headers['pactgate-receipt']}")
        assert receipt.status_code == 200
    told = [each for each in await tool.gateway.entries() if each.get("client") == PROGRAM and "token" in each]
    assert {each["event"] for each in told} == {"token.issued", "disclosure", "grant.read", "receipt.read"}
    assert {(each["binding"], each["network"]) for each in told} == {("bearer", NETWORK)}
    assert not any("proof" in each for each in told)
    law = Law(load_catalogue(), allowing())
    replayed = await Analyses((await tool.gateway.office()).desk, law, alarm).replay(
        dt.timedelta(days=30), draft=None, law=None
    )
    assert replayed.differences == ()
