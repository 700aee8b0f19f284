"""The routes of the sign-in: whoever is signed in, their sessions, the way in and out. One set a realm."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Annotated

from fastapi import APIRouter, Request, Response

from gateway.pages.assets import assets_router
from gateway.services.standing.identity import Realm
from gateway.signin.account import Account, FirstPage
from gateway.signin.callers import DistrictStaff, PartnerStaff, partner_staff, staff_of
from gateway.signin.cookies import ROOTS
from gateway.signin.development import Development
from gateway.signin.language import language_router
from gateway.signin.picking import InDevelopment
from gateway.signin.provider import Provider
from gateway.signin.providers import AtProviders
from gateway.signin.registration import Registrations, read_registrations
from gateway.signin.transaction import Transactions
from gateway.signin.ways import Way


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the routes need: our registrations, the key that seals a sign-in under way, our address and the clock."""

    registrations: Registrations
    transactions: Transactions
    public_url: str
    clock: Callable[[], float]

    def way(self, realm: Realm) -> Way:
        """Return how the people of a realm come in: at the providers that we are registered at for them."""
        callback = f"{self.public_url}{ROOTS[realm]}/callback"
        providers = {each.name: Provider(each, callback, self.clock) for each in self.registrations.of(realm)}
        return AtProviders(realm, providers, self.transactions, self.public_url)


def sign_in_for(file: Path | None, key: bytes, public_url: str, clock: Callable[[], float] = time) -> SignIn:
    """Return the sign-in by the file of the settings; without one, nobody signs in. Raises `SettingsError`."""
    registrations = Registrations() if file is None else read_registrations(file)
    return SignIn(registrations, Transactions(key, clock), public_url, clock)


def staff_routers(signin: SignIn, *, first: FirstPage | None = None) -> tuple[APIRouter, ...]:
    """
    Return the pages of the district's staff and those of partners' staff, and the files that pages link to.

    `first` says which page of the district's one comes to, if there are more than these. Raises `AssetsMissing`.
    """
    return _routers(signin.way(Realm.DISTRICT), signin.way(Realm.PARTNER), first)


def development_routers(development: Development, *, first: FirstPage | None = None) -> tuple[APIRouter, ...]:
    """Return the same pages with the development sign-in as their only way in."""
    return _routers(InDevelopment(Realm.DISTRICT, development), InDevelopment(Realm.PARTNER, development), first)


def _routers(district: Way, partner: Way, first: FirstPage | None) -> tuple[APIRouter, ...]:
    console = _console(district.public(), Account(Realm.DISTRICT, district, first))
    portal = _portal(partner.public(), Account(Realm.PARTNER, partner))
    return console, portal, language_router(), assets_router()


def _console(console: APIRouter, district: Account) -> APIRouter:
    @console.get("/console", name="console")
    async def read_console(request: Request, staff: Annotated[DistrictStaff, staff_of()]) -> Response:
        """Show who is signed in."""
        return await district.home(request, staff.session)

    @console.post("/console/sign-out", name="console_sign_out")
    async def end_console(request: Request, staff: Annotated[DistrictStaff, staff_of()]) -> Response:
        """Sign out."""
        return await district.sign_out(request, staff.session)

    @console.post("/console/sessions/end", name="console_end")
    async def end_console_session(request: Request, staff: Annotated[DistrictStaff, staff_of()]) -> Response:
        """End another session of one's own."""
        return await district.end(request, staff.session)

    @console.post("/console/invitation", name="console_invitation")
    async def invite_console(request: Request, staff: Annotated[DistrictStaff, staff_of()]) -> Response:
        """Take up an invitation."""
        return await district.invitation(request, staff.session)

    @console.post("/console/sign-in-again", name="console_again")
    async def again_console(request: Request, staff: Annotated[DistrictStaff, staff_of()]) -> Response:
        """Sign in again for one act."""
        return await district.again(request, staff.session)

    return console


def _portal(portal: APIRouter, partner: Account) -> APIRouter:
    @portal.get("/portal", name="portal")
    async def read_portal(request: Request, staff: Annotated[PartnerStaff, partner_staff()]) -> Response:
        """Show who is signed in, and the statement of each agreement."""
        return await partner.home(request, staff.session)

    @portal.post("/portal/sign-out", name="portal_sign_out")
    async def end_portal(request: Request, staff: Annotated[PartnerStaff, partner_staff()]) -> Response:
        """Sign out."""
        return await partner.sign_out(request, staff.session)

    @portal.post("/portal/sessions/end", name="portal_end")
    async def end_portal_session(request: Request, staff: Annotated[PartnerStaff, partner_staff()]) -> Response:
        """End another session of one's own."""
        return await partner.end(request, staff.session)

    @portal.post("/portal/invitation", name="portal_invitation")
    async def invite_portal(request: Request, staff: Annotated[PartnerStaff, partner_staff()]) -> Response:
        """Take up an invitation."""
        return await partner.invitation(request, staff.session)

    @portal.post("/portal/sign-in-again", name="portal_again")
    async def again_portal(request: Request, staff: Annotated[PartnerStaff, partner_staff()]) -> Response:
        """Sign in again for one act."""
        return await partner.again(request, staff.session)

    return portal
