"""
The report of one load: what it filled, what was refused and why, what is held; and the way to have that confirmed.

Nothing is loaded by a page. What two people confirm becomes a paper, and a load takes it.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from agreements.signature import Kind
from gateway.console.callers import Loader
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.forms import words
from gateway.console.load_words import LOAD_STATES, OTHERWISE, WHY_NOT
from gateway.console.loads import state_of
from gateway.console.preparing import prepared
from gateway.console.views import view
from gateway.services.load_reports.confirming import Confirming
from gateway.services.load_reports.kept import LoadReports
from gateway.services.papers.judging import in_our_words
from gateway.signin.callers import form_of

ReportNumber = Annotated[int, Path(ge=1, lt=2**62)]


def load_reports_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of reports."""
    router = APIRouter(include_in_schema=False)
    reports, confirming = LoadReports(desk.office.engine), Confirming(desk.office)

    @router.get("/console/loads/reports/{report}", name="console_load_report")
    async def read_report(request: Request, staff: Loader, report: ReportNumber) -> Response:
        """Show one report. Raises `UnknownLoadReport`."""
        _, registry = await desk.read()
        found = await reports.report(report)
        line, described = found.line, found.content.described
        return view(
            request,
            staff.session,
            "loads",
            "load_report.html",
            zone=zone_of(registry),
            line=line,
            content=found.content,
            state=state_of(line),
            states=LOAD_STATES,
            why_not=WHY_NOT.get(line.code or "", OTHERWISE),
            papers=await confirming.waiting(described) if line.waits and described is not None else (),
        )

    @router.post("/console/loads/reports/{report}/confirmation", name="console_confirm_load")
    async def confirm(request: Request, staff: Loader, report: ReportNumber) -> RedirectResponse:
        """Prepare what two people sign to let a held load through. Raises as `Confirming.draft`, `BadForm`."""
        reason = words(await form_of(request), "reason", "Reason")
        with in_our_words():
            day, payload = await confirming.draft(report, reason)
        return await prepared(desk, staff, Kind.LOAD_CONFIRMATION, payload, f"Held load, {day.isoformat()}")

    return router
