"""
The development sign-in: whoever sits at this machine picks who they are. It is for a demo and proves nothing.

INVARIANT: it is there only in a database marked as a demo, on a loopback address, with nothing in front and no identity
provider: `development_for` makes the one object that its routes need, and each request is looked at again. What it
opens is the same session under the same rules; every entry of it says how it was opened. A trigger of the database
keeps its identities out of any other.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime
from time import time
from typing import Final, Protocol
from urllib.parse import urlsplit

import asyncpg
from fastapi import APIRouter, Depends, Request, Response

from gateway.addresses import Terminators, is_loopback
from gateway.errors import SettingsError
from gateway.http import line_of
from gateway.oauth.callers import PUBLIC
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.staff.directory import Member, StaffDirectory
from gateway.services.staff.sessions import Authentication, Session
from gateway.services.standing.identity import DEVELOPMENT, Identity, Realm
from gateway.signin.callers import OWN_SITE, DistrictStaff, PartnerStaff, form_of, partner_staff, staff_of
from gateway.signin.cookies import ROOTS
from gateway.signin.errors import NoSuchProvider, SignInFailed
from gateway.signin.pages import page
from gateway.signin.ways import WORDS, act_of, came_again, come_in, leads_to, once

_IS_DEMO: Final = "SELECT demo FROM gateway.installation"
_FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-original-host", "true-client-ip", "client-cert"}
)
_FORWARDING_PREFIXES: Final = ("x-forwarded", "cf-", "x-amzn-", "x-envoy-")
"""What terminators, content networks and ingresses add to what they pass on (RFC 7239, RFC 9110 section 7.6.3)."""
_NEW_BYTES: Final = 8
_LOGIN_BYTES: Final = 32
_CHECKED: Final = object()


class Surroundings(Protocol):
    """What of the settings says whether this may be offered."""

    @property
    def public_url(self) -> str:
        """The address that browsers use."""
        ...

    @property
    def host(self) -> str:
        """The address listened on."""
        ...

    @property
    def terminators(self) -> Terminators:
        """What stands in front."""
        ...

    @property
    def sign_in(self) -> object | None:
        """The file with the identity providers."""
        ...


@dataclass(frozen=True, slots=True)
class Development:
    """Leave to offer it, at `public_url`; made by `development_for` alone. `clock` is in seconds of the epoch."""

    public_url: str
    clock: Callable[[], float]
    checked: InitVar[object]

    def __post_init__(self, checked: object) -> None:
        """Refuse to be made by anybody else."""
        if checked is not _CHECKED:
            raise TypeError("made by development_for alone")


async def development_for(settings: Surroundings, pool: asyncpg.Pool, clock: Callable[[], float] = time) -> Development:
    """Return leave to offer the development sign-in. Raises `SettingsError`: then the gateway does not start."""
    # (1): who has an identity provider signs in there. A second way in beside it would be a back door.
    if settings.sign_in is not None:
        raise SettingsError(
            "An identity provider is configured, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN or PACTGATE_SIGN_IN.",
        )
    # (2): nothing stands in front: behind a terminator everybody comes from this machine.
    if settings.terminators.networks:
        raise SettingsError(
            "PACTGATE_TERMINATORS names something in front, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN or PACTGATE_TERMINATORS.",
        )
    # (3): it is reached from this machine alone. Over https something else terminates TLS.
    parts = urlsplit(settings.public_url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or "") or not is_loopback(settings.host):
        raise SettingsError(
            f"{settings.public_url} is not a plain address of this machine alone, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN, or serve on http://127.0.0.1 with nothing in front.",
        )
    # (4): the database says so of itself, and entry 0 of its log too (`gateway.services.readiness`).
    if await pool.fetchval(_IS_DEMO) is not True:
        raise SettingsError(
            "This database is not marked as a demo, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN, or run `pactgate init --demo` on a database of its own.",
        )
    return Development(settings.public_url, clock, _CHECKED)


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
