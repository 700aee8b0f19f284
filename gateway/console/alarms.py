"""What is unusual in the log of the last days, with reasons and the entries that show it."""

from fastapi import APIRouter, Request, Response

from agreements.elements import load_catalogue
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.views import view
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.anomalies.watch import Watch
from policies.guardrails import load_guardrails


def alarms_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of what is unusual."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/alarms", name="console_alarms")
    async def read_alarms(request: Request, staff: LogReader) -> Response:
        """Show what is unusual in the last seven days."""
        _, registry = await desk.read()
        found = await Watch(desk.office, Law(load_catalogue(), load_guardrails()), alarm).anomalies()
        return view(
            request,
            staff.session,
            "alarms",
            "alarms.html",
            zone=zone_of(registry),
            found=found,
            partners=partners_of(registry),
        )

    return router
