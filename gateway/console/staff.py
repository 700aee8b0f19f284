"""
The people who sign in, and the codes by which somebody new comes in. Nobody is named here.

A code is shown once, in the answer to the form that made it, and kept nowhere. A role is a document of two officers:
`gateway.console.roles` prepares it.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from agreements.documents.reading import PARTY
from agreements.shapes import USER
from gateway.console import labels
from gateway.console.administration_lists import staff_listing
from gateway.console.callers import Inviter
from gateway.console.desk import ConsoleDesk, parties_of, zone_of
from gateway.console.errors import BadForm
from gateway.console.forms import number, shaped
from gateway.console.lists import list_view, listed, words_of
from gateway.console.views import person_of, view
from gateway.errors import Sentence
from gateway.services.staff.errors import UnknownPerson
from gateway.services.staff.invitations import MOST_HOURS, USUAL_HOURS, Invitation
from gateway.services.staff.office import StaffLine, StaffOffice
from gateway.services.staff.session import Session
from gateway.signin.callers import form_of

Person = Annotated[str, Path(pattern=f"^{USER[0]}$")]


def staff_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the people who sign in."""
    router = APIRouter(include_in_schema=False)
    office = StaffOffice(desk.office.desk)

    @router.get("/console/staff", name="console_staff")
    async def read_staff(request: Request, staff: Inviter) -> Response:
        """List everybody who may sign in, with their roles, and the form that invites."""
        return await _list(request, staff.session)

    @router.post("/console/staff", name="console_invite")
    async def invite(request: Request, staff: Inviter) -> Response:
        """Make a code by which somebody comes in, and show it this once. It gives no role."""
        form = await form_of(request)
        party = shaped(form, "party", "Whose staff", PARTY)
        _, registry = await desk.read()
        if party not in parties_of(registry):
            raise BadForm(Sentence("“%(field)s”: choose one of those that are offered.", field="Whose staff"))
        hours = number(form, "hours", "How many hours it can be used", least=1, most=MOST_HOURS)
        made = await office.invite(party, hours, by=person_of(staff.session))
        return await _list(request, staff.session, made)

    @router.get("/console/staff/{person}", name="console_person")
    async def read_person(request: Request, staff: Inviter, person: Person) -> Response:
        """Show somebody: the check number, the roles with their days, and what stops them."""
        found = await line_of(office, person)
        _, registry = await desk.read()
        own = person_of(staff.session)
        return view(
            request,
            staff.session,
            "staff",
            "person.html",
            zone=zone_of(registry),
            found=found,
            parties=parties_of(registry),
            labels=labels,
            may_give=own not in {found.person, found.invited_by},
        )

    async def _list(request: Request, session: Session, made: Invitation | None = None) -> Response:
        _, registry = await desk.read()
        parties = parties_of(registry)
        shown = listed(request, staff_listing(parties, words_of(request)), await office.people())
        return list_view(
            request,
            session,
            "staff",
            "staff.html",
            shown,
            zone=zone_of(registry),
            parties=parties,
            made=made,
            hours=USUAL_HOURS,
            most_hours=MOST_HOURS,
            labels=labels,
        )

    return router


async def line_of(office: StaffOffice, person: str) -> StaffLine:
    """Return somebody who may sign in. Raises `UnknownPerson`."""
    found = next((each for each in await office.people() if each.person == person), None)
    if found is None:
        raise UnknownPerson(f"Nobody signs in as {person}.")
    return found
