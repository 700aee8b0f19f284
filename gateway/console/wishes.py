"""
What families say, entered by hand: a withdrawal, a no to sharing, a no to directory information.

All of it narrows, and acts on the next request. The student's number comes in a form and stands in no address.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import WishRecorder
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import BadWish
from gateway.console.forms import Form, bounded
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
        form = await form_of(request)
        try:
            entry = await _entered(Stewardship(desk.office), bounded(form, most=_LONGEST), person_of(staff.session))
        except REFUSALS as error:
            return await _page(request, staff.session, None, again(request, error, form))
        return await _page(request, staff.session, entry)

    async def _page(request: Request, session: Session, entry: int | None, refused: Again | None = None) -> Response:
        _, registry = await desk.read()
        lines = {each.verified.agreement.id: each.verified.agreement.title for each in registry.history.values()}
        return view(
            request,
            session,
            "wishes",
            "wishes.html",
            zone=zone_of(registry),
            shown_again=refused,
            lines=lines,
            entry=entry,
        )

    return router


async def _entered(steward: Stewardship, form: Form, person: str) -> int:
    """Put what a form says on file; return its entry. Raises `BadWish`, and what the services refuse."""
    number, said = form.get("number", ""), form.get("wish", "")
    if said == WITHDRAW:
        try:
            holder = holder_of(form.get("by", ""), form.get("name", ""))
        except ValueError:
            raise BadWish("Say who withdraws: a parent or guardian, or the student from 18 on.") from None
        return await steward.withdraw(form.get("agreement", ""), number, holder, person=person)
    if said in {NOTHING, DIRECTORY}:
        return await steward.opt_out(number, None, directory_only=said == DIRECTORY, person=person)
    raise BadWish("Say what the family wants.")
