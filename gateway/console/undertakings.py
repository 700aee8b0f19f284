"""Undertakings: what one of a partner's people accepts for a school year, prepared for that person's own key."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from agreements.documents.reading import PERSON
from agreements.shapes import SCHOOL_YEAR
from agreements.signature import Kind
from gateway.console.agreements import Digest
from gateway.console.callers import Preparer
from gateway.console.desk import ConsoleDesk
from gateway.console.forms import shaped
from gateway.console.preparing import prepared
from gateway.services.acceptances import undertaking_by
from gateway.signin.callers import form_of


def undertakings_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route that prepares undertakings."""
    router = APIRouter(include_in_schema=False)

    @router.post("/console/agreements/{digest}/people/undertaking", name="console_undertake")
    async def undertake(request: Request, staff: Preparer, digest: Digest) -> RedirectResponse:
        """Prepare the statement for one person and school year; the person signs it, and nobody in their place."""
        form = await form_of(request)
        person = shaped(form, "person", "Person", PERSON)
        school_year = shaped(form, "school_year", "School year", SCHOOL_YEAR)
        moment, registry = await desk.read()
        payload = undertaking_by(registry, moment, digest, person, school_year)
        title = f"{person} under {registry.history[digest].verified.agreement.id}, {school_year}"
        return await prepared(desk, staff, Kind.UNDERTAKING, payload, title)

    return router
