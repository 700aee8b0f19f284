"""A program's keys for an agreement, as the document that the partner's signer signs and an officer approves."""

from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from agreements.canonical import Json, canonical_bytes
from agreements.documents.binding import CLIENT_SECRET, read_binding, read_keys
from agreements.documents.people import RESPONSIBLE
from agreements.signature import Kind
from gateway.console.agreements import Partner
from gateway.console.callers import Preparer
from gateway.console.desk import ConsoleDesk, partners_of, zone_of
from gateway.console.forms import Form, chosen, day, words
from gateway.console.preparing import prepared
from gateway.console.views import view
from gateway.pages.languages import message
from gateway.services.partner_page import PartnerPage, partner_page
from gateway.signin.callers import form_of

NEW: Final = "new"
KEYS, ADDRESS, SECRET = "keys", "address", "secret"
_LONGEST_KEYS: Final = 6_000
"""Four of the longest keys that are taken are half of it."""


def bindings_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes that bind programs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/partners/{partner}/bind", name="console_binding")
    async def read_form(request: Request, staff: Preparer, partner: Partner) -> Response:
        """Ask which program is bound to which agreement, by which keys."""
        found = await partner_page(desk.office, partner)
        _, registry = await desk.read()
        return view(
            request,
            staff.session,
            "partners",
            "bind.html",
            zone=zone_of(registry),
            found=found,
            name=partners_of(registry).get(partner, partner),
            agreements=_agreements(found),
            clients={each.id: each.name for each in found.clients},
            responsible={each.id: each.id for each in found.people if each.role == RESPONSIBLE},
        )

    @router.post("/console/partners/{partner}/bind", name="console_bind")
    async def bind(request: Request, staff: Preparer, partner: Partner) -> RedirectResponse:
        """Prepare a binding, for the partner's signer and an officer."""
        form = await form_of(request)
        found = await partner_page(desk.office, partner)
        clients = {each.id: each.name for each in found.clients}
        chosen_client = chosen(form, "client", "The program", (NEW, *clients))
        name = clients.get(chosen_client) or words(form, "called", "What it is called", most=100)
        agreement = chosen(form, "agreement", "Agreement", tuple(_agreements(found)))
        answering = tuple(each.id for each in found.people if (each.agreement, each.role) == (agreement, RESPONSIBLE))
        binding: dict[str, Json] = {
            "format": "pactgate-client-binding/1",
            "agreement": agreement,
            "client": f"client:{uuid4()}" if chosen_client == NEW else chosen_client,
            "responsible": chosen(form, "responsible", "Who answers for it", answering),
            **_proofs(form),
            **_terms(form),
        }
        payload = canonical_bytes(binding)
        read_binding(payload)  # judged as it will be when it is registered
        return await prepared(desk, staff, Kind.CLIENT_BINDING, payload, name)

    return router


def _agreements(found: PartnerPage) -> Mapping[str, str]:
    """Return the partner's agreements in force, by digest: no other can be chosen."""
    own = set(found.line.agreements)
    return {each.digest: f"{each.title} ({each.id})" for each in found.agreements if each.digest in own}


def _proofs(form: Form) -> dict[str, Json]:
    """Return what the program proves itself with. Raises `BadForm`, `BadKey`."""
    match chosen(form, "proof", "What it proves itself with", (KEYS, ADDRESS, SECRET)):
        case "keys":
            keys = read_keys(words(form, "jwks", "The public key set", most=_LONGEST_KEYS).encode())
            return {"jwks": {"keys": [key.jwk for key in keys]}}
        case "address":
            return {"jwks_url": words(form, "jwks_url", "Where the keys are published")}
        case _:
            return {"compatibility": CLIENT_SECRET}


def _terms(form: Form) -> dict[str, Json]:
    """Return the further terms; what is left empty is no term. Raises `BadForm`."""
    networks: list[Json] = [*form.get("networks", "").split()]
    contacts: list[Json] = [
        {"role": role, "mailbox": form[role].strip()} for role in ("security", "technical") if role in form
    ]
    optional: dict[str, Json] = {
        "operator": form.get("operator", "").strip() or None,
        "allowed_addresses": networks or None,
        "contacts": contacts or None,
        "last_day": _last_day(form, "last_day", message("The last day of these keys")),
        "earlier_last_day": _last_day(form, "earlier_last_day", message("The last day of its earlier keys")),
    }
    return {name: value for name, value in optional.items() if value is not None}


def _last_day(form: Form, name: str, title: str) -> str | None:
    return day(form, name, title).isoformat() if name in form else None
