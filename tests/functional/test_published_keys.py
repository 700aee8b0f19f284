"""Published keys: fetched over TLS, put on record, and only then believed; by every replica alike."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from audit.events import Event
from gateway.oauth.client import PartnerKeys
from gateway.services.container import Services, open_services
from gateway.services.keysets.fetching import Fetcher
from tests.factories.bound import LONG_AGO, Asking, bind, keys_with, settled
from tests.factories.gateway import HARBOR, NOON, Gateway
from tests.factories.keyserver import KeyServer, answering, fetcher
from tests.factories.superuser import alarms, superuser
from tests.factories.unhurried import PATIENCE, until

HOUR = dt.timedelta(hours=1)
DOWN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"


def answer_of(*keys: PartnerKeys) -> bytes:
    return answering([{**each.client.as_dict(private=False), "kid": each.client.kid} for each in keys])


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with KeyServer() as opened:
        yield opened


@pytest.fixture
def monday() -> PartnerKeys:
    return keys_with("monday")


@pytest.fixture
async def published(idle_gateway: Gateway, server: KeyServer, monday: PartnerKeys) -> Gateway:
    """A gateway that serves, with one client whose keys are published."""
    server.answer = answer_of(monday)
    await idle_gateway.serve(fetcher=fetcher())
    await bind(idle_gateway, jwks_url=server.url, earlier_last_day=LONG_AGO)
    return idle_gateway


async def anew(gateway: Gateway, opened: Fetcher | None = None) -> None:
    """Serve again, as after a restart: nothing is remembered but what is in the database."""
    await gateway.close()
    await gateway.serve(fetcher=opened or fetcher())


def replica(gateway: Gateway, opened: Fetcher) -> AbstractAsyncContextManager[Services]:
    """Return the services of another process on the same database."""
    made, url = gateway.deployment, gateway.database.url("app")
    return open_services(url, made.keys, made.trust, readers=2, public_url="http://127.0.0.1", fetcher=opened)


async def events(gateway: Gateway, *wanted: Event) -> list[str]:
    return [entry["event"] for entry in await gateway.entries() if entry["event"] in wanted]


@pytest.mark.attack("7.1")
async def test_nobody_is_called_for_a_stranger_or_for_what_is_stopped(published: Gateway, server: KeyServer) -> None:
    office = await published.office()
    nobody = Asking(published, keys_with("tuesday"))
    nobody._client._client_id = "client:00000000-0000-4000-8000-000000000000"
    assert (await nobody.token()).json()["error"] == "invalid_client"
    await office.suspensions.suspend_client(published.deployment.partners[HARBOR].client, "test")
    assert (await Asking(published, keys_with("tuesday")).token()).json()["error"] == "invalid_client"
    assert server.asked == []


@pytest.mark.claim(1)
async def test_a_published_key_counts_after_its_entry_and_not_before(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    asking = Asking(published, monday)
    for _ in range(3):
        assert (await asking.token()).status_code == 200
    assert len(server.asked) == 1
    both = Event.CLIENT_KEYS_FETCHED, Event.TOKEN_ISSUED
    assert await events(published, *both) == [both[0], *[both[1]] * 3]
    (fetched,) = [each for each in await published.entries() if each["event"] == Event.CLIENT_KEYS_FETCHED]
    issued = [each for each in await published.entries() if each["event"] == Event.TOKEN_ISSUED]
    assert fetched["keys"] == [monday.client.thumbprint()] == [issued[0]["key"]]
    # The key in the first binding ended with it.
    assert (await Asking(published).token()).json()["error"] == "invalid_client"


async def test_an_unknown_key_asks_once_a_minute_and_no_more(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    for _ in range(5):
        assert (await Asking(published, keys_with("tuesday")).token()).json()["error"] == "invalid_client"
    assert len(server.asked) == 1
    assert (await Asking(published, monday).token()).status_code == 200
    await anew(published)
    assert (await Asking(published, keys_with("tuesday")).token()).json()["error"] == "invalid_client"
    assert len(server.asked) == 2
    assert len(await events(published, Event.CLIENT_KEYS_FETCHED)) == 1, "the same set is no news"


@pytest.mark.claim(7)
@pytest.mark.attack("key removed")
async def test_a_token_dies_with_the_key_that_it_was_issued_to(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    tuesday, paths = keys_with("tuesday"), ("/v1/students", "/v1/grant", "/v1/receipts/1")
    asking = Asking(published, monday)
    token = (await asking.token()).json()["access_token"]
    # (1): both keys for a while.
    server.answer = answer_of(monday, tuesday)
    await anew(published)
    assert (await Asking(published, tuesday).token()).status_code == 200
    asking = Asking(published, monday)
    token = (await asking.token()).json()["access_token"]
    assert [(await asking.get(path, token)).status_code for path in paths] == [200, 200, 404]
    # (2): then the new one alone. Whoever names a key that is not known has the set fetched.
    server.answer = answer_of(tuesday)
    async with replica(published, fetcher()) as second:
        await second.clients.load(published.deployment.partners[HARBOR].client, "unknown")
    start = await published.size()
    for path in paths:
        answer = await asking.get(path, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert [each["code"] for each in await published.entries(start)] == ["client_key_over"] * 3
    assert (await Asking(published, tuesday).token()).status_code == 200
    assert (await asking.token()).json()["error"] == "invalid_client"


async def test_a_set_that_cannot_be_renewed_counts_for_a_day_and_not_longer(
    published: Gateway, server: KeyServer, monday: PartnerKeys, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await Asking(published, monday).token()).status_code == 200
    server.answer = DOWN
    await anew(published)
    await published.at(NOON + 23 * HOUR)
    asking = Asking(published, monday)
    token = (await asking.token()).json()["access_token"]
    assert (await asking.get("/v1/students", token)).status_code == 200
    await settled()
    assert "keys_not_fetched" in alarms(caplog)
    await published.at(NOON + 24 * HOUR + dt.timedelta(minutes=1))
    assert (await Asking(published, monday).token()).json()["error"] == "invalid_client"
    assert (await asking.get("/v1/students", token)).json()["code"] == "invalid_token"
    # It is there again, and so is the client.
    server.answer = answer_of(monday)
    await anew(published)
    assert (await Asking(published, monday).token()).status_code == 200


async def test_an_old_set_is_renewed_beside_the_request(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    assert (await Asking(published, monday).token()).status_code == 200
    await anew(published)
    await published.at(NOON + 5 * HOUR)
    assert (await Asking(published, monday).token()).status_code == 200
    await settled()
    assert len(await events(published, Event.CLIENT_KEYS_FETCHED)) == 2
    await published.at(NOON + 25 * HOUR)
    server.answer = DOWN
    await anew(published)
    assert (await Asking(published, monday).token()).status_code == 200


async def test_what_one_replica_fetched_counts_for_all(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    assert (await Asking(published, monday).token()).status_code == 200
    async with replica(published, fetcher("10.0.0.1")) as second:
        known = await second.clients.load(published.deployment.partners[HARBOR].client, "monday")
        assert known is not None
        assert [each["kid"] for each in known.jwks] == ["monday"]
    assert len(server.asked) == 1


@pytest.mark.claim(1)
async def test_a_set_that_the_log_does_not_have_opens_nothing(
    published: Gateway, server: KeyServer, monday: PartnerKeys, caplog: pytest.LogCaptureFixture
) -> None:
    tuesday, admin = keys_with("tuesday"), await superuser(published)
    await admin.execute("ALTER TABLE gateway.fetched_keys DISABLE TRIGGER ALL")
    assert (await Asking(published, monday).token()).status_code == 200
    server.answer = answer_of(tuesday)
    await anew(published)
    assert (await Asking(published, tuesday).token()).status_code == 200
    server.answer = DOWN
    rows = await admin.fetch("SELECT idx, content FROM gateway.fetched_keys ORDER BY idx")
    alarms(caplog)
    # (1): the newest set is changed, to one that the log had before.
    await admin.execute("UPDATE gateway.fetched_keys SET content = $1", rows[0]["content"])
    await anew(published)
    assert (await Asking(published, monday).token()).json()["error"] == "invalid_client"
    assert "keys_missing" in alarms(caplog)
    # (2): it is deleted; the one before it does not come back.
    await admin.execute("DELETE FROM gateway.fetched_keys WHERE idx = $1", rows[1]["idx"])
    await anew(published)
    assert (await Asking(published, monday).token()).json()["error"] == "invalid_client"
    assert "keys_missing" in alarms(caplog)
    # (3): a set is dated by an entry that brought none.
    await admin.execute("UPDATE gateway.fetched_keys SET idx = $1", rows[1]["idx"] + 1)
    await anew(published)
    assert (await Asking(published, monday).token()).json()["error"] == "invalid_client"
    assert {"keys_missing", "keys_not_in_log"} <= alarms(caplog)


async def test_a_signers_key_among_those_published_refuses_them_all(
    published: Gateway, server: KeyServer, monday: PartnerKeys, caplog: pytest.LogCaptureFixture
) -> None:
    signer = published.deployment.ring.signer("partner:harbor-mentors").key.public
    server.answer = answering([dict(signer.jwk), monday.client.as_dict(private=False) | {"kid": "monday"}])
    assert (await Asking(published, monday).token()).json()["error"] == "invalid_client"
    assert "client_refused" in alarms(caplog)


async def test_who_waits_for_a_fetch_holds_up_nobody_else(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    assert (await Asking(published, monday).token()).status_code == 200
    await anew(published)
    server.hold = asyncio.Event()
    strangers = [asyncio.create_task(Asking(published, keys_with("tuesday")).token()) for _ in range(18)]
    await until(lambda: len(server.asked) >= 2 and sum(each.done() for each in strangers) >= 2)
    # Sixteen wait for the one fetch, two were judged by what is known, and whose key is known waits for nothing.
    assert (await Asking(published, monday).token()).status_code == 200
    assert sum(each.done() for each in strangers) == 2
    server.hold.set()
    assert {(await each).json()["error"] for each in strangers} == {"invalid_client"}
    assert len(server.asked) == 2


async def test_a_fetch_under_way_does_not_keep_the_gateway_from_stopping(
    published: Gateway, server: KeyServer, monday: PartnerKeys
) -> None:
    assert (await Asking(published, monday).token()).status_code == 200
    await anew(published, fetcher(seconds=3600))
    await published.at(NOON + 5 * HOUR)
    server.hold = asyncio.Event()
    assert (await Asking(published, monday).token()).status_code == 200
    async with asyncio.timeout(PATIENCE):  # less than this fetch may take
        await published.close()
    assert len(await events(published, Event.CLIENT_KEYS_FETCHED)) == 1


@pytest.mark.claim(1)
async def test_keys_that_cannot_be_kept_do_not_count(
    published: Gateway, monday: PartnerKeys, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await superuser(published)
    await admin.execute("REVOKE INSERT ON gateway.fetched_keys FROM pactgate_app")
    assert (await Asking(published, monday).token()).json()["error"] == "invalid_client"
    assert "keys_not_kept" in alarms(caplog)
    assert await events(published, Event.CLIENT_KEYS_FETCHED) == [], "no entry without its row"


async def test_the_rows_of_a_partner_go_on_by_published_keys(published: Gateway, monday: PartnerKeys) -> None:
    asking = Asking(published, monday)
    token = (await asking.token()).json()["access_token"]
    answer = await asking.get("/v1/students", token)
    assert answer.status_code == 200
    assert answer.json()["data"]
