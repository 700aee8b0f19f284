"""The attack table once more, through a real server and a real log; replays across replicas; what the log then says."""

import json
from typing import Any

import httpx2
import pytest

from audit.events import Event
from audit.log import append_change
from tests.factories.log import numbered_leaf
from tests.factories.oauth import Case, cases
from tests.functional.oauth.conftest import Replica, Site


def told(response: httpx2.Response) -> list[object]:
    body = response.json()
    assert response.headers["cache-control"] == "no-store"
    return [response.status_code, body.get("code") or body.get("error")]


def replays(case: Case, part: str) -> bool:
    return (case.get(part) or {}).get("then") == "replay"


async def spoiled(site: Site, replica: Replica, case: Case, path: str | None) -> list[object]:
    """Send the request of a case, after a good one with the same id where it is a replay."""
    fixed: dict[str, Any] = {}
    if replays(case, "assertion"):
        fixed = {"assertion_jti": "used-before"}
    elif replays(case, "proof"):
        fixed = {"proof_jti": f"used-before-{path}"}
    build = site.build
    for _ in range(2 if fixed else 1):
        request = build.api_request(path, case, **fixed) if path else build.token_request(case, **fixed)
        answer = await replica.send(request)
    return told(answer)


@pytest.mark.attack("7.1")
@pytest.mark.attack("7.2")
async def test_no_spoiled_token_request_gets_a_token(site: Site) -> None:
    replica = await site.start()
    wrong = {}
    for group in ("token_client_authentication", "token_request"):
        for name, case in cases(group):
            if (got := await spoiled(site, replica, case, None)) != list(case["expect"]):
                wrong[name] = got
    assert wrong == {}
    assert (await replica.send(site.build.token_request())).status_code == 200


@pytest.mark.attack("7.4")
async def test_no_bad_proof_is_taken_at_either_server(site: Site) -> None:
    replica = await site.start()
    wrong = {}
    for name, case in cases("proofs_refused"):
        for path, status in ((None, 400), ("/v1/grant", 401), ("/v1/students/rc_1", 401)):
            if (got := await spoiled(site, replica, case, path)) != [status, "invalid_dpop_proof"]:
                wrong[name, path] = got
    assert wrong == {}


@pytest.mark.attack("7.3")
async def test_no_spoiled_token_opens_the_api(site: Site) -> None:
    replica = await site.start()
    wrong = {}
    for group in ("api_tokens", "api_proofs", "api_requests"):
        for name, case in cases(group):
            if not case.get("wire", True):
                continue
            for path in ("/v1/grant", "/v1/students/rc_1"):
                if (got := await spoiled(site, replica, case, path)) != list(case["expect"]):
                    wrong[name, path] = got
    assert wrong == {}


async def test_unusual_but_right_proofs_are_taken(site: Site) -> None:
    replica = await site.start()
    for name, case in cases("proofs_accepted"):
        answer = await replica.send(site.build.token_request(case))
        assert answer.status_code == 200, name
        token = answer.json()["access_token"]
        assert (await replica.send(site.build.api_request("/v1/students/rc_1", case, token))).status_code == 200, name


@pytest.mark.parametrize(
    ("fixed", "error"),
    [
        ({"assertion_jti": "once"}, "invalid_client"),
        ({"assertion_jti": "once", "proof_jti": "once-too"}, "invalid_client"),
    ],
)
async def test_what_one_replica_took_another_refuses(site: Site, fixed: dict[str, Any], error: str) -> None:
    here, there = await site.start(), await site.start()
    assert (await here.send(site.build.token_request(**fixed))).status_code == 200
    assert told(await there.send(site.build.token_request(**fixed))) == [400, error]
    assert [entry["event"] for entry in await site.entries()] == ["log.opened", "token.issued", "token.refused"]


async def test_a_proof_spent_at_one_replica_opens_nothing_at_another(site: Site) -> None:
    here, there = await site.start(), await site.start()
    token = (await here.send(site.build.token_request())).json()["access_token"]
    request = site.build.api_request("/v1/grant", token=token)
    assert (await here.send(request)).status_code == 200
    assert told(await there.send(request)) == [401, "invalid_dpop_proof"]
    assert (await there.send(site.build.api_request("/v1/grant", token=token))).status_code == 200


@pytest.mark.claim(7)
async def test_a_stop_between_loading_and_writing_refuses_the_token(site: Site) -> None:
    replica = await site.start()
    async with (await site.database.engine("loader")).begin() as connection:
        await append_change(connection, numbered_leaf(1, Event.CLIENT_SUSPENDED))
    # The registrations of this test stand at epoch 0 for ever, so the token can never be written.
    assert told(await replica.send(site.build.token_request())) == [503, "temporarily_unavailable"]


@pytest.mark.claim(4)
async def test_no_token_without_a_log(site: Site) -> None:
    replica = await site.start()
    await replica.log.stop()
    assert told(await replica.send(site.build.token_request())) == [503, "temporarily_unavailable"]
    assert told(await replica.send(site.build.token_request({"proofs": 0}))) == [503, "temporarily_unavailable"]


@pytest.mark.claim(9)
async def test_neither_log_holds_what_was_sent(site: Site) -> None:
    replica = await site.start()
    request = site.build.token_request()
    token = (await replica.send(request)).json()["access_token"]
    asked = site.build.api_request("/v1/students/rc_secret", {"query": "name=secret"}, token)
    assert (await replica.send(asked)).status_code == 200
    written = json.dumps([await site.entries(), replica.lines])
    for text in (token, request.content.decode(), *(value.decode() for _, value in asked.headers)):
        assert text.rpartition(".")[2] not in written
    assert "secret" not in written
    assert [line["route"] for line in replica.lines] == ["/oauth/token", "/v1/students/{code}"]
    assert all(line["client"] == site.world.ids["client"] for line in replica.lines)
