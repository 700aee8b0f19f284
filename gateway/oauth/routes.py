"""The OAuth routes: the token endpoint and three public documents. Reads the request, decides nothing."""

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.http import line_of
from gateway.oauth import metadata
from gateway.oauth.callers import PUBLIC
from gateway.oauth.endpoint import TokenEndpoint
from gateway.oauth.issuer import KEYS_PATH, METADATA_PATH, RESOURCE_PATH, TOKEN_PATH, Issuer
from gateway.oauth.journal import SERVICES_STATE, OAuthServices
from gateway.oauth.posted import Posted
from gateway.oauth.tokens import AccessTokens

_JSON = "application/json"


def oauth_router(issuer: Issuer, tokens: AccessTokens, endpoint: TokenEndpoint) -> APIRouter:
    """Return the routes of the authorization server."""
    router = APIRouter(dependencies=[PUBLIC])
    documents: dict[str, dict[str, object]] = {
        METADATA_PATH: metadata.authorization_server(issuer),
        RESOURCE_PATH: metadata.protected_resource(issuer),
        KEYS_PATH: {"keys": tokens.jwks},
    }

    @router.post(TOKEN_PATH, name="token")
    async def issue_token(request: Request) -> Response:
        """Issue a DPoP-bound access token (RFC 6749 section 4.4, RFC 9449 section 5)."""
        services: OAuthServices = request.scope["state"][SERVICES_STATE]
        line = line_of(request.scope)
        issue = await endpoint.issue(await posted_in(request), services, line.facts.__setitem__)
        return Response(msgspec.json.encode(issue.as_json()), media_type=_JSON)

    for path, document in documents.items():
        router.add_api_route(path, document_route(document), name=path.rpartition("/")[2])
    return router


async def posted_in(request: Request) -> Posted:
    """Return a token request as it came in, nothing of it believed."""
    return Posted(
        body=await request.body(),
        content_type=request.headers.get("content-type", ""),
        query=request.scope["query_string"],
        authorization=tuple(request.headers.getlist("authorization")),
        proofs=tuple(request.headers.getlist("dpop")),
        address=request.client.host if request.client else "-",
        request_id=line_of(request.scope).request_id,
    )


def document_route(document: dict[str, object]) -> Callable[[], Awaitable[Response]]:
    """Return what answers with a public document."""
    body = msgspec.json.encode(document)

    async def read_document() -> Response:
        return Response(body, media_type=_JSON)

    return read_document
