"""What is signed about a partner: the undoing of a stop, a debarment, that it goes on as another one."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from agreements.documents.debarment import CAUSES, Debarment, debarment_bytes
from agreements.documents.reading import PARTNER
from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.documents.succession import SUCCESSIONS, Succession, succession_bytes
from agreements.signature import Kind
from gateway.console.agreements import Partner
from gateway.console.callers import Preparer, Stopper
from gateway.console.clients import Client
from gateway.console.desk import ConsoleDesk
from gateway.console.forms import chosen, confirmed, day, shaped, words
from gateway.console.preparing import prepared
from gateway.console.staff import Person
from gateway.errors import Sentence
from gateway.services.errors import NothingToUndo
from gateway.services.partner_page import require_partner
from gateway.signin.callers import DistrictStaff, form_of


def partner_papers_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes that prepare what is signed about partners, and the undoing of stops."""
    router = APIRouter(include_in_schema=False)

    @router.post("/console/partners/{partner}/reinstate", name="console_reinstate_partner")
    async def reinstate_partner(request: Request, staff: Stopper, partner: Partner) -> RedirectResponse:
        """Prepare the undoing of a partner's stop."""
        return await _undone(request, staff, partner)

    @router.post("/console/clients/{client}/reinstate", name="console_reinstate_client")
    async def reinstate_client(request: Request, staff: Stopper, client: Client) -> RedirectResponse:
        """Prepare the undoing of a program's stop."""
        return await _undone(request, staff, client)

    @router.post("/console/staff/{person}/reinstate", name="console_reinstate_person")
    async def reinstate_person(request: Request, staff: Stopper, person: Person) -> RedirectResponse:
        """Prepare the undoing of the stop of somebody who signs in."""
        return await _undone(request, staff, person)

    @router.post("/console/partners/{partner}/debar", name="console_debar")
    async def debar(request: Request, staff: Preparer, partner: Partner) -> RedirectResponse:
        """Prepare a debarment, for two officers."""
        form = await form_of(request)
        reason, cause = confirmed(form, partner), chosen(form, "cause", "What for", tuple(CAUSES))
        first, last = day(form, "first_day", "First day"), day(form, "last_day", "Last day")
        await require_partner(desk.office.desk, partner)
        payload = debarment_bytes(Debarment(partner, cause, first, last, reason))
        return await prepared(desk, staff, Kind.DEBARMENT, payload, f"Debarment of {partner}")

    @router.post("/console/partners/{partner}/succeed", name="console_succeed")
    async def succeed(request: Request, staff: Preparer, partner: Partner) -> RedirectResponse:
        """Prepare that a partner goes on as another one, for a signer of each."""
        form = await form_of(request)
        successor = shaped(form, "successor", "The partner that it goes on as", PARTNER)
        kind, since = chosen(form, "kind", "What happened", SUCCESSIONS), day(form, "day", "Since when")
        reason = words(form, "reason", "Reason")
        await require_partner(desk.office.desk, partner)
        payload = succession_bytes(Succession(partner, successor, kind, since, reason))
        return await prepared(desk, staff, Kind.SUCCESSION, payload, f"{partner} goes on as {successor}")

    async def _undone(request: Request, staff: DistrictStaff, subject: str) -> RedirectResponse:
        reason = words(await form_of(request), "reason", "Reason")
        _, registry = await desk.read()
        stops = {**{stop.concerns: stop.entry for stop in registry.suspensions}, **registry.staff.stopped}
        if subject not in stops:
            raise NothingToUndo(f"{subject} is not stopped.", public_detail=Sentence("It is not stopped."))
        payload = reinstatement_bytes(Reinstatement(subject, stops[subject], reason))
        return await prepared(desk, staff, Kind.REINSTATEMENT, payload, f"Reinstatement of {subject}")

    return router
