"""Who asks too often waits: strangers by their address, partners by what they proved, and neither for the other."""

from typing import Any

import pytest

from gateway.app import Bounds
from gateway.oauth.rates import Buckets, Rate

FRONT = {"PACTGATE_TERMINATORS": "127.0.0.1", "PACTGATE_CLIENT_RATE": "1"}
"""The tests' own requests come from this machine, as those of a terminator would; a client has ten at once."""
PATH = "/v1/grant"


@pytest.fixture
def bounds() -> Bounds:
    return Bounds(failure_rate=Rate(2, 1), strangers_seconds=3600)


async def ask(gateway: Any, *, address: str | None = None, token: str | None = None) -> Any:
    built = gateway.build.api_request(PATH, {}, token or "x.y.z")
    forwarded = [] if address is None else [(b"x-forwarded-for", address.encode())]
    return await gateway.client.request(built.method, built.target, headers=[*built.headers, *forwarded])


@pytest.mark.attack("7.5")
async def test_an_address_that_only_fails_is_not_looked_at_for_a_while(make_gateway: Any) -> None:
    async with make_gateway(environment=FRONT) as gateway:
        answers = [await ask(gateway, address="203.0.113.9") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert (await ask(gateway, address="203.0.113.9", token=gateway.build.token())).status_code == 429
        gateway.clock.now += 1
        assert (await ask(gateway, address="203.0.113.9", token=gateway.build.token())).status_code == 200
    (entry,) = [each for each in gateway.services.log.entries if each["event"] == "strangers.refused"]
    assert entry["reasons"]["rate_of_address"] == 2


@pytest.mark.attack("7.5")
async def test_what_one_address_does_slows_no_other_down(make_gateway: Any) -> None:
    async with make_gateway(environment=FRONT) as gateway:
        for _ in range(3):
            await ask(gateway, address="203.0.113.9")
        assert (await ask(gateway, address="203.0.113.10", token=gateway.build.token())).status_code == 200


async def test_an_address_that_nobody_told_us_is_not_held_against_anybody(make_gateway: Any) -> None:
    async with make_gateway() as gateway:
        assert {(await ask(gateway)).status_code for _ in range(5)} == {401}
        assert {(await ask(gateway, address="203.0.113.9")).status_code for _ in range(5)} == {401}


@pytest.mark.claim(4)
@pytest.mark.attack("7.5")
async def test_a_client_that_asks_too_often_is_told_when_to_come_back_and_its_first_refusal_is_an_entry(
    make_gateway: Any,
) -> None:
    async with make_gateway(environment=FRONT) as gateway:
        token = gateway.build.token()
        answers = [await ask(gateway, token=token) for _ in range(13)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 3
        assert answers[0].headers["ratelimit-policy"] == '"requests";q=10;w=10'
        assert [answer.headers["ratelimit"] for answer in (answers[0], answers[9], answers[12])] == [
            '"requests";r=9;t=1',
            '"requests";r=0;t=10',
            '"requests";r=0;t=10',
        ]
        assert answers[-1].headers["retry-after"] == "1"
        refusals = [each for each in gateway.services.log.entries if each["event"] == "refusal"]
        assert [(each["code"], each["client"]) for each in refusals] == [
            ("too_many_requests", gateway.world.ids["client"])
        ]
        gateway.clock.now += 1
        assert (await ask(gateway, token=token)).status_code == 200
        assert (await ask(gateway, token=token)).status_code == 429
    (entry,) = [each for each in gateway.services.log.entries if each["event"] == "strangers.refused"]
    assert entry["reasons"] == {"rate_of_client": 2}
    assert [each["event"] for each in gateway.services.log.entries].count("refusal") == 2


async def test_a_client_that_asks_too_often_slows_no_other_down(make_gateway: Any) -> None:
    async with make_gateway(environment=FRONT) as gateway:
        for _ in range(11):
            await ask(gateway, token=gateway.build.token())
        assert (await ask(gateway, token=gateway.build.token())).status_code == 429
        other = gateway.world.ids["other"]
        assert (await ask(gateway, token=gateway.build.token(sub=other, client_id=other))).status_code == 200


def test_a_bucket_that_never_fills_again_says_an_hour() -> None:
    buckets = Buckets(Rate(burst=1, per_second=0), lambda: 0.0)
    assert dict(buckets.spend("a").fields)[b"ratelimit"] == b'"requests";r=0;t=3600'
