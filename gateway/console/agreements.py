"""Agreements and partners: where each stands, what it lets leave and to whom, and the stop of it."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from agreements.lifecycle import Standing
from agreements.pointer import resolve
from agreements.schema import agreement_schema
from agreements.shapes import title_at
from gateway.console import labels
from gateway.console.agreement_lists import agreements_listing, partner_lines, partners_listing
from gateway.console.callers import LogReader, Stopper
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.drafting import words
from gateway.console.forms import confirmed
from gateway.console.lists import list_view, listed
from gateway.console.stopping import stopping
from gateway.console.views import ROOT, person_of, view
from gateway.services.drafts.versions import changes_of, versions_of
from gateway.services.obligations.owed import Obligations
from gateway.services.overview import agreement_page, client_lines, covered_by, uncounted_lines
from gateway.signin.callers import form_of

_DIGEST: Final = r"^sha256:[0-9a-f]{64}$"
_PARTNER: Final = r"^partner:[a-z0-9-]{1,80}$"
Digest = Annotated[str, Path(pattern=_DIGEST)]
Partner = Annotated[str, Path(pattern=_PARTNER)]


def agreements_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of agreements and partners."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/agreements", name="console_agreements")
    async def read_agreements(request: Request, staff: LogReader) -> Response:
        """List every agreement that was ever registered."""
        _, registry = await desk.read()
        names, covered = partners_of(registry), dict[str, int]()
        shown = listed(request, agreements_listing(names, covered), await uncounted_lines(desk.office))
        # Students are counted for those agreements alone that are shown.
        covered |= await covered_by(desk.office, shown.every if shown.wants_file else shown.rows)
        return list_view(
            request,
            staff.session,
            "agreements",
            "agreements.html",
            shown,
            zone=zone_of(registry),
            covered=covered,
            labels=labels,
            partners=names,
        )

    @router.get("/console/agreements/{digest}", name="console_agreement")
    async def read_agreement(request: Request, staff: LogReader, digest: Digest) -> Response:
        """Show one agreement: what leaves by it, to whom, and for how long."""
        _, registry = await desk.read()
        found = await agreement_page(desk.office, digest)
        promised, schema = registry.history.get(digest), agreement_schema(desk.office.desk.catalogue)
        owed = (await Obligations(desk.office.desk, left=desk.left).listed(agreement=digest)).obligations
        return view(
            request,
            staff.session,
            "agreements",
            "agreement.html",
            zone=zone_of(registry),
            found=found,
            titles={each.id: each.title for each in desk.office.desk.catalogue},
            labels=labels,
            owed=owed,
            versions=versions_of(registry, found.agreement.id),
            changes=await changes_of(desk.office, digest),
            partners=partners_of(registry),
            words=words,
            terms=[
                # Of one that does not verify no words are told as agreed.
                (title_at(schema, place), promised and resolve(promised.verified.agreement.content, place), place)
                for place in found.words_only
            ],
        )

    @router.post("/console/agreements/{digest}/suspend", name="console_suspend")
    async def suspend_agreement(request: Request, staff: Stopper, digest: Digest) -> Response:
        """Suspend an agreement: the partner's next request is refused."""
        found = await agreement_page(desk.office, digest)
        reason = confirmed(await form_of(request), found.agreement.id)
        async with stopping(desk, digest):
            await desk.office.suspensions.stop_agreement(digest, Standing.SUSPENDED, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/agreements/{digest}", 303)

    @router.post("/console/agreements/{digest}/end", name="console_end_agreement")
    async def end_agreement(request: Request, staff: Stopper, digest: Digest) -> Response:
        """End an agreement for good: the partner's next request is refused, and what it owes begins."""
        found = await agreement_page(desk.office, digest)
        reason = confirmed(await form_of(request), found.agreement.id)
        await desk.office.suspensions.stop_agreement(digest, Standing.TERMINATED, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/agreements/{digest}", 303)

    @router.get("/console/partners", name="console_partners")
    async def read_partners(request: Request, staff: LogReader) -> Response:
        """List the partners with their agreements and programs."""
        _, registry = await desk.read()
        stopped = {stop.concerns: stop.entry for stop in registry.suspensions}
        agreements, clients = await uncounted_lines(desk.office), await client_lines(desk.office)
        lines = partner_lines(partners_of(registry), agreements, clients, stopped)
        shown = listed(request, partners_listing(), lines)
        zone = zone_of(registry)
        return list_view(request, staff.session, "partners", "partners.html", shown, zone=zone, labels=labels)

    @router.post("/console/partners/{partner}/suspend", name="console_suspend_partner")
    async def suspend_partner(request: Request, staff: Stopper, partner: Partner) -> Response:
        """Stop a partner under all its agreements: its next request is refused."""
        reason = confirmed(await form_of(request), partner)
        async with stopping(desk, partner):
            await desk.office.suspensions.suspend_partner(partner, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/partners/{partner}", 303)

    return router
