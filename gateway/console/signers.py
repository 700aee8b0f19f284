"""Who signs: officers and signers, each with the entry that introduced them, what they may sign, what was revoked."""

from fastapi import APIRouter, Request, Response

from agreements.documents.signer import LIMITS, ROSTERS, STEWARDS_LIMITS
from gateway.console import labels
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, parties_of, zone_of
from gateway.console.lists import list_view, listed, words_of
from gateway.console.paper_lists import OFFICER, Keyholder, signers_listing, standing_of
from gateway.services.keyholders import officer_lines, signer_lines


def signers_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of everybody who signs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/signers", name="console_signers")
    async def read_signers(request: Request, staff: LogReader) -> Response:
        """List officers and signers, those whose keys were revoked included."""
        moment, registry = await desk.read()
        zone, parties = zone_of(registry), parties_of(registry)
        today = moment.received.day  # signers are valid by days of UTC, as their signatures are judged
        keys: tuple[Keyholder, ...] = (*await officer_lines(desk.office.desk), *await signer_lines(desk.office.desk))
        return list_view(
            request,
            staff.session,
            "signers",
            "signers.html",
            listed(request, signers_listing(parties, today, words_of(request)), keys),
            zone=zone,
            keys=keys,
            parties=parties,
            standing=lambda line: standing_of(line, today),
            officer=OFFICER,
            labels=labels,
            limits=(*LIMITS, ROSTERS, *STEWARDS_LIMITS),
        )

    return router
