"""
The fourteen modules of the OpenID FAPI 2 profile `fapi_client_credentials_grant` (FAPI2SPFinalTestPlan), reimplemented.

Each test bears the name of its module without the prefix `fapi2-security-profile-final-`.
"""

from typing import Any

import pytest

from tests.factories.oauth import cases

REFUSED = {400, 401}


async def test_discovery_end_point_verification(gateway: Any) -> None:
    metadata = (await gateway.client.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == gateway.world.issuer
    assert metadata["token_endpoint"] == gateway.world.token_url
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert set(metadata["token_endpoint_auth_signing_alg_values_supported"]) <= {"PS256", "ES256", "EdDSA", "Ed25519"}
    assert set(metadata["dpop_signing_alg_values_supported"]) <= {"PS256", "ES256", "EdDSA", "Ed25519"}
    assert metadata["authorization_details_types_supported"] == ["student_data"]
    jwks = (await gateway.client.get("/.well-known/jwks.json")).json()
    assert metadata["jwks_uri"] == f"{gateway.world.issuer}/.well-known/jwks.json"
    assert [(key["kty"], key["crv"], "d" in key) for key in jwks["keys"]] == [("EC", "P-256", False)]


async def test_happy_flow(gateway: Any) -> None:
    for _ in range(2):
        answer = await gateway.send(gateway.build.token_request())
        assert answer.status_code == 200
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("DPoP", 300)
        assert "refresh_token" not in token
        reply = await gateway.send(gateway.build.api_request("/v1/grant", token=token["access_token"]))
        assert reply.json()["client"] == gateway.world.ids["client"]


@pytest.mark.parametrize("scheme", ["dpop", "DPoP", "DPOP"])
async def test_access_token_type_header_case_sensitivity(gateway: Any, scheme: str) -> None:
    request = gateway.build.api_request("/v1/grant", {"scheme": scheme})
    assert (await gateway.send(request)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"nbf": "$now", "exp": "$now+300"}, id="check_dpop_proof_nbf_exp"),
        pytest.param({"iat": "$now-10"}, id="ensure_dpopproof_with_iat_10seconds_before_succeeds"),
        pytest.param({"iat": "$now+10"}, id="ensure_dpopproof_with_iat_10seconds_after_succeeds"),
    ],
)
async def test_dpop_proof_with_odd_times_succeeds(gateway: Any, claims: dict[str, object]) -> None:
    case = {"proof": {"claims": claims}}
    assert (await gateway.send(gateway.build.token_request(case))).status_code == 200
    assert (await gateway.send(gateway.build.api_request("/v1/grant", case))).status_code == 200


@pytest.mark.parametrize(
    "case",
    [
        pytest.param({"form": {"client_id": "$other"}}, id="ensure_client_id_in_token_endpoint"),
        pytest.param({"proofs": 0}, id="ensure_holder_of_key_required"),
        pytest.param(
            {"assertion": {"header": {"alg": "RS256", "kid": "r1"}, "sign": "client_rs256"}},
            id="ensure_signed_client_assertion_with_RS256_fails",
        ),
        pytest.param(
            {"form": {"client_assertion": None, "client_assertion_type": None}},
            id="ensure_client_assertion_in_token_endpoint",
        ),
        pytest.param(
            {"assertion": {"claims": {"exp": "$now-300"}}},
            id="ensure_client_assertion_with_exp_is_5_minutes_in_past_fails",
        ),
        pytest.param(
            {"assertion": {"claims": {"aud": "https://other.example"}}},
            id="ensure_client_assertion_with_wrong_aud_fails",
        ),
        pytest.param({"assertion": {"claims": {"sub": None}}}, id="ensure_client_assertion_with_no_sub_fails"),
    ],
)
async def test_token_request_fails(gateway: Any, case: dict[str, Any]) -> None:
    answer = await gateway.send(gateway.build.token_request(case))
    assert answer.status_code in REFUSED
    assert answer.json()["error"] in {"invalid_client", "invalid_request", "invalid_grant"}


async def test_dpop_negative_tests(gateway: Any) -> None:
    token = (await gateway.send(gateway.build.token_request())).json()["access_token"]
    for name, case in cases("proofs_refused"):
        fixed = {}
        if (case.get("proof") or {}).get("then") == "replay":
            fixed = {"proof_jti": "used-twice"}
            assert (await gateway.send(gateway.build.api_request("/v1/grant", token=token, **fixed))).is_success
        reply = await gateway.send(gateway.build.api_request("/v1/grant", case, token, **fixed))
        assert reply.status_code == 401, name
    assert (await gateway.send(gateway.build.api_request("/v1/grant", token=token))).status_code == 200
