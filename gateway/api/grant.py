"""`GET /v1/grant`: what a partner may see, until when, and by which clause of the agreement it signed."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.caller import AnyCaller
from gateway.http import line_of
from gateway.oauth.callers import CallerDep
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.container import Services
from policies.decision import Permit


def grant_router() -> APIRouter:
    """Return the route of the grant."""
    router = APIRouter(prefix="/v1", tags=["grant"])

    @router.get("/grant")
    async def read_grant(request: Request, caller: CallerDep) -> Response:
        """Read your own grant: datasets, elements with their transformation, the clauses they rest on, the term."""
        return await answer_grant(request, caller)

    return router


async def answer_grant(request: Request, caller: AnyCaller) -> Response:
    """Answer with the grant of a caller. Raises what the service raises."""
    services: Services = request.scope["state"][SERVICES_STATE]
    found = await services.entitlements.read(caller, line_of(request.scope).request_id)
    body = {
        "agreement": caller.agreement,
        "title": found.title,
        "partner": found.partner,
        "basis": found.basis,
        "purpose": found.purpose,
        "valid_until": found.valid_until,
        "datasets": {permit.dataset: _dataset(permit) for permit in found.permits},
        "notices": list(found.permits[0].notices),
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _dataset(permit: Permit) -> dict[str, object]:
    return {
        "school_years": permit.rows.school_years,
        "cadence": permit.rows.cadence,
        "elements": [
            {
                "name": field.name,
                "element": field.element,
                "transformation": field.transformation,
                "clauses": field.clauses,
            }
            for field in permit.fields
        ],
    }
