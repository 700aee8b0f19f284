"""Every line of the attack table, against the decision logic: refused with the expected code, never a 500."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from tests.factories.oauth import Case, cases

pytestmark = pytest.mark.ferpa("Z1")
PROOF_ERRORS = {"token": (400, "invalid_dpop_proof"), "api": (401, "invalid_dpop_proof")}


def rows(*groups: str) -> list[Any]:
    """Return the cases of these groups as parameters."""
    return [
        pytest.param(case, id=name, marks=pytest.mark.attack(f"{case['line']} {name}"))
        for group in groups
        for name, case in cases(group)
    ]


def told(response: httpx2.Response) -> tuple[int, str]:
    """Return status and error code, having checked what holds for every refusal."""
    assert response.headers["cache-control"] == "no-store"
    body: Mapping[str, Any] = response.json()
    return response.status_code, body["code"] if "code" in body else body["error"]


@pytest.mark.parametrize("case", rows("token_client_authentication", "token_request"))
async def test_spoiled_token_request_is_refused(gateway: Any, case: Case) -> None:
    fixed = {}
    if (case.get("assertion") or {}).get("then") == "replay":
        fixed = {"assertion_jti": "used-before"}
        assert (await gateway.send(gateway.build.token_request(**fixed))).status_code == 200
    response = await gateway.send(gateway.build.token_request(case, **fixed))
    assert told(response) == tuple(case["expect"])
    assert "access_token" not in response.text
    # A correct request still works afterwards.
    assert (await gateway.send(gateway.build.token_request())).status_code == 200


@pytest.mark.parametrize("case", rows("proofs_refused"))
async def test_bad_proof_gets_no_token(gateway: Any, case: Case) -> None:
    fixed = {}
    if (case.get("proof") or {}).get("then") == "replay":
        fixed = {"proof_jti": "used-before"}
        assert (await gateway.send(gateway.build.token_request(**fixed))).status_code == 200
    response = await gateway.send(gateway.build.token_request(case, **fixed))
    assert told(response) == PROOF_ERRORS["token"]
    assert (await gateway.send(gateway.build.token_request())).status_code == 200


@pytest.mark.parametrize("path", ["/v1/grant", "/v1/students"])
@pytest.mark.parametrize("case", rows("proofs_refused"))
async def test_bad_proof_opens_no_route(gateway: Any, case: Case, path: str) -> None:
    fixed = {}
    if (case.get("proof") or {}).get("then") == "replay":
        fixed = {"proof_jti": "used-before"}
        assert (await gateway.send(gateway.build.api_request(path, **fixed))).status_code == 200
    response = await gateway.send(gateway.build.api_request(path, case, **fixed))
    assert told(response) == PROOF_ERRORS["api"]
    assert 'error="invalid_dpop_proof"' in response.headers["www-authenticate"]
    assert (await gateway.send(gateway.build.api_request(path))).status_code == 200


@pytest.mark.parametrize("path", ["/v1/grant", "/v1/students"])
@pytest.mark.parametrize("case", rows("api_tokens", "api_proofs", "api_requests"))
async def test_spoiled_api_request_opens_no_route(gateway: Any, case: Case, path: str) -> None:
    response = await gateway.send(gateway.build.api_request(path, case))
    status, error = told(response)
    assert (status, error) == tuple(case["expect"])
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('DPoP algs="ES256 PS256 EdDSA Ed25519"')
    assert ("error=" in challenge) == (error != "token_required")
    assert (await gateway.send(gateway.build.api_request(path))).status_code == 200


@pytest.mark.parametrize("case", rows("requests_accepted"))
async def test_unusual_but_right_request_gets_a_token(gateway: Any, case: Case) -> None:
    assert (await gateway.send(gateway.build.token_request(case))).status_code == 200


@pytest.mark.parametrize("case", rows("proofs_accepted"))
async def test_unusual_but_right_proof_is_accepted(gateway: Any, case: Case) -> None:
    response = await gateway.send(gateway.build.token_request(case))
    assert response.status_code == 200
    token = response.json()["access_token"]
    request = gateway.build.api_request("/v1/grant", case, token)
    assert (await gateway.send(request)).status_code == 200


async def test_every_authentication_failure_reads_alike(gateway: Any) -> None:
    answers = await asyncio.gather(
        *(
            gateway.send(gateway.build.token_request(case))
            for _, case in cases("token_client_authentication")
            if (case.get("assertion") or {}).get("then") != "replay"
        )
    )
    assert len({answer.content for answer in answers}) == 1
