"""One partner on one page, and the page that leads through its leaving."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.console import labels
from gateway.console.agreements import Partner
from gateway.console.callers import LogReader, Stopper
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.forms import confirmed
from gateway.console.overview import Row, rows
from gateway.console.views import ROOT, person_of, view
from gateway.services.inbox.cases import UNRESOLVED, CaseLine
from gateway.services.inbox.office import Inbox
from gateway.services.parties import Parties
from gateway.services.partner_page import MOST_COUNTED, PartnerPage, partner_page
from gateway.services.staff.session import Session
from gateway.signin.callers import form_of

_MOST_CASES: Final = 200
"""Cases that are looked through for those about a partner, the newest first."""
MOST_SHOWN: Final = MOST_COUNTED
"""Agreements, people and duties that the page has room for; what is more is one link away."""
ENDS_SOON_DAYS: Final = 30
"""How long before the end of a program's last binding the pages warn."""


def partner_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of one partner."""
    router = APIRouter(include_in_schema=False)
    inbox = Inbox(desk.office.desk)

    @router.get("/console/partners/{partner}", name="console_partner")
    async def read_partner(request: Request, staff: LogReader, partner: Partner) -> Response:
        """Show a partner: its agreements, programs, people and signers, what it owes and what it received lately."""
        used, whole = await _used(partner)
        return await _page(request, staff.session, partner, "partner.html", used, whole=whole)

    @router.get("/console/partners/{partner}/leave", name="console_leaving")
    async def read_leaving(request: Request, staff: Stopper, partner: Partner) -> Response:
        """Show what ends if the partner leaves, and what it owes then."""
        return await _page(request, staff.session, partner, "leaving.html")

    @router.post("/console/partners/{partner}/leave", name="console_leave")
    async def leave(request: Request, staff: Stopper, partner: Partner) -> Response:
        """End everything of a partner together, for good."""
        reason = confirmed(await form_of(request), partner)
        await Parties(desk.office.desk).leave(partner, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/partners/{partner}", 303)

    async def _used(partner: str) -> tuple[list[Row], bool]:
        moment, registry = await desk.read()
        async with desk.office.engine.connect() as connection:
            whole = await desk.count(connection, moment, registry)
        return [row for row in rows(desk.activity, registry) if row.partner == partner], whole

    async def _open_cases() -> list[CaseLine]:
        return list(await inbox.lines(states=UNRESOLVED, limit=_MOST_CASES))

    async def _page(
        request: Request, session: Session, partner: str, template: str, used: Sequence[Row] = (), *, whole: bool = True
    ) -> Response:
        moment, registry = await desk.read()
        found = await partner_page(desk.office, partner, await desk.owed_by(partner, moment, registry))
        names = partners_of(registry)
        return view(
            request,
            session,
            "partners",
            template,
            zone=zone_of(registry),
            found=found,
            name=names.get(partner, partner),
            partners=names,
            titles=_titles(found),
            labels=labels,
            soon=ENDS_SOON_DAYS,
            most=MOST_SHOWN,
            used=used,
            whole=whole,
            cases=[case for case in await _open_cases() if found.is_about(case)],
        )

    return router


def _titles(found: PartnerPage) -> dict[str, str]:
    return {each.digest: each.title for each in found.agreements}
