"""
Incidents: what happened at a partner, whose records it may concern, who must be told until when, and what was done.

INVARIANT: no student's number stands in an address: whose records are concerned is asked for and answered by POST, in
a page and a file that nothing keeps, and each look is an entry that names who looked.
"""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import IncidentHandler
from gateway.console.desk import ConsoleDesk, names_of, partners_of, zone_of
from gateway.console.forms import moment as moment_of
from gateway.console.lists import list_view, listed, words_of
from gateway.console.views import ROOT, person_of, view
from gateway.console.watch_lists import TASKS, incidents_listing
from gateway.pages.languages import message
from gateway.services.inbox.errors import CaseRefused
from gateway.services.incidents.clocks import MANY, Task
from gateway.services.incidents.incidents import Incidents
from gateway.services.incidents.letters import letters
from gateway.services.incidents.lines import Affected, Concerns
from gateway.services.staff.session import Session
from gateway.signin.callers import form_of

DONE: Final = {
    "noted": message("Note"),
    "counted": message("Looked at whose records it may concern"),
    "done": message("Done"),
    "not_applicable": message("Does not apply"),
    "closed": message("Closed"),
}
IncidentNumber = Annotated[int, Path(ge=0, lt=2**62)]


def incidents_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of incidents."""
    router = APIRouter(include_in_schema=False)
    incidents = Incidents(desk.office, desk.subject_key)

    @router.get("/console/incidents", name="console_incidents")
    async def read_incidents(request: Request, staff: IncidentHandler) -> Response:
        """List every incident, the newest first, with the form of a new one."""
        return await _list(request, staff.session)

    async def _list(request: Request, session: Session, refused: Again | None = None) -> Response:
        _, registry = await desk.read()
        titles = {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}
        partners, clients = partners_of(registry), {each.id: each.name for each in registry.clients.values()}
        listing = incidents_listing({**partners, **titles, **clients}, words_of(request))
        return list_view(
            request,
            session,
            "incidents",
            "incidents.html",
            listed(request, listing, await incidents.listed()),
            zone=zone_of(registry),
            shown_again=refused,
            partners=partners,
            agreements=dict(sorted(titles.items(), key=lambda pair: pair[1].casefold())),
            clients=clients,
        )

    @router.post("/console/incidents", name="console_open_incident")
    async def open_incident(request: Request, staff: IncidentHandler) -> Response:
        """Put an incident on file, its days those of the district."""
        form = await form_of(request)
        _, registry = await desk.read()
        zone = zone_of(registry)
        try:
            concerns = _concerns(form, zone)
            discovered = moment_of(form, "discovered", "When it was discovered", zone)
            number = await incidents.open(form.get("what", ""), discovered, concerns, person_of(staff.session))
        except REFUSALS as error:
            return await _list(request, staff.session, again(request, error, form))
        return _back(number)

    @router.get("/console/incidents/{incident}", name="console_incident")
    async def read_incident(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Show one incident. Nobody is named on it."""
        return await _page(request, staff.session, incident, None)

    @router.post("/console/incidents/{incident}/affected", name="console_affected")
    async def read_affected(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Show whose records it may concern. The look is on record first."""
        await form_of(request)
        found = await incidents.affected(incident, person_of(staff.session))
        return await _page(request, staff.session, incident, found)

    @router.post("/console/incidents/{incident}/letters", name="console_letters")
    async def read_letters(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Write the list for letters to families. The look is on record first."""
        await form_of(request)
        found = await incidents.affected(incident, person_of(staff.session))
        named = {"content-disposition": f'attachment; filename="incident-{incident}-letters-{found.entry}.csv"'}
        return Response(letters(found), media_type="text/csv; charset=utf-8", headers=named)

    async def _page(request: Request, session: Session, number: int, affected: Affected | None) -> Response:
        moment, registry = await desk.read()
        found = await incidents.one(number)
        titles = {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}
        return view(
            request,
            session,
            "incidents",
            "incident.html",
            zone=zone_of(registry),
            line=found.line,
            notes=found.notes,
            affected=affected,
            now=moment.now,
            tasks=TASKS,
            done=DONE,
            many=MANY,
            person=person_of(session),
            names={**names_of(registry), **titles},
        )

    _add_steps(router, incidents)
    return router


def _add_steps(router: APIRouter, incidents: Incidents) -> None:
    """Add what is done about an incident once it is open."""

    @router.post("/console/incidents/{incident}/note", name="console_incident_note")
    async def note(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Note something about it."""
        form = await form_of(request)
        await incidents.note(incident, form.get("words", ""), person_of(staff.session))
        return _back(incident)

    @router.post("/console/incidents/{incident}/done", name="console_incident_done")
    async def done(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Tick off what was to be done."""
        form = await form_of(request)
        await incidents.note(incident, form.get("words", ""), person_of(staff.session), task=_task(form))
        return _back(incident)

    @router.post("/console/incidents/{incident}/not-applicable", name="console_incident_not_applicable")
    async def not_applicable(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Say why something need not be done."""
        form = await form_of(request)
        person = person_of(staff.session)
        await incidents.note(incident, form.get("words", ""), person, task=_task(form), applies=False)
        return _back(incident)

    @router.post("/console/incidents/{incident}/close", name="console_close_incident")
    async def close(request: Request, staff: IncidentHandler, incident: IncidentNumber) -> Response:
        """Close it with a last note."""
        form = await form_of(request)
        await incidents.close(incident, form.get("words", ""), person_of(staff.session))
        return _back(incident)


def _task(form: dict[str, str]) -> Task:
    if form.get("task", "") not in set(Task):
        raise CaseRefused("Say what it is about.")
    return Task(form["task"])


def _concerns(form: dict[str, str], zone: ZoneInfo) -> Concerns:
    first, last = _day(form, "since"), _day(form, "until") + timedelta(days=1)
    named = {name: form.get(name, "").strip() or None for name in ("partner", "agreement", "client")}
    return Concerns(datetime.combine(first, time(), zone), datetime.combine(last, time(), zone), **named)


def _day(form: dict[str, str], name: str) -> date:
    try:
        day = date.fromisoformat(form.get(name, ""))
    except ValueError:
        day = date.max
    if not date(2000, 1, 1) <= day < date(2200, 1, 1):
        raise CaseRefused("Say from which day to which day it concerns what left, such as 2026-11-02.")
    return day


def _back(number: int) -> Response:
    return RedirectResponse(f"{ROOT}/incidents/{number}", 303)
