"""Holds and their releases, as documents for an officer to sign. Neither names a student."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse

from agreements.documents.hold import HOLDS, Hold, Release, hold_bytes, release_bytes
from agreements.shapes import DIGEST
from agreements.signature import Kind
from gateway.console.callers import Approver
from gateway.console.desk import ConsoleDesk
from gateway.console.errors import NoSuchHold
from gateway.console.forms import chosen, day, shaped, words
from gateway.console.preparing import prepared
from gateway.services.obligations.owed import Obligations
from gateway.services.overview import agreement_page
from gateway.signin.callers import form_of

HoldDigest = Annotated[str, Path(pattern=f"^{DIGEST[0]}$")]


def holds_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes that prepare holds and releases."""
    router = APIRouter(include_in_schema=False)

    @router.post("/console/holds", name="console_hold")
    async def place(request: Request, staff: Approver) -> RedirectResponse:
        """Prepare a hold on the records of an agreement."""
        form = await form_of(request)
        agreement = shaped(form, "agreement", "Agreement", DIGEST)
        kind, since = chosen(form, "kind", "What it is for", HOLDS), day(form, "since", "The day it arose")
        reason = words(form, "reason", "Reason")
        found = (await agreement_page(desk.office, agreement)).agreement
        payload = hold_bytes(Hold(agreement, kind, since, reason))
        return await prepared(desk, staff, Kind.HOLD, payload, f"Hold on {found.id}")

    @router.post("/console/holds/{hold}/release", name="console_release")
    async def release(request: Request, staff: Approver, hold: HoldDigest) -> RedirectResponse:
        """Prepare the release of a hold that is open."""
        reason = words(await form_of(request), "reason", "Reason")
        open_ones = {each.hold for each in await Obligations(desk.office.desk).holds() if each.open}
        if hold not in open_ones:
            raise NoSuchHold(f"No hold {hold} is open.")
        return await prepared(desk, staff, Kind.RELEASE, release_bytes(Release(hold, reason)), "Release of a hold")

    return router
