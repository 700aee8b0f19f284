"""What comes due, month by month."""

from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.views import view
from gateway.pages.languages import message
from gateway.services.calendar import Coming, calendar

WORDS: Final = {
    Coming.TERM_BEGINS: message("The term begins"),
    Coming.TERM_ENDS: message("The last day of the term"),
    Coming.DESTRUCTION: message("The certificate of destruction is due"),
    Coming.LEAVERS: message("The certificate for students who left is due"),
    Coming.REVIEW: message("The yearly review is due"),
    Coming.BINDING_ENDS: message("The last day of a program's keys"),
    Coming.NOBODY_ANSWERS: message("The last day on which somebody answers for a program"),
}


def calendar_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route of the calendar."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/calendar", name="console_calendar")
    async def read_calendar(request: Request, staff: LogReader) -> Response:
        """Show what is overdue and what comes."""
        _, registry = await desk.read()
        days = await calendar(desk.office)
        months = [(month, list(rows)) for month, rows in groupby(days, key=lambda each: each.day.replace(day=1))]
        return view(
            request,
            staff.session,
            "agreements",
            "calendar.html",
            zone=zone_of(registry),
            months=months,
            partners=partners_of(registry),
            said=WORDS,
        )

    return router
