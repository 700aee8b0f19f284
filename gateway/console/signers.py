"""Who signs: officers and signers, each with the entry that introduced them, what they may sign, what was revoked."""

from fastapi import APIRouter, Request, Response

from agreements.documents.signer import LIMITS, ROSTERS, STEWARDS_LIMITS
from gateway.console import labels
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, parties_of, zone_of
from gateway.console.views import view
from gateway.services.keyholders import officer_lines, signer_lines


def signers_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of everybody who signs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/signers", name="console_signers")
    async def read_signers(request: Request, staff: LogReader) -> Response:
        """List officers and signers, those whose keys were revoked included."""
        _, registry = await desk.read()
        return view(
            request,
            staff.session,
            "signers",
            "signers.html",
            zone=zone_of(registry),
            officers=await officer_lines(desk.office.desk),
            signers=await signer_lines(desk.office.desk),
            parties=parties_of(registry),
            labels=labels,
            limits=(*LIMITS, ROSTERS, *STEWARDS_LIMITS),
        )

    return router
