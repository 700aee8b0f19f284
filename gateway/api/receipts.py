"""A partner's receipts: what it needs to check, without us, that a disclosure to it is in the log."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.http import line_of
from gateway.oauth.callers import CallerDep
from gateway.oauth.routes import SERVICES_STATE
from gateway.problems import Problem
from gateway.services.container import Services

_MAX_DIGITS = 18
"""An index of more digits is larger than any log."""


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
        if not (entry.isascii() and entry.isdigit() and len(entry) <= _MAX_DIGITS):
            raise Problem("invalid_request", "A receipt is named by the number in the Pactgate-Receipt header.")
        services: Services = request.scope["state"][SERVICES_STATE]
        found = await services.receipts.read(caller, int(entry), line_of(request.scope).request_id)
        body = {
            "entry": int(entry),
            "leaf": found.leaf.decode(),
            "proof": found.receipt.text(),
            "request": found.opening.request.decode(),
            "request_salt": found.opening.request_salt.hex(),
            "result_salt": found.opening.result_salt.hex(),
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    return router
