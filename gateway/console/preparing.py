"""From a form to a paper: what the pages prepare waits for its signatures, and has no effect before it is filed."""

from fastapi.responses import RedirectResponse

from agreements.signature import Kind
from gateway.console.desk import ConsoleDesk
from gateway.console.views import ROOT, person_of
from gateway.services.papers.papers import Papers
from gateway.signin.callers import DistrictStaff


async def prepared(desk: ConsoleDesk, staff: DistrictStaff, kind: Kind, payload: bytes, title: str) -> RedirectResponse:
    """
    Keep a document for signature, and lead to it. `title` is what the list of papers calls it.

    Raises `PaperRefused` for what would never count.
    """
    digest = await Papers(desk.office).prepare(kind, payload, person_of(staff.session), title=title)
    return RedirectResponse(f"{ROOT}/papers/{digest}", 303)
