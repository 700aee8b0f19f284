"""Programs of partners: their keys and when these end, and what stops one or ends what it holds."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from agreements.shapes import CLIENT
from gateway.console import labels
from gateway.console.administration_lists import clients_listing, days_left
from gateway.console.callers import ClientManager, LogReader, Stopper
from gateway.console.desk import ConsoleDesk, names_of, partners_of, zone_of
from gateway.console.forms import confirmed, number, require_typed
from gateway.console.lists import list_view, listed, words_of
from gateway.console.partner import ENDS_SOON_DAYS
from gateway.console.stopping import stopping
from gateway.console.views import ROOT, person_of, view
from gateway.services.compatibility.secrets import MOST_DAYS, Issued
from gateway.services.errors import UnknownClient
from gateway.services.overview import ClientLine, client_lines
from gateway.services.staff.session import Session
from gateway.services.token_ends import end_tokens_of_client
from gateway.signin.callers import form_of

Client = Annotated[str, Path(pattern=f"^{CLIENT[0]}$")]
_LARGEST: Final = 2**53 - 1


def clients_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of programs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/clients", name="console_clients")
    async def read_clients(request: Request, staff: LogReader) -> Response:
        """List every program whose binding is in force, the ones that end soonest first."""
        _, registry = await desk.read()
        names = partners_of(registry)
        shown = listed(request, clients_listing(names, words_of(request)), await client_lines(desk.office))
        return list_view(
            request,
            staff.session,
            "clients",
            "clients.html",
            shown,
            zone=zone_of(registry),
            partners=names,
            days_left=days_left,
            soon=ENDS_SOON_DAYS,
        )

    @router.get("/console/clients/{client}", name="console_client")
    async def read_client(request: Request, staff: LogReader, client: Client) -> Response:
        """Show one program: its keys, from where it asks, and what stops it."""
        return await _page(request, staff.session, client)

    @router.post("/console/clients/{client}/suspend", name="console_suspend_client")
    async def suspend_client(request: Request, staff: Stopper, client: Client) -> Response:
        """Stop a program: its next request is refused, whatever token it holds."""
        reason = confirmed(await form_of(request), await desk.office.suspensions.name_of(client))
        async with stopping(desk, client):
            await desk.office.suspensions.suspend_client(client, reason, person_of(staff.session))
        return await _back(desk, client)

    @router.post("/console/clients/{client}/end-tokens", name="console_end_tokens")
    async def end_tokens(request: Request, staff: Stopper, client: Client) -> Response:
        """End all tokens that a program holds; it may ask for new ones."""
        reason = confirmed(await form_of(request), await desk.office.suspensions.name_of(client))
        async with desk.office.engine.begin() as connection:
            await end_tokens_of_client(connection, client, reason, person_of(staff.session))
        return await _back(desk, client)

    @router.post("/console/clients/{client}/secret", name="console_secret")
    async def make_secret(request: Request, staff: ClientManager, client: Client) -> Response:
        """Make a secret for a program that knows nothing better, and show it this once."""
        days = number(await form_of(request), "days", "How many days it is good for", least=1, most=MOST_DAYS)
        issued = await desk.office.secrets.issue(client, days, person_of(staff.session))
        return await _page(request, staff.session, client, issued)

    @router.post("/console/clients/{client}/end-secret", name="console_end_secret")
    async def end_secret(request: Request, staff: Stopper, client: Client) -> Response:
        """End a secret, and every token that was given for it."""
        form = await form_of(request)
        require_typed(form, await desk.office.suspensions.name_of(client))
        entry = number(form, "entry", "The secret", least=0, most=_LARGEST)
        await desk.office.secrets.end(client, entry, person_of(staff.session))
        return await _back(desk, client)

    async def _page(request: Request, session: Session, client: str, issued: Issued | None = None) -> Response:
        found = await _line(desk, client)
        _, registry = await desk.read()
        return view(
            request,
            session,
            "clients",
            "client.html",
            zone=zone_of(registry),
            found=found,
            issued=issued,
            names=names_of(registry),
            labels=labels,
            soon=ENDS_SOON_DAYS,
            most_days=MOST_DAYS,
        )

    return router


async def _line(desk: ConsoleDesk, client: str) -> ClientLine:
    found = next((each for each in await client_lines(desk.office) if each.id == client), None)
    if found is None:
        raise UnknownClient(f"No client {client} is registered.")
    return found


async def _back(desk: ConsoleDesk, client: str) -> Response:
    # What narrows is for every program that was ever registered: one whose binding is over has no page of its own.
    is_bound = any(each.id == client for each in await client_lines(desk.office))
    return RedirectResponse(f"{ROOT}/clients/{client}" if is_bound else f"{ROOT}/clients", 303)
