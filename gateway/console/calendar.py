"""What comes due, month by month."""

from itertools import groupby

from fastapi import APIRouter, Request, Response

from gateway.console.calendar_file import MEDIA_TYPE, calendar_file
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.lists import list_view, listed, words_of
from gateway.console.paper_desk import origin_of
from gateway.console.paper_lists import COMING, calendar_listing
from gateway.services.calendar import calendar


def calendar_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the calendar."""
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

    @router.get("/console/calendar.ics", name="console_calendar_file")
    async def download_calendar(request: Request, staff: LogReader) -> Response:
        """Hand out what the page with the same address shows, for a calendar program."""
        del staff  # who may is asked; everybody who may is shown the same
        moment, registry = await desk.read()
        partners, said = partners_of(registry), words_of(request)
        days = await calendar(desk.office, (await desk.owed(moment, registry)).obligations)
        shown = listed(request, calendar_listing(partners, said), days)
        written = calendar_file(shown.every, said=said, partners=partners, origin=origin_of(request), now=moment.now)
        return Response(
            written, media_type=MEDIA_TYPE, headers={"content-disposition": 'attachment; filename="calendar.ics"'}
        )

    return router
