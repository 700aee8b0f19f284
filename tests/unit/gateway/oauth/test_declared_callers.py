"""No route is open by accident, and what the metadata promise is what the servers do."""

from typing import Any

import pytest
from fastapi import APIRouter, Request, Response
from starlette.routing import Mount, Route

from gateway.oauth.callers import PUBLIC, CallerDep, declarations
from gateway.oauth.errors import UndeclaredCaller
from gateway.oauth.routes import KEYS_SECONDS
from gateway.token_keys import LEAD_SECONDS
from tests.factories.oauth import cases, public

bare, doubled = APIRouter(), APIRouter()


@bare.get("/v1/open")
async def forgot() -> dict[str, str]:
    return {}


@doubled.get("/v1/both", dependencies=[PUBLIC])
async def contradicts(caller: CallerDep) -> dict[str, str]:
    return {"client": caller.client}


@pytest.mark.parametrize(("router", "path"), [(bare, "/v1/open"), (doubled, "/v1/both")])
async def test_a_route_that_does_not_say_who_may_call_does_not_start(
    make_gateway: Any, router: APIRouter, path: str
) -> None:
    with pytest.raises(UndeclaredCaller, match=path):
        async with make_gateway(router):
            pass


async def test_a_mounted_application_does_not_start(make_gateway: Any) -> None:
    async def answer(_request: Request) -> Response:
        return Response()

    for route in (Mount("/files", routes=[]), Route("/plain", endpoint=answer)):
        with pytest.raises(UndeclaredCaller):
            async with make_gateway(APIRouter(routes=[route])):
                pass


async def test_every_route_without_a_caller_is_one_of_these(gateway: Any) -> None:
    guarded = []
    for path, declared in declarations(gateway.app):
        assert declared == 1
        answer = await gateway.client.get(path)
        if answer.status_code == 401:
            guarded.append(path)
    everything = {path for path, _ in declarations(gateway.app)}
    assert everything - set(guarded) == {
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/introspect",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/.well-known/jwks.json",
        "/healthz",
        "/openapi.json",
    }


async def test_what_the_metadata_name_is_what_is_accepted(gateway: Any) -> None:
    metadata = (await gateway.client.get("/.well-known/oauth-authorization-server")).json()
    signers = {
        "ES256": ({"alg": "ES256", "kid": "k1"}, "client"),
        "PS256": ({"alg": "PS256", "kid": "r1"}, "client_ps256"),
        "EdDSA": ({"alg": "EdDSA", "kid": "e1"}, "client_ed25519"),
        "Ed25519": ({"alg": "Ed25519", "kid": "e1"}, "client_ed25519"),
    }
    assert set(metadata["token_endpoint_auth_signing_alg_values_supported"]) == set(signers)
    for header, signer in signers.values():
        case = {"assertion": {"header": header, "sign": signer}}
        assert (await gateway.send(gateway.build.token_request(case))).status_code == 200
    proofs = {
        case["proof"]["header"]["alg"]
        for _, case in cases("proofs_accepted")
        if "alg" in case.get("proof", {}).get("header", {})
    }
    assert set(metadata["dpop_signing_alg_values_supported"]) == proofs | {"ES256"}
    assert metadata["grant_types_supported"] == ["client_credentials"]
    assert "scopes_supported" not in metadata


async def test_the_resource_says_where_its_tokens_come_from(gateway: Any) -> None:
    resource = (await gateway.client.get("/.well-known/oauth-protected-resource")).json()
    assert resource["authorization_servers"] == [gateway.world.issuer]
    assert resource["dpop_bound_access_tokens_required"] is True
    refused = await gateway.client.get("/v1/grant")
    assert (
        f'resource_metadata="{gateway.world.issuer}/.well-known/oauth-protected-resource"'
        in (refused.headers["www-authenticate"])
    )


async def test_published_keys_verify_our_tokens_and_are_public(gateway: Any) -> None:
    (published,) = (await gateway.client.get("/.well-known/jwks.json")).json()["keys"]
    assert published == {
        **{name: public("server")[name] for name in ("kty", "crv", "x", "y")},
        "kid": gateway.world.server.thumbprint(),
        "use": "sig",
        "alg": "ES256",
    }


async def test_whoever_keeps_our_keys_has_a_new_one_before_it_signs(gateway: Any) -> None:
    kept = (await gateway.client.get("/.well-known/jwks.json")).headers["cache-control"]
    assert kept == f"public, max-age={KEYS_SECONDS}"
    assert KEYS_SECONDS < LEAD_SECONDS
    assert (await gateway.client.get("/.well-known/oauth-authorization-server")).headers["cache-control"] == "no-store"


async def test_the_host_header_changes_nothing(gateway: Any) -> None:
    request = gateway.build.token_request()
    request.headers.append((b"host", b"attacker.example"))
    request.headers.append((b"x-forwarded-host", b"attacker.example"))
    assert (await gateway.send(request)).status_code == 200
    answer = await gateway.client.get("/.well-known/oauth-authorization-server", headers={"host": "attacker.example"})
    assert "attacker" not in answer.text


async def test_a_narrowed_token_opens_its_dataset_and_nothing_else(gateway: Any) -> None:
    token = gateway.build.token(datasets=["students"])
    assert (await gateway.send(gateway.build.api_request("/v1/students", token=token))).status_code == 200
    refused = await gateway.send(gateway.build.api_request("/v1/grant", token=token))
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_authorization")


async def test_the_interface_is_described(gateway: Any) -> None:
    described = (await gateway.client.get("/openapi.json")).json()
    assert "/v1/students" in described["paths"]
    assert (await gateway.client.get("/docs")).status_code == 404
