"""
What families say, entered by hand: a withdrawal, a no to sharing, a no to directory information.

All of it narrows, and acts on the next request. The student's number comes in a form and stands in no address.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.callers import WishRecorder
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import BadWish
from gateway.console.forms import bounded
from gateway.console.views import person_of, view
from gateway.services.rights import holder_of
from gateway.services.staff.session import Session
from gateway.services.stewardship import Stewardship
from gateway.signin.callers import form_of

_LONGEST: Final = 120
WITHDRAW: Final = "withdraw"
NOTHING: Final = "nothing"
DIRECTORY: Final = "directory"


def wishes_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of what families say."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/wishes", name="console_wishes")
    async def read_wishes(request: Request, staff: WishRecorder) -> Response:
        """Show the form."""
        return await _page(request, staff.session, None)

    @router.post("/console/wishes", name="console_wish")
    async def enter_wish(request: Request, staff: WishRecorder) -> Response:
        """Put on file what a family says; it acts on the next request."""
        form = bounded(await form_of(request), most=_LONGEST)
        number, said = form.get("number", ""), form.get("wish", "")
        steward, person = Stewardship(desk.office), person_of(staff.session)
        if said == WITHDRAW:
            try:
                holder = holder_of(form.get("by", ""), form.get("name", ""))
            except ValueError:
                raise BadWish("Say who withdraws: a parent or guardian, or the student from 18 on.") from None
            entry = await steward.withdraw(form.get("agreement", ""), number, holder, person=person)
        elif said in {NOTHING, DIRECTORY}:
            entry = await steward.opt_out(number, None, directory_only=said == DIRECTORY, person=person)
        else:
            raise BadWish("Say what the family wants.")
        return await _page(request, staff.session, entry)

    async def _page(request: Request, session: Session, entry: int | None) -> Response:
        _, registry = await desk.read()
        lines = {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}
        return view(request, session, "wishes", "wishes.html", zone=zone_of(registry), lines=lines, entry=entry)

    return router
