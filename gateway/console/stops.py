"""
The kill switch: everything that can be stopped, on one page, with what each stop does.

INVARIANT: narrowing is never held. A stop takes one person, the name typed and a reason, and no fresh sign-in: it works
for whoever is signed in while the identity provider is away.
"""

import re
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from agreements.lifecycle import Standing
from gateway.console.callers import Stopper
from gateway.console.desk import ConsoleDesk, names_of, partners_of, zone_of
from gateway.console.errors import NotConfirmed
from gateway.console.forms import MOST_CHOICES, words
from gateway.console.stopping import stopping
from gateway.console.views import ROOT, person_of, view
from gateway.services.standing.registry import Registry
from gateway.services.suspensions import Suspensions
from gateway.signin.callers import form_of

EVERYTHING: Final = "everything"
_WHAT: Final = re.compile(rf"{EVERYTHING}|(partner|client):[a-z0-9-]+|sha256:[0-9a-f]{{64}}")


def stops_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the kill switch."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/stop", name="console_stops")
    async def read_stops(request: Request, staff: Stopper) -> Response:
        """Show what is stopped, and what can be."""
        _, registry = await desk.read()
        return view(
            request,
            staff.session,
            "stop",
            "stop.html",
            zone=zone_of(registry),
            stopped=sorted(registry.suspensions, key=lambda each: -each.entry),
            agreements={digest: each.document for digest, each in registry.granted.items()},
            partners=partners_of(registry),
            clients={each.id: each.name for each in registry.clients.values()},
            names=names_of(registry),
            everything=desk.office.trust.origin,
            most=MOST_CHOICES,
        )

    @router.post("/console/stop", name="console_stop")
    async def stop(request: Request, staff: Stopper) -> Response:
        """Stop what was chosen, if its name was typed: the next request is refused."""
        form = await form_of(request)
        what = form.get("what", "")
        _, registry = await desk.read()
        named = desk.office.trust.origin if what == EVERYTHING else _name_of(what, registry)
        # (1): what is stopped is what was meant.
        if not _WHAT.fullmatch(what) or form.get("name", "").strip() != named:
            raise NotConfirmed("another name was typed")
        # (2): it says why, to whoever undoes it.
        reason = words(form, "reason", "Reason")
        # (3): it is not stopped already.
        suspensions = desk.office.suspensions
        async with stopping(desk, *(await suspensions.everybody() if what == EVERYTHING else (what,))):
            await _stop(suspensions, what, reason, person_of(staff.session))
        return RedirectResponse(f"{ROOT}/stop", 303)

    return router


async def _stop(suspensions: Suspensions, what: str, reason: str, person: str) -> None:
    if what == EVERYTHING:
        await suspensions.suspend_everybody(reason, person)
    elif what.startswith("partner:"):
        await suspensions.suspend_partner(what, reason, person)
    elif what.startswith("client:"):
        await suspensions.suspend_client(what, reason, person)
    else:
        await suspensions.stop_agreement(what, Standing.SUSPENDED, reason, person)


def _name_of(what: str, registry: Registry) -> str:
    """Return what is typed to confirm: the id that an agreement's versions share, or the id itself."""
    promised = registry.history.get(what)
    return what if promised is None else promised.verified.agreement.id
