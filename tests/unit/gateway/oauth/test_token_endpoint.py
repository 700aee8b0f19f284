"""What is written before a token leaves, and what happens when it cannot be written."""

import json
from dataclasses import replace
from typing import Any

import pytest

from audit.errors import EpochMoved, LogBusy, LogUnavailable
from gateway.app import Bounds
from gateway.oauth.rates import Rate
from tests.factories.oauth import key


@pytest.mark.claim(4)
@pytest.mark.parametrize("error", [LogUnavailable("away"), LogBusy("full")])
async def test_no_token_leaves_when_its_entry_is_not_committed(gateway: Any, error: Exception) -> None:
    gateway.services.log.fail.append(error)
    answer = await gateway.send(gateway.build.token_request())
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert "retry-after" in answer.headers
    assert gateway.services.log.entries == []


@pytest.mark.claim(4)
@pytest.mark.parametrize("error", [LogUnavailable("away"), LogBusy("full")])
async def test_no_refusal_is_told_when_its_entry_is_not_committed(gateway: Any, error: Exception) -> None:
    gateway.services.log.fail.append(error)
    answer = await gateway.send(gateway.build.token_request({"proofs": 0}))
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


async def test_a_token_is_on_record_before_it_leaves(gateway: Any) -> None:
    case = {"details": {"datasets": ["students"], "on_behalf_of": {"person": "person:pat", "role": "staff"}}}
    answer = await gateway.send(gateway.build.token_request(case))
    (entry,) = gateway.services.log.entries
    (draft,) = gateway.services.log.drafts
    assert entry["event"] == "token.issued"
    assert entry["client"] == gateway.world.ids["client"]
    assert (entry["agreement"], entry["purpose"]) == (gateway.world.agreement["client"], "tutoring")
    assert (entry["behind"], entry["role"], entry["datasets"]) == ("person:pat", "staff", ["students"])
    assert (entry["key"], entry["epoch"]) == (key("client").thumbprint(), 7)
    assert draft.read_epoch == 7
    assert len({once.id for once in draft.once}) == 2
    granted = answer.json()["authorization_details"]
    assert granted[0]["on_behalf_of"] == {"person": "person:pat", "role": "staff"}


async def test_details_may_be_left_out_with_a_single_agreement(gateway: Any) -> None:
    answer = await gateway.send(gateway.build.token_request({"form": {"authorization_details": None}}))
    assert answer.json()["authorization_details"] == [
        {
            "type": "student_data",
            "agreement": gateway.world.agreement["client"],
            "purpose": "tutoring",
            "actions": ["read"],
            "on_behalf_of": "automated",
        }
    ]


@pytest.mark.ferpa("P1")
async def test_a_refusal_of_a_known_client_is_on_record_with_its_reason(gateway: Any) -> None:
    await gateway.send(gateway.build.token_request({"as": "suspended"}))
    await gateway.send(gateway.build.token_request({"details": {"purpose": "marketing"}}))
    assert [(entry["event"], entry["error"], entry["reason"]) for entry in gateway.services.log.entries] == [
        ("token.refused", "invalid_client", "client_suspended"),
        ("token.refused", "invalid_authorization_details", "details_purpose"),
    ]


async def test_an_assertion_seen_in_a_refused_request_is_of_no_use(gateway: Any) -> None:
    await gateway.send(gateway.build.token_request({"proofs": 0}, assertion_jti="seen"))
    answer = await gateway.send(gateway.build.token_request(assertion_jti="seen"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    assert [entry["reason"] for entry in gateway.services.log.entries] == ["proof_missing", "replayed"]


async def test_a_replayed_refusal_stays_a_refusal(gateway: Any) -> None:
    for _ in range(2):
        answer = await gateway.send(gateway.build.token_request({"proofs": 0}, assertion_jti="seen"))
    assert answer.json()["error"] == "invalid_client"


async def test_a_request_sent_twice_is_told_about_its_assertion(gateway: Any) -> None:
    for _ in range(2):
        request = gateway.build.token_request(assertion_jti="twice", proof_jti="twice-too")
        answer = await gateway.send(request)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


async def test_the_client_is_loaded_again_when_the_epoch_moved(gateway: Any) -> None:
    gateway.services.log.fail.append(EpochMoved(8))
    answer = await gateway.send(gateway.build.token_request())
    assert answer.status_code == 200
    assert gateway.services.clients.loads == 2


@pytest.mark.claim(7)
async def test_a_client_stopped_meanwhile_gets_no_token(gateway: Any) -> None:
    directory, client_id = gateway.services.clients, gateway.world.ids["client"]

    good_load = directory.load

    async def load(asked: str, key_id: str) -> Any:
        found = await good_load(asked, key_id)
        directory.clients[client_id] = replace(directory.clients[client_id], active=False)
        return found

    directory.load = load
    gateway.services.log.fail.append(EpochMoved(8))
    answer = await gateway.send(gateway.build.token_request())
    assert answer.json()["error"] == "invalid_client"


async def test_an_epoch_that_keeps_moving_ends_in_503(gateway: Any) -> None:
    gateway.services.log.fail += [EpochMoved(8), EpochMoved(9), EpochMoved(10)]
    answer = await gateway.send(gateway.build.token_request())
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


@pytest.mark.parametrize("group", [{"as": "unknown"}, {"assertion": {"sign": "other"}}, {"query": "x"}])
async def test_strangers_write_nothing(gateway: Any, group: dict[str, Any]) -> None:
    for _ in range(5):
        await gateway.send(gateway.build.token_request(group))
    assert gateway.services.log.entries == []


async def test_strangers_reach_the_log_as_one_summary(make_gateway: Any) -> None:
    async with make_gateway() as gateway:
        for case in ({"as": "unknown"}, {"as": "unknown"}, {"assertion": {"sign": "other"}}):
            await gateway.send(gateway.build.token_request(case))
    (entry,) = gateway.services.log.entries
    assert entry["event"] == "strangers.refused"
    assert entry["total"] == 3
    assert entry["reasons"] == {"assertion_signature": 1, "assertion_unknown_client": 2}


class TestRates:
    @pytest.fixture
    def bounds(self) -> Bounds:
        return Bounds(address_rate=Rate(3, 1), client_rate=Rate(2, 1), strangers_seconds=3600)

    async def test_an_address_that_asks_too_often_waits(self, gateway: Any) -> None:
        answers = [await gateway.send(gateway.build.token_request({"as": "unknown"})) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
        assert answers[-1].headers["retry-after"] == "1"
        gateway.clock.now += 1
        assert (await gateway.send(gateway.build.token_request())).status_code == 200

    async def test_a_client_that_asks_too_often_writes_no_more(self, gateway: Any) -> None:
        answers = [await gateway.send(gateway.build.token_request({"proofs": 0})) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [400, 400, 429]
        assert len(gateway.services.log.entries) == 2


@pytest.mark.claim(9)
async def test_no_line_holds_a_token_an_assertion_or_a_proof(gateway: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    caplog.set_level("WARNING", "httpx2")  # the client of this test writes the URLs it calls
    secrets = []
    for case in ({}, {"proofs": 0}, {"assertion": {"sign": "other"}}, {"query": "token=abc.def.ghi"}):
        request = gateway.build.token_request(case)
        secrets += [value.decode() for name, value in request.headers if name == b"dpop"]
        secrets += [part for part in request.content.decode().split("&") if part.startswith("client_assertion=")]
        answer = await gateway.send(request)
        secrets += [answer.json()["access_token"]] if answer.is_success else []
    token = secrets[-1] if len(secrets) > 8 else gateway.build.token()
    for path, case in (("/v1/grant", {}), ("/v1/grant", {"query": "access_token=$token"}), ("/v1/nothing", {})):
        request = gateway.build.api_request(path, case, token)
        secrets += [value.decode() for _, value in request.headers]
        await gateway.send(request)
    written = json.dumps(gateway.lines) + caplog.text + json.dumps(gateway.services.log.entries)
    signatures = [secret.rpartition(".")[2] for secret in secrets]
    assert len(gateway.lines) == 7
    assert not [signature for signature in signatures if signature in written]
    assert "abc.def.ghi" not in written
