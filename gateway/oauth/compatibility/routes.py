"""The OAuth routes of the compatibility mode. There are none unless the setting asks for them."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.addresses import known
from gateway.http import line_of
from gateway.oauth.callers import PUBLIC
from gateway.oauth.compatibility import metadata
from gateway.oauth.compatibility.endpoint import CompatibilityEndpoint, CompatibilityServices
from gateway.oauth.compatibility.issuer import (
    COMPATIBILITY_METADATA_PATH,
    COMPATIBILITY_RESOURCE_PATH,
    COMPATIBILITY_TOKEN_PATH,
)
from gateway.oauth.issuer import Issuer
from gateway.oauth.journal import SERVICES_STATE
from gateway.oauth.routes import document_route, posted_in


def compatibility_router(issuer: Issuer, endpoint: CompatibilityEndpoint) -> APIRouter:
    """Return the routes; `issuer` is the mode's own."""
    router = APIRouter(dependencies=[PUBLIC])

    @router.post(COMPATIBILITY_TOKEN_PATH, name="compatibility-token")
    async def issue_bearer_token(request: Request) -> Response:
        """Issue a bearer token to a client that knows only its secret (RFC 6749 section 4.4)."""
        services: CompatibilityServices = request.scope["state"][SERVICES_STATE]
        line = line_of(request.scope)
        posted, address = await posted_in(request), known(request.scope["client"])
        issue = await endpoint.issue(posted, address, services, line.facts.__setitem__)
        return Response(msgspec.json.encode(issue.as_json()), media_type="application/json")

    for path, document in (
        (COMPATIBILITY_METADATA_PATH, metadata.authorization_server(issuer)),
        (COMPATIBILITY_RESOURCE_PATH, metadata.protected_resource(issuer)),
    ):
        router.add_api_route(path, document_route(document), name=f"compatibility-{path.split('/')[2]}")
    return router
