"""
Claim 7. Tokens that end before their time: one by its client, all of a client or for an agreement by the district,
all that a key of the gateway signed. On the next request, on every replica; a token issued afterwards is good.
"""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from agreements.errors import NotRegistered
from gateway.oauth.client import PartnerClient, PartnerRefused
from gateway.problems import Problem
from gateway.services.container import Services, open_services
from gateway.services.errors import UnknownClient
from gateway.services.token_ends import end_tokens_for_agreement, end_tokens_of_client, retire_token_key
from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import BRIGHT_PATH, Gateway

pytestmark = [pytest.mark.claim(7), pytest.mark.ferpa("Z1")]

PATHS = ("/v1/students", "/v1/attendance", "/v1/grant", "/v1/receipts/1")


async def told(gateway: Gateway, agreement: str, token: str) -> set[tuple[int, str, str]]:
    """Return what is answered to this token: at every route status, code and error of the challenge."""
    found = set()
    for path in PATHS:
        answer = await gateway.get(agreement, path, token=token)
        challenge = answer.headers.get("www-authenticate", "").rpartition("error=")[2].strip('"')
        found.add((answer.status_code, answer.json().get("code", ""), challenge))
    return found


OVER = {(401, "token_over", "invalid_token")}


async def end(gateway: Gateway, act: Any, subject: str, *why: str) -> int:
    """End tokens as the office does; return the entry."""
    office = await gateway.office()
    async with office.engine.begin() as connection:
        return int(await act(connection, subject, *why))


@asynccontextmanager
async def second(gateway: Gateway) -> AsyncIterator[Services]:
    """Open another replica."""
    made = gateway.deployment
    url = gateway.database.url("app")
    async with open_services(url, made.keys, made.trust, readers=2, public_url="http://127.0.0.1") as services:
        yield services


@pytest.mark.attack("7.3 token issued before a revocation")
async def test_a_token_that_its_client_ended_opens_nothing_and_the_next_one_does(gateway: Gateway) -> None:
    token, other = [await gateway.token(TUTORING) for _ in range(2)]
    assert (await gateway.get(TUTORING, "/v1/students", token=token)).status_code == 200
    size = await gateway.size()
    await asyncio.to_thread(gateway.client(TUTORING).revoke, token)
    (entry,) = await gateway.entries(size)
    assert (entry["event"], entry["client"]) == ("token.revoked", gateway.deployment.partners[BRIGHT_PATH].client)
    assert await told(gateway, TUTORING, token) == OVER
    refusals = [each for each in await gateway.entries(size + 1) if each["event"] == "refusal"]
    assert [each["code"] for each in refusals] == ["token_over"] * len(PATHS)
    assert {each["token"] for each in refusals} == {entry["token"]}
    # Ended twice is ended once; whoever holds another token goes on.
    await asyncio.to_thread(gateway.client(TUTORING).revoke, token)
    assert (await gateway.get(TUTORING, "/v1/students", token=other)).status_code == 200
    assert [each["event"] for each in await gateway.entries(size)].count("token.revoked") == 1


async def test_another_partner_ends_nothing_of_ours(gateway: Gateway) -> None:
    token = await gateway.token(TUTORING)
    await asyncio.to_thread(gateway.client(MENTORING).revoke, token)
    assert (await gateway.get(TUTORING, "/v1/students", token=token)).status_code == 200


async def test_all_tokens_of_a_client_end_together_on_every_replica_and_no_others(gateway: Gateway) -> None:
    client = gateway.deployment.partners[BRIGHT_PATH].client
    tokens = {each: await gateway.token(each) for each in (TUTORING, FOLLOW_UP, MENTORING)}
    async with second(gateway) as replica:
        await gateway.ask(TUTORING, services=replica)
        entry = await end(gateway, end_tokens_of_client, client, "test")
        with pytest.raises(Problem) as refused:
            await gateway.ask(TUTORING, services=replica)
        assert refused.value.code == "token_over"
        # Its caller says what epoch its token is of; one of now is answered.
        await gateway.ask(TUTORING, services=replica, token_epoch=entry)
    assert await told(gateway, TUTORING, tokens[TUTORING]) == OVER
    assert await told(gateway, FOLLOW_UP, tokens[FOLLOW_UP]) == OVER
    assert (await gateway.get(MENTORING, "/v1/students", token=tokens[MENTORING])).status_code == 200
    fresh = await gateway.token(TUTORING)
    assert (await gateway.get(TUTORING, "/v1/students", token=fresh)).status_code == 200
    assert (await gateway.entries(entry))[0] == {"event": "tokens.ended", "client": client}


async def test_all_tokens_for_an_agreement_end_together_and_those_for_another_stay(gateway: Gateway) -> None:
    tokens = {each: await gateway.token(each) for each in (TUTORING, FOLLOW_UP)}
    entry = await end(gateway, end_tokens_for_agreement, gateway.digest(TUTORING), "test")
    assert await told(gateway, TUTORING, tokens[TUTORING]) == OVER
    assert (await gateway.get(FOLLOW_UP, "/v1/students", token=tokens[FOLLOW_UP])).status_code == 200
    assert (await gateway.get(TUTORING, "/v1/students", token=await gateway.token(TUTORING))).status_code == 200
    # Ended once more, those that came in between are over as well.
    between = await gateway.token(TUTORING)
    assert await end(gateway, end_tokens_for_agreement, gateway.digest(TUTORING), "test") > entry
    assert await told(gateway, TUTORING, between) == OVER


async def test_what_a_retired_key_signed_is_over_and_nothing_is_signed_with_it(gateway: Gateway) -> None:
    token = await gateway.token(TUTORING)
    (key,) = gateway.deployment.keys.token_keys
    await end(gateway, retire_token_key, key.id)
    assert await told(gateway, TUTORING, token) == OVER
    with pytest.raises(PartnerRefused, match="503"):
        await gateway.token(TUTORING)


async def test_what_nobody_has_is_no_end(gateway: Gateway) -> None:
    size = await gateway.size()
    with pytest.raises(UnknownClient):
        await end(gateway, end_tokens_of_client, "client:00000000-0000-4000-8000-000000000000", "test")
    with pytest.raises(NotRegistered):
        await end(gateway, end_tokens_for_agreement, f"sha256:{secrets.token_hex(32)}", "test")
    assert await gateway.size() == size


async def test_an_end_between_reading_and_writing_refuses_the_page(gateway: Gateway) -> None:
    token, client = await gateway.token(TUTORING), gateway.deployment.partners[BRIGHT_PATH].client
    assert (await gateway.get(TUTORING, "/v1/students", token=token)).status_code == 200
    office, size = await gateway.office(), await gateway.size()
    async with office.engine.begin() as connection:
        entry = await end_tokens_of_client(connection, client, "test")  # it holds the head until the block ends
        asking = asyncio.create_task(gateway.get(TUTORING, "/v1/students", token=token))
        await gateway.blocked()
    answer = await asking
    assert (answer.status_code, answer.json()["code"]) == (401, "token_over")
    assert entry == size
    assert [each["event"] for each in await gateway.entries(size)] == ["tokens.ended", "refusal"]


def disclosed_late(entries: list[dict[str, Any]]) -> list[int]:
    """Return the disclosures whose token was issued before an end that stands before them."""
    issued: dict[str, int] = {}
    ended, found = -1, []
    for index, entry in enumerate(entries):
        if entry["event"] == "token.issued":
            issued[entry["token"]] = index
        elif entry["event"] == "tokens.ended":
            ended = index
        elif entry["event"] == "disclosure" and issued[entry["token"]] < ended:
            found.append(index)
    return found


async def test_ends_and_requests_from_everywhere_are_in_one_order(gateway: Gateway) -> None:
    """A token that the log says was issued before an end discloses nothing after it, however they meet."""
    client = gateway.deployment.partners[BRIGHT_PATH].client
    partner: PartnerClient = gateway.client(TUTORING)
    purpose = gateway.deployment.agreements[TUTORING].agreement.purpose.code
    details = {"agreement": gateway.digest(TUTORING), "purpose": purpose}

    over = threading.Event()

    def ask_on() -> None:
        while True:
            last = over.is_set()
            try:
                token = str(partner.token(details)["access_token"])
            except PartnerRefused:
                continue  # the epoch kept moving
            for _ in range(3):
                answer: httpx2.Response = partner.get("/v1/students?limit=1", token)
                assert answer.status_code in {200, 401, 503}
            if last:
                return

    asking = [asyncio.create_task(asyncio.to_thread(ask_on)) for _ in range(3)]
    for _ in range(12):
        await end(gateway, end_tokens_of_client, client, "test")
        await asyncio.sleep(0.02)
    over.set()
    await asyncio.gather(*asking)
    entries = await gateway.entries()
    assert "disclosure" in {entry["event"] for entry in entries}
    assert disclosed_late(entries) == []
