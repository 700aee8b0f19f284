"""
The second person about a decision on a roster by which many students would leave: confirm it, or turn it down.

Nothing is judged here: who may answer, and whether it can still be done, is the service's to say.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console.callers import PaperReader
from gateway.console.desk import ConsoleDesk
from gateway.console.forms import confirmed, words
from gateway.console.paper_desk import Digest, opened
from gateway.console.views import ROOT, person_of
from gateway.services.papers.errors import NothingWaits
from gateway.services.papers.held_decisions import HeldDecisions
from gateway.services.papers.papers import Papers
from gateway.signin.callers import form_of


def held_decisions_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes by which a second person answers."""
    router = APIRouter(include_in_schema=False)
    papers, decisions = Papers(desk.office), HeldDecisions(desk.office)

    @router.post("/console/papers/{digest}/confirm", name="console_confirm_decision")
    async def confirm(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Have it done, if the roster's number was typed. Raises as `HeldDecisions.confirm`."""
        await opened(papers, staff.session, digest)
        waiting = await decisions.waiting(digest)
        if not waiting:
            raise NothingWaits(f"Nothing about {digest} waits for a second person.")
        reason = confirmed(await form_of(request), str(waiting[0].roster))
        await decisions.confirm(digest, person_of(staff.session), reason)
        return RedirectResponse(f"{ROOT}/papers/{digest}", 303)

    @router.post("/console/papers/{digest}/turn-down", name="console_turn_down_decision")
    async def turn_down(request: Request, staff: PaperReader, digest: Digest) -> Response:
        """Take the document away, and keep the reason. Raises as `HeldDecisions.turn_down`."""
        await opened(papers, staff.session, digest)
        reason = words(await form_of(request), "reason", "Reason")
        await decisions.turn_down(digest, person_of(staff.session), reason)
        return RedirectResponse(f"{ROOT}/papers", 303)

    return router
