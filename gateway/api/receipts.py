"""A partner's receipts: what it needs to check, without us, that a disclosure to it is in the log."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.caller import AnyCaller
from gateway.http import line_of
from gateway.oauth.callers import CallerDep
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.container import Services


def receipts_router() -> APIRouter:
    """Return the route of receipts."""
    router = APIRouter(prefix="/v1", tags=["receipts"])

    @router.get("/receipts/{entry}")
    async def read_receipt(request: Request, entry: str, caller: CallerDep) -> Response:
        """
        Read the receipt of one entry of your own.

        `leaf` is the entry itself, `proof` a C2SP `.tlog-proof` file; SHA-256(`result_salt` || the body you received)
        is the leaf's `result`.
        """
        return await answer_receipt(request, caller, entry)

    return router


async def answer_receipt(request: Request, caller: AnyCaller, entry: str) -> Response:
    """Answer with a receipt of a caller's own. Raises what the service raises."""
    services: Services = request.scope["state"][SERVICES_STATE]
    found = await services.receipts.read(caller, entry, line_of(request.scope).request_id)
    body = {
        "entry": found.index,
        "leaf": found.leaf.decode(),
        "proof": found.receipt.text(),
        "request": found.opening.request.decode(),
        "request_salt": found.opening.request_salt.hex(),
        "result_salt": found.opening.result_salt.hex(),
    }
    return Response(msgspec.json.encode(body), media_type="application/json")
