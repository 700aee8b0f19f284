"""What is owed: destruction, yearly reviews, holds. Overdue first, and each with what to do about it."""

from datetime import date

from fastapi import APIRouter, Request, Response

from gateway.console import labels
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, names_of, zone_of
from gateway.console.views import view
from gateway.services.obligations.owed import Obligations
from gateway.services.obligations.shown import Owed


def obligations_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of what is owed."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/obligations", name="console_obligations")
    async def read_obligations(request: Request, staff: LogReader) -> Response:
        """List what is owed, overdue first, and the holds that keep records although they are due."""
        _, registry = await desk.read()
        obligations = Obligations(desk.office.desk, left=desk.left)
        listed = await obligations.listed()
        return view(
            request,
            staff.session,
            "obligations",
            "obligations.html",
            zone=zone_of(registry),
            owed=sorted(listed.obligations, key=_urgency),
            refused=listed.refused,
            ending=sorted(listed.ending_clients, key=lambda each: each.days_left),
            holds=await obligations.holds(),
            names=names_of(registry),
            agreements={digest: each.verified.agreement.title for digest, each in registry.history.items()},
            labels=labels,
        )

    return router


def _urgency(owed: Owed) -> tuple[bool, date]:
    """Overdue ones first, then by the day on which they are due, then what has no day."""
    return owed.overdue_since is None, owed.overdue_since or owed.due or date.max
