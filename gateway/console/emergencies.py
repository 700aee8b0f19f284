"""
Emergency orders (34 CFR 99.36): what stands, its review, its end, and the form of a new one, which becomes a paper.

INVARIANT: nothing is ordered here. The form prepares a document; an officer's own key signs it and filing verifies it,
with a fresh sign-in for exactly its bytes (`StepUpAct.EMERGENCY`). To end one takes none: narrowing is never held.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from agreements.canonical import read_canonical
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.emergency import (
    EMERGENCY_ORDER,
    MOST_HOURS,
    RECIPIENTS,
    EmergencyOrder,
    Recipient,
    emergency_order_bytes,
)
from agreements.elements import Tier
from agreements.shapes import words_only
from agreements.signature import Kind
from gateway.console.again import REFUSALS, Again, again
from gateway.console.callers import Approver
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.errors import BadOrder
from gateway.console.forms import confirmed
from gateway.console.lists import list_view, listed, words_of
from gateway.console.views import ROOT, person_of
from gateway.console.watch_lists import ORDER_STANDINGS, emergencies_listing
from gateway.errors import Sentence
from gateway.pages.languages import message
from gateway.services.emergencies.orders import Emergencies, require_ordered
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.papers.papers import Papers
from gateway.services.staff.session import Session
from gateway.signin.callers import form_of

ROWS: Final = 5
"""Recipients that the form has room for; a file for the command line has room for more."""
KINDS: Final = {
    "law_enforcement": message("law enforcement"),
    "public_health": message("public health"),
    "medical": message("medical"),
    "school_safety": message("school safety"),
    "parent": message("a parent"),
    "other": message("other"),
}
_COUNT: Final = re.compile(r"[1-9][0-9]{0,6}")
Digest = Annotated[str, Path(pattern=r"^sha256:[0-9a-f]{64}$")]


def emergencies_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of emergencies."""
    router = APIRouter(include_in_schema=False)
    emergencies = Emergencies(desk.office.desk)

    @router.get("/console/emergencies", name="console_emergencies")
    async def read_emergencies(request: Request, staff: Approver) -> Response:
        """List every order, the newest first, with the form of a new one."""
        return await _page(request, staff.session)

    async def _page(request: Request, session: Session, refused: Again | None = None) -> Response:
        moment, registry = await desk.read()
        catalogue = desk.office.desk.catalogue
        names = {each.id: each.name for each in catalogue}
        listing = emergencies_listing(names, words_of(request))
        return list_view(
            request,
            session,
            "emergencies",
            "emergencies.html",
            listed(request, listing, tuple(reversed(await emergencies.lines()))),
            zone=zone_of(registry),
            shown_again=refused,
            own=await OwnPasskeys(desk.office).in_office(registry, moment, person_of(session)),
            elements=[each for each in catalogue if each.tier is not Tier.NEVER],
            names=names,
            kinds=KINDS,
            standings=ORDER_STANDINGS,
            rows=range(ROWS),
            most_hours=MOST_HOURS,
        )

    @router.post("/console/emergencies", name="console_order_emergency")
    async def prepare_order(request: Request, staff: Approver) -> Response:
        """Prepare an order for an officer's signature. Nothing is ordered by this."""
        moment, registry = await desk.read()
        form, person = await form_of(request), person_of(staff.session)
        try:
            order = order_of(form, moment.now)
            # Filing would refuse it, after it was signed and somebody had signed in for it.
            if any(each.verified.order.id == order.id for each in registry.emergency_orders):
                raise BadOrder("An order of this name is on file already. Give this one another name.")
            payload = emergency_order_bytes(order)
            digest = await Papers(desk.office).prepare(Kind.EMERGENCY_ORDER, payload, person, title=order.id)
        except REFUSALS as error:
            return await _page(request, staff.session, again(request, error, form))
        return RedirectResponse(f"{ROOT}/papers/{digest}", 303)

    @router.post("/console/emergencies/{digest}/review", name="console_review_emergency")
    async def prepare_review(request: Request, staff: Approver, digest: Digest) -> Response:
        """Prepare the review of an order by another officer."""
        form, person = await form_of(request), person_of(staff.session)
        _, registry = await desk.read()
        order = require_ordered(registry, digest).verified.order
        filed = next(each for each in registry.register.of(Kind.EMERGENCY_ORDER) if each.digest == digest)
        words = words_only(EMERGENCY_ORDER, read_canonical(filed.envelope.payload))
        said = Approval(digest, Kind.EMERGENCY_ORDER.value, form.get("key", ""), words)
        papers = Papers(desk.office)
        payload = approval_bytes(said)
        prepared = await papers.prepare(Kind.APPROVAL, payload, person, title=order.id, concerns=digest)
        return RedirectResponse(f"{ROOT}/papers/{prepared}", 303)

    @router.post("/console/emergencies/{digest}/end", name="console_end_emergency")
    async def end(request: Request, staff: Approver, digest: Digest) -> Response:
        """End an order early: nothing is released by it any more. A stop is never held."""
        form = await form_of(request)
        _, registry = await desk.read()
        reason = confirmed(form, require_ordered(registry, digest).verified.order.id)
        await emergencies.end(digest, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/emergencies", 303)

    return router


def order_of(form: dict[str, str], now: datetime) -> EmergencyOrder:
    """
    Return the order that a form is about, from now on. Raises `BadOrder`.

    The rest is judged as in every such document: what is threatened must be articulated, recipients be somebody, the
    elements those of the catalogue.
    """
    rows = [
        {name: form.get(f"{name}_{place}", "").strip() for name in ("name", "kind", "why")} for place in range(ROWS)
    ]
    recipients = tuple(Recipient(row["name"], row["kind"], row["why"]) for row in rows if row["name"] or row["why"])
    elements = tuple(sorted(name.removeprefix("element_") for name in form if name.startswith("element_")))
    if not recipients or any(each.kind not in RECIPIENTS for each in recipients):
        raise BadOrder("Say who receives it, as what, and why they need it.")
    if not elements:
        raise BadOrder("Choose the elements that are handed over.")
    return EmergencyOrder(
        id=form.get("id", "").strip(),
        threat=form.get("threat", "").strip(),
        recipients=recipients,
        elements=elements,
        count=_count(form, "count", Sentence("Say about how many students it is for.")),
        whom=form.get("whom", "").strip(),
        begins=now.astimezone(UTC).replace(microsecond=0),
        hours=_count(form, "hours", Sentence("It lasts between 1 and %(most)s hours.", most=MOST_HOURS)),
    )


def _count(form: dict[str, str], name: str, sentence: Sentence) -> int:
    said = form.get(name, "").strip()
    if not _COUNT.fullmatch(said):
        raise BadOrder(sentence)
    return int(said)
