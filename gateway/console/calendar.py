"""What comes due, month by month."""

from itertools import groupby

from fastapi import APIRouter, Request, Response

from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.lists import list_view, listed, words_of
from gateway.console.paper_lists import COMING, calendar_listing
from gateway.services.calendar import calendar


def calendar_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of the calendar."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/calendar", name="console_calendar")
    async def read_calendar(request: Request, staff: LogReader) -> Response:
        """Show what is overdue and what comes."""
        moment, registry = await desk.read()
        partners = partners_of(registry)
        days = await calendar(desk.office, (await desk.owed(moment, registry)).obligations)
        shown = listed(request, calendar_listing(partners, words_of(request)), days)
        return list_view(
            request,
            staff.session,
            "agreements",
            "calendar.html",
            shown,
            zone=zone_of(registry),
            months=[(month, list(days)) for month, days in groupby(shown.rows, lambda each: each.day.replace(day=1))],
            partners=partners,
            said=COMING,
        )

    return router
