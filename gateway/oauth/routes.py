"""The OAuth routes: three endpoints for clients and three public documents. Reads the request, decides nothing."""

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.addresses import known
from gateway.http import line_of
from gateway.oauth import metadata
from gateway.oauth.callers import PUBLIC
from gateway.oauth.endpoint import TokenEndpoint
from gateway.oauth.issuer import (
    INTROSPECTION_PATH,
    KEYS_PATH,
    METADATA_PATH,
    RESOURCE_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
    Issuer,
)
from gateway.oauth.journal import SERVICES_STATE, OAuthServices
from gateway.oauth.own_tokens import OwnTokens
from gateway.oauth.posted import Posted
from gateway.oauth.tokens import AccessTokens

KEYS_SECONDS = 300
"""How long our public keys may be kept by whoever read them; a new key is there for longer before it signs."""
_JSON = "application/json"


def oauth_router(
    issuer: Issuer, tokens: AccessTokens, endpoint: TokenEndpoint, own: OwnTokens, clock: Callable[[], float]
) -> APIRouter:
    """Return the routes of the authorization server. `clock` is in seconds since 1970."""
    router = APIRouter(dependencies=[PUBLIC])
    documents: dict[str, dict[str, object]] = {
        METADATA_PATH: metadata.authorization_server(issuer),
        RESOURCE_PATH: metadata.protected_resource(issuer),
    }

    @router.post(TOKEN_PATH, name="token")
    async def issue_token(request: Request) -> Response:
        """Issue a DPoP-bound access token (RFC 6749 section 4.4, RFC 9449 section 5)."""
        posted, services, note = await _posted(request)
        issue = await endpoint.issue(posted, services, note)
        return Response(msgspec.json.encode(issue.as_json()), media_type=_JSON)

    @router.post(REVOCATION_PATH, name="revoke")
    async def revoke_token(request: Request) -> Response:
        """End one of the client's own tokens (RFC 7009)."""
        await own.revoke(*await _posted(request))
        return Response(b"{}", media_type=_JSON)

    @router.post(INTROSPECTION_PATH, name="introspect")
    async def introspect_token(request: Request) -> Response:
        """Tell a client whether one of its own tokens is good (RFC 7662)."""
        return Response(msgspec.json.encode(await own.introspect(*await _posted(request))), media_type=_JSON)

    @router.get(KEYS_PATH, name="jwks.json")
    async def read_keys(request: Request) -> Response:
        """Publish the keys that tokens are signed with (RFC 7517)."""
        line_of(request.scope).public_seconds = KEYS_SECONDS
        return Response(msgspec.json.encode({"keys": tokens.jwks(clock())}), media_type=_JSON)

    for path, document in documents.items():
        router.add_api_route(path, document_route(document), name=path.rpartition("/")[2])
    return router


async def posted_in(request: Request) -> Posted:
    """Return what was posted to an endpoint at which clients authenticate, nothing of it believed."""
    return Posted(
        body=await request.body(),
        content_type=request.headers.get("content-type", ""),
        query=request.scope["query_string"],
        authorization=tuple(request.headers.getlist("authorization")),
        proofs=tuple(request.headers.getlist("dpop")),
        address=request.client.host if request.client else "-",
        known_address=known(request.scope["client"]),
        request_id=line_of(request.scope).request_id,
    )


async def _posted(request: Request) -> tuple[Posted, OAuthServices, Callable[[str, str], None]]:
    """Return what was posted, the open services, and where facts for the log line go."""
    note = line_of(request.scope).facts.__setitem__
    return await posted_in(request), request.scope["state"][SERVICES_STATE], note


def document_route(document: dict[str, object]) -> Callable[[], Awaitable[Response]]:
    """Return what answers with a public document."""
    body = msgspec.json.encode(document)

    async def read_document() -> Response:
        return Response(body, media_type=_JSON)

    return read_document
