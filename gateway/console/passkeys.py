"""Passkeys of the district's own people: made in this browser, introduced by a document that others sign."""

import re
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from agreements.dates import read_date
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.signer import ROLES, ROSTERS, STEWARDS_LIMITS, Signer, signer_bytes
from agreements.keys import PublicKey
from agreements.signature import Kind
from gateway.console.callers import PaperReader
from gateway.console.desk import ConsoleDesk, zone_of
from gateway.console.forms import YEARS, bounded
from gateway.console.paper_desk import origin_of
from gateway.console.views import ROOT, person_of, view
from gateway.services.papers.errors import PaperRefused
from gateway.services.papers.invitations import A_YEAR
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.papers.papers import Papers
from gateway.services.papers.passkeys import challenge_to_make, challenge_to_prove, encoded, new_passkey, relying_party
from gateway.services.staff.session import Session
from gateway.signin.callers import form_of
from gateway.signing.words import TITLES

_LONGEST: Final = 4000
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
OFFICER: Final = "officer"
SIGNER: Final = "signer"
MAY_SIGN: Final = ("agreement", ROSTERS, *STEWARDS_LIMITS)
"""What somebody of the district signs for it, the most usual first."""


def passkeys_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of one's own passkeys."""
    router = APIRouter(include_in_schema=False)
    papers, passkeys = Papers(desk.office), OwnPasskeys(desk.office)

    @router.get("/console/passkeys", name="console_passkeys")
    async def read_passkeys(request: Request, staff: PaperReader) -> Response:
        """Show one's passkeys and how each stands, and the form for a new one."""
        session = staff.session
        moment, registry = await desk.read()
        return view(
            request,
            session,
            "papers",
            "passkeys.html",
            zone=zone_of(registry),
            own=await passkeys.listed(person_of(session)),
            officer_keys=await passkeys.in_office(registry, moment, person_of(session)),
            may_sign={each: TITLES[Kind(each)] for each in MAY_SIGN},
            today=moment.received.day,
            in_a_year=moment.received.day + A_YEAR,
            rp=relying_party(origin_of(request)),
            challenge=encoded(challenge_to_make(session.csrf)),
            proof=encoded(challenge_to_prove(session.csrf)),
            user=encoded(person_of(session).encode()),
        )

    @router.post("/console/passkeys", name="console_passkey")
    async def make_passkey(request: Request, staff: PaperReader) -> Response:
        """Take a new passkey: it becomes a document that others sign."""
        session, form = staff.session, await form_of(request)
        key = new_passkey(form, session.csrf, origin_of(request))
        said = bounded(form, most=_LONGEST)
        kind, payload = _introduction(session, said, key)
        person = person_of(session)
        # Whose it is first: who approves what hangs on it (claim 12), and without a paper it gives nothing.
        await passkeys.keep(key.thumbprint, person)
        await papers.prepare(kind, payload, person, title=f"A new passkey, {key.thumbprint[:8]}")
        return RedirectResponse(f"{ROOT}/passkeys", 303)

    return router


def _introduction(session: Session, said: dict[str, str], key: PublicKey) -> tuple[Kind, bytes]:
    """Return the document that introduces the key, as the form says. Raises `PaperRefused`."""
    assert session.person is not None  # who has a role is a person
    first = read_date(said.get("first_day", ""))
    if first is None or first.year not in YEARS:
        raise PaperRefused("The first day is no day of the calendar (2026-09-01).")
    if said.get("use") == OFFICER:
        replaces = said.get("replaces") or None
        if replaces is not None and not _THUMBPRINT.fullmatch(replaces):
            raise PaperRefused("The key that is replaced is named by its thumbprint.")
        introduced = OfficerIntroduction(said.get("name", ""), key, first, replaces, said.get("reason", ""))
        return Kind.OFFICER, officer_bytes(introduced)
    last = read_date(said.get("last_day", ""))
    if last is None or last.year not in YEARS:
        raise PaperRefused("The last day is no day of the calendar (2027-06-30).")
    limits = tuple(each for each in MAY_SIGN if f"may_{each}" in said)
    signer = Signer(session.person.party, ROLES[0], said.get("name", ""), key, first, last, limits)
    return Kind.SIGNER, signer_bytes(signer)
