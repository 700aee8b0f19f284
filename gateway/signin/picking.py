"""
The pages of the development sign-in: who there is to be, and the button that is a fresh sign-in.

What they open is a session like any other, and the log says of each that nobody proved anything.
"""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from gateway.addresses import is_loopback
from gateway.http import line_of
from gateway.oauth.callers import PUBLIC
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.staff.directory import Member, StaffDirectory
from gateway.services.staff.session import Authentication, Session
from gateway.services.standing.identity import DEVELOPMENT, Identity, Realm
from gateway.signin.callers import OWN_SITE, DistrictStaff, PartnerStaff, form_of, partner_staff, staff_of
from gateway.signin.cookies import ROOTS
from gateway.signin.development import Development
from gateway.signin.errors import NoSuchProvider, SignInFailed
from gateway.signin.pages import page
from gateway.signin.ways import WORDS, act_of, came_again, come_in, leads_to, once

_FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-original-host", "true-client-ip", "client-cert"}
)
_FORWARDING_PREFIXES: Final = ("x-forwarded", "cf-", "x-amzn-", "x-envoy-")
"""What terminators, content networks and ingresses add to what they pass on (RFC 7239, RFC 9110 section 7.6.3)."""
_NEW_BYTES: Final = 8
_LOGIN_BYTES: Final = 32


class InDevelopment:
    """The development sign-in of one realm, as its only way in."""

    def __init__(self, realm: Realm, development: Development) -> None:
        self._realm = realm
        self._root = ROOTS[realm]
        self._netloc = urlsplit(development.public_url).netloc
        self._clock = development.clock

    def public(self) -> APIRouter:
        """Return a router with the page to pick from, and what its forms lead to."""
        router = APIRouter(include_in_schema=False, dependencies=[Depends(self._require_nothing_between)])
        names, below = self._realm.value, f"{self._root}/development"

        @router.get(f"{self._root}/sign-in", name=f"{names}_sign_in", dependencies=[PUBLIC])
        async def sign_in(request: Request) -> Response:
            """Show who there is to be."""
            return await self.begin(request)

        @router.post(f"{below}/sign-in", name=f"{names}_development_sign_in", dependencies=[OWN_SITE])
        async def picked(request: Request) -> Response:
            """Sign in as somebody."""
            return await self.finish(request)

        signed_in = staff_of() if self._realm is Realm.DISTRICT else partner_staff()

        @router.post(f"{below}/sign-in-again", name=f"{names}_development_again")
        async def again(request: Request, staff: DistrictStaff | PartnerStaff = signed_in) -> Response:
            """Sign in again, as the same person, for one act."""
            return await self.finish_again(request, staff.session)

        return router

    async def begin(self, request: Request) -> Response:
        """Show who there is to be in this demo."""
        leads = leads_to(self._realm, once(request, "next"))
        members = await self._members(request)
        return page(request, self._realm, "choose_development.html", members=members, leads=leads)

    async def finish(self, request: Request) -> Response:
        """Open a session for whoever was picked. Raises `SignInFailed`, and what `Sessions.open` raises."""
        form = await form_of(request)
        subject = form.get("subject", "")
        if not subject:
            subject = f"new-{secrets.token_hex(_NEW_BYTES)}"  # somebody who has to take up an invitation first
        elif subject not in {each.subject for each in await self._members(request)}:
            line_of(request.scope).facts["reason"] = "development_subject"
            raise SignInFailed("development_subject")
        proved = self._proved(Identity(self._realm, DEVELOPMENT, subject))
        return await come_in(request, self._realm, proved, leads_to(self._realm, form.get("next")))

    async def again(self, request: Request, session: Session) -> Response:
        """Show what a fresh sign-in is asked for, with the button that does it. Raises `SignInFailed`."""
        action, concerns = await act_of(request)
        self._require_ours(session)
        return page(
            request,
            self._realm,
            "again_development.html",
            action=action.value,
            words=WORDS[action],
            concerns=concerns,
            session=session,
        )

    async def finish_again(self, request: Request, session: Session) -> Response:
        """Note a fresh sign-in of whoever is signed in, for one act. Raises `SignInFailed`, and what `step_up` does."""
        action, concerns = await act_of(request)
        self._require_ours(session)
        return await came_again(request, session, action, concerns, self._proved(session.identity))

    async def goodbye(self, session: Session) -> str | None:
        """Return None: nobody else knows of this session."""
        del session
        return None

    async def _require_nothing_between(self, request: Request) -> None:
        """
        Check that this request was made on this machine, for this address. Raises `NoSuchProvider`: it is not there.

        A proxy that nobody named in the settings is known by what it adds; a page that had its name point here
        (DNS rebinding) by the `Host` it asks for.
        """
        peer = request.scope["client"]
        names = request.headers.keys()
        if (
            peer is None
            or not is_loopback(peer[0])
            or request.headers.getlist("host") != [self._netloc]
            or any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIXES) for name in names)
        ):
            raise NoSuchProvider("the development sign-in is for this machine alone")

    def _require_ours(self, session: Session) -> None:
        if session.identity.issuer != DEVELOPMENT:
            raise SignInFailed("step_up_form")

    def _proved(self, identity: Identity) -> Authentication:
        login = hashlib.sha256(b"pactgate development " + secrets.token_bytes(_LOGIN_BYTES)).digest()
        now = datetime.fromtimestamp(int(self._clock()), UTC)
        return Authentication(identity, login, DEVELOPMENT, (), now)

    async def _members(self, request: Request) -> tuple[Member, ...]:
        staff: StaffDirectory = request.scope["state"][SERVICES_STATE].staff
        return await staff.members(self._realm, DEVELOPMENT)
