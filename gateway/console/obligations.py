"""What is owed: destruction, yearly reviews, holds. What is overdue or due first comes first, each with what to do."""

from fastapi import APIRouter, Request, Response

from gateway.console import labels
from gateway.console.administration_lists import obligations_listing
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, names_of, zone_of
from gateway.console.forms import MOST_CHOICES
from gateway.console.lists import list_view, listed, words_of


def obligations_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of what is owed."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/obligations", name="console_obligations")
    async def read_obligations(request: Request, staff: LogReader) -> Response:
        """List what is owed, and the holds that keep records although they are due."""
        moment, registry = await desk.read()
        found, names = await desk.owed(moment, registry), names_of(registry)
        lines = registry.history
        titles = {digest: each.verified.agreement.title for digest, each in lines.items()}
        shown = listed(request, obligations_listing(names, titles, words_of(request)), found.obligations)
        return list_view(
            request,
            staff.session,
            "obligations",
            "obligations.html",
            shown,
            zone=zone_of(registry),
            refused=found.refused,
            ending=sorted(found.ending_clients, key=lambda each: each.days_left),
            holds=await desk.obligations.holds(),
            names=names,
            agreements=titles,
            choices={digest: f"{titles[digest]} ({each.verified.agreement.id})" for digest, each in lines.items()},
            labels=labels,
            most=MOST_CHOICES,
        )

    return router
