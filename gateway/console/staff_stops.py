"""Stops of people who sign in: each takes one person, acts on the next request, and names who did it."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from agreements.shapes import DIGEST
from gateway.console.callers import Stopper
from gateway.console.desk import ConsoleDesk
from gateway.console.errors import BadForm
from gateway.console.forms import confirmed, require_typed, shaped, words
from gateway.console.staff import Person, line_of
from gateway.console.stopping import stopping
from gateway.console.views import ROOT, person_of
from gateway.errors import Sentence
from gateway.services.staff.office import StaffOffice
from gateway.signin.callers import form_of

PEOPLE: Final = f"{ROOT}/staff"


def staff_stops_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes that end what somebody may do."""
    router = APIRouter(include_in_schema=False)
    office = StaffOffice(desk.office.desk)

    @router.post("/console/staff/{person}/suspend", name="console_suspend_person")
    async def suspend(request: Request, staff: Stopper, person: Person) -> Response:
        """Stop somebody in every role; the next request is refused."""
        found = await line_of(office, person)
        reason = confirmed(await form_of(request), found.check_number)
        async with stopping(desk, person):
            await office.suspend(person, reason, by=person_of(staff.session))
        return RedirectResponse(f"{PEOPLE}/{person}", 303)

    @router.post("/console/staff/{person}/end-sessions", name="console_end_sessions_of")
    async def end_sessions(request: Request, staff: Stopper, person: Person) -> Response:
        """End every session of somebody; signing in again works."""
        require_typed(await form_of(request), (await line_of(office, person)).check_number)
        await office.end_sessions(person, by=person_of(staff.session))
        return RedirectResponse(f"{PEOPLE}/{person}", 303)

    @router.post("/console/staff/{person}/end-role", name="console_end_role")
    async def end_role(request: Request, staff: Stopper, person: Person) -> Response:
        """End a role before its last day, for good."""
        form, found = await form_of(request), await line_of(office, person)
        require_typed(form, found.check_number)
        document, reason = shaped(form, "role", "The role", DIGEST), words(form, "reason", "Reason")
        if document not in {each.document for each in found.roles}:
            raise BadForm(Sentence("“%(field)s”: choose one of those that are offered.", field="The role"))
        await office.end(document, reason, by=person_of(staff.session))
        return RedirectResponse(f"{PEOPLE}/{person}", 303)

    @router.post("/console/staff/{person}/erase", name="console_erase_person")
    async def erase(request: Request, staff: Stopper, person: Person) -> Response:
        """Erase who somebody is: identity, sessions, invitations; every role ends with them."""
        found = await line_of(office, person)
        # No reason is kept of it: in one somebody would say who it was.
        require_typed(await form_of(request), found.check_number)
        await office.erase(person, by=person_of(staff.session))
        return RedirectResponse(PEOPLE, 303)

    return router
