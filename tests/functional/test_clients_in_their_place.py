"""A binding's networks and days: from where a client asks, and until when; seen behind a terminator as in the open."""

import datetime as dt
from ipaddress import ip_network
from typing import Any

import pytest

from audit.events import Event
from gateway.oauth.client import PartnerKeys
from gateway.services.obligations.owed import Obligations
from tests.factories.bound import LONG_AGO, Asking, bind
from tests.factories.cohort import MENTORING
from tests.factories.gateway import HARBOR, NOON, Gateway
from tests.factories.superuser import alarms, superuser

NETWORKS = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
OUTSIDE = ("198.51.100.1", "2001:db9::1", "192.0.2.9, 198.51.100.1", "192.0.2.9, nonsense", "", None)
INSIDE = (
    "192.0.2.9",
    "198.51.100.1, 192.0.2.9",
    "2001:db8::7",
    "::ffff:192.0.2.9",
    "192.0.2.9:4711",
    "[2001:db8::7]:4711",
)
PATHS = ("/v1/students", "/v1/grant", "/v1/receipts/1")


def own(gateway: Gateway) -> Any:
    return gateway.deployment.partners[HARBOR].keys.jwks()["keys"]


async def refusals(gateway: Gateway, start: int) -> list[Any]:
    return [each.get("reason") or each.get("code") for each in await gateway.entries(start)]


@pytest.mark.attack("other address")
async def test_a_listed_client_asks_from_its_networks_only(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve(terminators="127.0.0.1")
    await bind(gateway, own(gateway), allowed_addresses=NETWORKS, earlier_last_day=LONG_AGO)
    start = await gateway.size()
    for outside in OUTSIDE:
        answer = await Asking(gateway, forwarded=outside).token()
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client"), outside
    assert await refusals(gateway, start) == ["client_address"] * len(OUTSIDE)
    for inside in INSIDE:
        assert (await Asking(gateway, forwarded=inside).token()).status_code == 200, inside


@pytest.mark.attack("other address")
@pytest.mark.claim(8)
async def test_a_token_taken_elsewhere_is_one_that_is_not_accepted(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve(terminators="127.0.0.1")
    await bind(gateway, own(gateway), allowed_addresses=NETWORKS, earlier_last_day=LONG_AGO)
    token = (await Asking(gateway, forwarded="192.0.2.9").token()).json()["access_token"]
    unread = (await Asking(gateway, forwarded="192.0.2.9").get("/v1/grant", token + "x")).json()
    for outside in OUTSIDE:
        start = await gateway.size()
        for path in PATHS:
            answer = await Asking(gateway, forwarded=outside).get(path, token)
            assert (answer.status_code, answer.json()) == (401, unread), (outside, path)
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert await refusals(gateway, start) == ["client_address"] * 3
    assert (await Asking(gateway, forwarded="192.0.2.9").get("/v1/students", token)).status_code == 200


@pytest.mark.attack("other address")
async def test_about_its_tokens_too_a_client_asks_from_its_networks_only(idle_gateway: Gateway) -> None:
    gateway = idle_gateway
    await gateway.serve(terminators="127.0.0.1")
    await bind(gateway, own(gateway), allowed_addresses=NETWORKS, earlier_last_day=LONG_AGO)
    here, elsewhere = Asking(gateway, forwarded="192.0.2.9"), Asking(gateway, forwarded="198.51.100.1")
    token = (await here.token()).json()["access_token"]
    refused = await elsewhere.introspect(token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    assert (await here.introspect(token)).json()["active"] is True
    # With its key gone the token opens nothing, and is said to open nothing.
    other = PartnerKeys.generate()
    await bind(gateway, other.jwks()["keys"], earlier_last_day=LONG_AGO)
    assert (await Asking(gateway, other).introspect(token)).json() == {"active": False}


@pytest.mark.attack("spoofed X-Forwarded-For")
async def test_a_header_that_no_terminator_wrote_is_nothing(gateway: Gateway) -> None:
    await bind(gateway, own(gateway), allowed_addresses=NETWORKS, earlier_last_day=LONG_AGO)
    for spoofed in (*INSIDE, None):
        assert (await Asking(gateway, forwarded=spoofed).token()).json()["error"] == "invalid_client"


async def test_each_binding_is_a_permission_of_its_own(idle_gateway: Gateway) -> None:
    gateway, other = idle_gateway, PartnerKeys.generate()
    await gateway.serve(terminators="127.0.0.1")
    await bind(gateway, other.jwks()["keys"], allowed_addresses=NETWORKS)
    assert (await Asking(gateway, other, forwarded="198.51.100.1").token()).json()["error"] == "invalid_client"
    assert (await Asking(gateway, other, forwarded="192.0.2.9").token()).status_code == 200
    assert (await Asking(gateway, forwarded="198.51.100.1").token()).status_code == 200


@pytest.mark.claim(7)
async def test_old_keys_end_on_the_day_that_the_new_binding_says(gateway: Gateway) -> None:
    new, token = PartnerKeys.generate(), await gateway.token(MENTORING)
    await bind(gateway, new.jwks()["keys"], earlier_last_day=NOON.date())
    assert (await Asking(gateway, new).token()).status_code == 200
    assert (await Asking(gateway).get("/v1/students", token)).status_code == 200
    seattle_midnight = dt.datetime(2027, 3, 11, 8, tzinfo=dt.UTC)
    await gateway.at(seattle_midnight - dt.timedelta(minutes=1))
    assert (await Asking(gateway).get("/v1/students", token)).status_code == 200
    await gateway.at(seattle_midnight)
    for path in PATHS:
        assert (await Asking(gateway).get(path, token)).json()["code"] == "invalid_token"
    assert (await Asking(gateway).token()).json()["error"] == "invalid_client"
    assert (await Asking(gateway, new).token()).status_code == 200


@pytest.mark.claim(1)
async def test_an_end_counts_by_its_entry_whatever_becomes_of_the_document(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await superuser(gateway)
    digest = await bind(gateway, PartnerKeys.generate().jwks()["keys"], earlier_last_day=LONG_AGO)
    await admin.execute(
        "DELETE FROM agreements.document WHERE digest = decode($1, 'hex')", digest.removeprefix("sha256:")
    )
    await gateway.close()
    await gateway.serve()
    assert (await Asking(gateway).token()).json()["error"] == "invalid_client"
    assert "document_missing" in alarms(caplog)


@pytest.mark.claim(7)
async def test_a_suspension_acts_on_the_next_request_everywhere(gateway: Gateway) -> None:
    office, token = await gateway.office(), await gateway.token(MENTORING)
    await office.suspensions.suspend_client(gateway.deployment.partners[HARBOR].client, "test")
    for path in PATHS:
        answer = await Asking(gateway).get(path, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "suspended")
    assert (await Asking(gateway).token()).json()["error"] == "invalid_client"


async def test_a_binding_ends_on_its_last_day_and_three_reminders_come_once_each(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    new = PartnerKeys.generate()
    last_day = NOON.date() + dt.timedelta(days=40)
    await bind(gateway, new.jwks()["keys"], last_day=last_day, earlier_last_day=LONG_AGO)
    said = []
    for ahead in (40, 31, 30, 29, 14, 5, 3, 0, -1):
        await gateway.at(NOON + dt.timedelta(days=40 - ahead))
        for _ in range(2):
            await gateway.services.facts.check()
        said.append("client_expiring" in alarms(caplog))
        assert (await Asking(gateway, new).token()).status_code == (200 if ahead >= 0 else 400)
    assert said == [False, False, True, False, True, False, True, False, False]
    found = [each["days"] for each in await gateway.entries() if each["event"] == Event.CLIENT_EXPIRING]
    assert found == [30, 14, 3]


async def test_who_was_reminded_of_the_last_days_is_not_reminded_by_a_clock_that_went_back(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    await bind(gateway, own(gateway), last_day=NOON.date() + dt.timedelta(days=20), earlier_last_day=LONG_AGO)
    said = []
    for ahead in (2, 12, 19):
        await gateway.at(NOON + dt.timedelta(days=20 - ahead))
        await gateway.services.facts.check()
        said.append("client_expiring" in alarms(caplog))
    assert said == [True, False, False]
    (ending,) = (await Obligations((await gateway.office()).desk).listed()).ending_clients
    assert (ending.client, ending.agreement) == (gateway.deployment.partners[HARBOR].client, gateway.digest(MENTORING))
    assert (ending.last_day, ending.days_left) == (NOON.date() + dt.timedelta(days=20), 19)


async def test_nobody_is_reminded_of_a_client_that_goes_on(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    await bind(gateway, PartnerKeys.generate().jwks()["keys"], last_day=NOON.date())
    await gateway.services.facts.check()
    assert "client_expiring" not in alarms(caplog)
