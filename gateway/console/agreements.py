"""Agreements and partners: where each stands, what it lets leave and to whom, and the stop of it."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from agreements.lifecycle import Standing
from gateway.console.callers import LogReader, Stopper
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.errors import NotConfirmed
from gateway.console.views import ROOT, person_of, view
from gateway.services.drafts.versions import changes_of, versions_of
from gateway.services.obligations.owed import Obligations
from gateway.services.overview import agreement_lines, agreement_page, client_lines
from gateway.signin.callers import form_of

_DIGEST: Final = r"^sha256:[0-9a-f]{64}$"
_PARTNER: Final = r"^partner:[a-z0-9-]{1,80}$"
_LONGEST: Final = 500
Digest = Annotated[str, Path(pattern=_DIGEST)]
Partner = Annotated[str, Path(pattern=_PARTNER)]


def agreements_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of agreements and partners."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/agreements", name="console_agreements")
    async def read_agreements(request: Request, staff: LogReader) -> Response:
        """List every agreement that was ever registered."""
        _, registry = await desk.read()
        lines = sorted(await agreement_lines(desk.office), key=lambda each: (each.last_day, each.title), reverse=True)
        return view(
            request,
            staff.session,
            "agreements",
            "agreements.html",
            zone=zone_of(registry),
            lines=lines,
            partners=partners_of(registry),
        )

    @router.get("/console/agreements/{digest}", name="console_agreement")
    async def read_agreement(request: Request, staff: LogReader, digest: Digest) -> Response:
        """Show one agreement: what leaves by it, to whom, and for how long."""
        _, registry = await desk.read()
        found = await agreement_page(desk.office, digest)
        owed = [each for each in (await Obligations(desk.office.desk).listed()).obligations if each.agreement == digest]
        return view(
            request,
            staff.session,
            "agreements",
            "agreement.html",
            zone=zone_of(registry),
            found=found,
            owed=owed,
            versions=versions_of(registry, found.agreement.id),
            changes=await changes_of(desk.office, digest),
            partners=partners_of(registry),
        )

    @router.post("/console/agreements/{digest}/suspend", name="console_suspend")
    async def suspend_agreement(request: Request, staff: Stopper, digest: Digest) -> Response:
        """Suspend an agreement: the partner's next request is refused."""
        found = await agreement_page(desk.office, digest)
        reason = _confirmed(await form_of(request), found.agreement.id)
        await desk.office.suspensions.stop_agreement(digest, Standing.SUSPENDED, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/agreements/{digest}", 303)

    @router.get("/console/partners", name="console_partners")
    async def read_partners(request: Request, staff: LogReader) -> Response:
        """List the partners with their agreements and programs."""
        _, registry = await desk.read()
        return view(
            request,
            staff.session,
            "partners",
            "partners.html",
            zone=zone_of(registry),
            partners=partners_of(registry),
            lines=await agreement_lines(desk.office),
            clients=await client_lines(desk.office),
            stopped={stop.concerns: stop.entry for stop in registry.suspensions},
        )

    @router.post("/console/partners/{partner}/suspend", name="console_suspend_partner")
    async def suspend_partner(request: Request, staff: Stopper, partner: Partner) -> Response:
        """Stop a partner under all its agreements: its next request is refused."""
        reason = _confirmed(await form_of(request), partner)
        await desk.office.suspensions.suspend_partner(partner, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/partners", 303)

    return router


def _confirmed(form: dict[str, str], name: str) -> str:
    """Return the reason for a stop, if the name of what it stops was typed. Raises `NotConfirmed`."""
    if form.get("name", "").strip() != name:
        raise NotConfirmed(f"{name} was not typed")
    return form.get("reason", "").strip()[:_LONGEST]
