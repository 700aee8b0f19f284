"""Ending a token and asking about one: the same proofs as for a token, of one's own only, on record first."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from audit.errors import EpochMoved, LogUnavailable
from gateway.app import Bounds
from gateway.oauth.rates import Rate
from gateway.registration import EndedTokens
from tests.factories.oauth import Case, cases, key

PATHS = ("/oauth/revoke", "/oauth/introspect")


def asked(gateway: Any, path: str, token: str | None, case: Case | None = None, **fixed: Any) -> Any:
    """Return a request about `token`, spoiled as `case` says."""
    case = case or {}
    form = {"grant_type": None, "authorization_details": None, "token": token, **case.get("form", {})}
    return gateway.build.token_request({**case, "path": path, "form": form}, **fixed)


async def tell(gateway: Any, path: str, token: str, case: Case | None = None, **fixed: Any) -> httpx2.Response:
    answer: httpx2.Response = await gateway.send(asked(gateway, path, token, case, **fixed))
    return answer


def told(response: httpx2.Response) -> list[object]:
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    return [response.status_code, body.get("error") or body.get("code")]


@pytest.mark.attack("7.1")
@pytest.mark.parametrize("path", PATHS)
async def test_who_does_not_prove_to_be_a_client_is_told_nothing_at_either(gateway: Any, path: str) -> None:
    wrong = {}
    for name, case in cases("token_client_authentication"):
        fixed: dict[str, Any] = {}
        if (case.get("assertion") or {}).get("then") == "replay":
            fixed = {"assertion_jti": f"used-before-{path}"}
            assert (await tell(gateway, path, gateway.build.token(), **fixed)).status_code == 200
        if (got := told(await tell(gateway, path, gateway.build.token(), case, **fixed))) != list(case["expect"]):
            wrong[name] = got
    assert wrong == {}


@pytest.mark.attack("7.4")
@pytest.mark.parametrize("path", PATHS)
async def test_a_bad_proof_is_refused_at_either(gateway: Any, path: str) -> None:
    wrong = {}
    for name, case in cases("proofs_refused"):
        fixed: dict[str, Any] = {}
        if (case.get("proof") or {}).get("then") == "replay":
            fixed = {"proof_jti": f"used-before-{path}"}
            assert (await tell(gateway, path, gateway.build.token(), **fixed)).status_code == 200
        if (got := told(await tell(gateway, path, gateway.build.token(), case, **fixed))) != [
            400,
            "invalid_dpop_proof",
        ]:
            wrong[name] = got
    assert wrong == {}
    made_for_another = gateway.build.proof("POST", gateway.world.token_url)
    request = asked(gateway, path, gateway.build.token(), {"proofs": 0})
    request.headers.append((b"dpop", made_for_another.encode()))
    assert told(await gateway.send(request)) == [400, "invalid_dpop_proof"]


@pytest.mark.attack("7.3")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("case", "expect"),
    [
        ({"proofs": 0}, [400, "invalid_request"]),
        ({"form": {"token": None}}, [400, "invalid_request"]),
        ({"form": {"scope": "all"}}, [400, "invalid_request"]),
        ({"query": "token=abc"}, [400, "invalid_request"]),
        ({"body_suffix": "&token=abc"}, [400, "invalid_request"]),
        ({"headers": {"authorization": "DPoP abc"}}, [400, "invalid_request"]),
        ({"headers": {"content-type": "application/json"}}, [400, "invalid_request"]),
        ({"method": "GET"}, [405, "method_not_allowed"]),
        ({"as": "suspended"}, [400, "invalid_client"]),
        ({"body_suffix": "$long_field"}, [413, "body_too_large"]),
    ],
)
async def test_a_spoiled_request_is_refused_at_either(gateway: Any, path: str, case: Case, expect: list[Any]) -> None:
    token = gateway.build.token()
    assert told(await tell(gateway, path, token, case)) == expect
    assert "token.revoked" not in [entry["event"] for entry in gateway.services.log.entries]


@pytest.mark.claim(8)
@pytest.mark.parametrize("path", PATHS)
async def test_anothers_token_and_no_token_at_all_are_told_alike(gateway: Any, path: str) -> None:
    other = {"claims": {"sub": gateway.world.ids["other"], "client_id": gateway.world.ids["other"]}}
    spoiled = [
        case["token"]
        for _, case in cases("api_tokens")
        if "cnf" not in case.get("token", {}).get("claims", {}) and "token" in case
    ]
    texts = [gateway.build.token(change) for change in (other, *spoiled)]
    answers = [await tell(gateway, path, text) for text in (*texts, "no token", "a.b.c")]
    expected = b"{}" if path == "/oauth/revoke" else b'{"active":false}'
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, expected)}
    entries = gateway.services.log.entries
    assert {(entry["event"], entry["active"], "token" in entry) for entry in entries} == {
        ("token.inspected", False, False)
    }


@pytest.mark.claim(4)
@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_told_before_it_is_on_record(gateway: Any, path: str) -> None:
    gateway.services.log.fail.append(LogUnavailable("away"))
    assert told(await tell(gateway, path, gateway.build.token())) == [503, "temporarily_unavailable"]
    gateway.services.log.fail += [EpochMoved(8)] * 3
    assert told(await tell(gateway, path, gateway.build.token())) == [503, "temporarily_unavailable"]
    gateway.services.log.fail += [EpochMoved(8)]
    assert (await tell(gateway, path, gateway.build.token())).status_code == 200


async def test_a_client_ends_its_own_token_by_an_entry_that_moves_the_epoch(gateway: Any) -> None:
    token = gateway.build.token({"claims": {"jti": "mine"}})
    answer = await tell(gateway, "/oauth/revoke", token, {"form": {"token_type_hint": "access_token"}})
    assert (answer.status_code, answer.content) == (200, b"{}")
    (entry,), (draft,) = gateway.services.log.entries, gateway.services.log.drafts
    assert (entry["event"], entry["token"], entry["client"]) == ("token.revoked", "mine", gateway.world.ids["client"])
    assert (draft.moves_epoch, draft.read_epoch, len({each.id for each in draft.once})) == (True, 7, 2)


async def test_a_token_that_is_over_needs_no_ending_and_one_that_opens_nothing_now_is_ended_all_the_same(
    gateway: Any,
) -> None:
    directory, client_id = gateway.services.clients.clients, gateway.world.ids["client"]
    known = directory[client_id]
    for case in ({"claims": {"jti": "ended"}}, {"claims": {"epoch": 3}}, {"claims": {"jti": "expired", "exp": 1}}):
        directory[client_id] = replace(known, ended=EndedTokens({client_id: 4}, {}, frozenset({"ended"})))
        assert (await tell(gateway, "/oauth/revoke", gateway.build.token(case))).status_code == 200
    assert {entry["event"] for entry in gateway.services.log.entries} == {"token.inspected"}
    grants = tuple(replace(grant, in_force=False) for grant in known.agreements)
    directory[client_id] = replace(known, agreements=grants)
    assert (await tell(gateway, "/oauth/introspect", gateway.build.token())).json() == {"active": False}
    await tell(gateway, "/oauth/revoke", gateway.build.token())
    assert gateway.services.log.entries[-1]["event"] == "token.revoked"


@pytest.mark.parametrize("how", ["clients", "agreements", "tokens", "keys"])
async def test_a_token_that_was_ended_is_not_active(gateway: Any, how: str) -> None:
    client_id, agreement = gateway.world.ids["client"], gateway.world.agreement["client"]
    directory = gateway.services.clients.clients
    token = gateway.build.token({"claims": {"jti": "mine", "epoch": 7}})
    assert (await tell(gateway, "/oauth/introspect", token)).json()["active"] is True
    over: dict[str, Any] = {
        "clients": {client_id: 8},
        "agreements": {agreement: 8},
        "tokens": frozenset({"mine"}),
        "keys": frozenset({gateway.world.server.thumbprint()}),
    }
    directory[client_id] = replace(directory[client_id], ended=EndedTokens(**{how: over[how]}))
    assert (await tell(gateway, "/oauth/introspect", token)).json() == {"active": False}
    later = EndedTokens(clients={client_id: 7}, agreements={agreement: 7})
    directory[client_id] = replace(directory[client_id], ended=later)
    assert (await tell(gateway, "/oauth/introspect", token)).json()["active"] is True


async def test_a_token_bound_to_another_key_is_not_active_for_this_one_and_its_client_may_end_it(gateway: Any) -> None:
    token = gateway.build.token({"claims": {"cnf": {"jkt": "$other_thumbprint"}}})
    assert (await tell(gateway, "/oauth/introspect", token)).json() == {"active": False}
    assert (await tell(gateway, "/oauth/revoke", token)).status_code == 200
    assert [entry["event"] for entry in gateway.services.log.entries] == ["token.inspected", "token.revoked"]


async def test_no_token_is_signed_with_a_key_that_the_log_says_is_retired(gateway: Any) -> None:
    client_id, directory = gateway.world.ids["client"], gateway.services.clients.clients
    over = EndedTokens(keys=frozenset({gateway.world.server.thumbprint()}))
    directory[client_id] = replace(directory[client_id], ended=over)
    assert told(await gateway.send(gateway.build.token_request())) == [503, "temporarily_unavailable"]


async def test_a_client_is_told_of_its_own_token_what_it_says(gateway: Any) -> None:
    granted = (await gateway.send(gateway.build.token_request())).json()
    answer = await tell(gateway, "/oauth/introspect", granted["access_token"])
    body = answer.json()
    assert body["active"] is True
    assert body["client_id"] == body["sub"] == gateway.world.ids["client"]
    assert body["iss"] == body["aud"] == gateway.world.issuer
    assert body["exp"] - body["iat"] == 300
    assert (body["token_type"], body["cnf"]) == ("DPoP", {"jkt": key("proof").thumbprint()})
    assert body["authorization_details"] == granted["authorization_details"]
    assert gateway.services.log.entries[-1]["token"] == body["jti"]


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_request_twice_is_a_replay(gateway: Any, path: str) -> None:
    request = asked(gateway, path, "no token")
    assert (await gateway.send(request)).status_code == 200
    assert told(await gateway.send(request)) == [400, "invalid_client"]


async def test_both_are_named_in_the_metadata_with_what_they_ask_for(gateway: Any) -> None:
    metadata = (await gateway.client.get("/.well-known/oauth-authorization-server")).json()
    for name, path in (("revocation", PATHS[0]), ("introspection", PATHS[1])):
        assert metadata[f"{name}_endpoint"] == gateway.world.issuer + path
        for what in ("auth_methods_supported", "auth_signing_alg_values_supported"):
            assert metadata[f"{name}_endpoint_{what}"] == metadata[f"token_endpoint_{what}"]


class TestRates:
    @pytest.fixture
    def bounds(self) -> Bounds:
        return Bounds(
            address_rate=Rate(1e6, 1e6), client_rate=Rate(6, 1), revoking_rate=Rate(2, 1), strangers_seconds=3600
        )

    async def test_a_client_cannot_make_every_replica_read_anew_all_the_time(self, gateway: Any) -> None:
        build = gateway.build
        answers = [await tell(gateway, "/oauth/revoke", build.token()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        # A question moves nothing, and is counted with the requests for tokens.
        answers = [await tell(gateway, "/oauth/introspect", build.token()) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
