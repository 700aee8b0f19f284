"""
Who may call a page, said in its signature: `staff_of(*roles)` or `partner_staff()`, beside `PUBLIC` and the tokens'.

INVARIANT: `DistrictStaff` and `PartnerStaff` are made here and nowhere else; neither session opens the other's pages.
The check of what a form came with is part of the same dependency, so no route can have the one without the other.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from agreements.private_keys import require_no_private_key
from agreements.roles import Role
from gateway.http import line_of
from gateway.oauth.callers import declared_in, declares_caller
from gateway.oauth.errors import TokenRefused
from gateway.oauth.form import parse_form
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.staff.errors import RoleMissing
from gateway.services.staff.session import Session
from gateway.services.staff.sessions import Sessions
from gateway.services.standing.identity import Realm
from gateway.signin.cookies import COOKIES, ROOTS, require_cookie
from gateway.signin.errors import ForeignForm, UnguardedRoute

ORIGIN_STATE: Final = "public_origin"
CSRF_FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_FORM: Final = 262_144
MOST_FIELDS: Final = 500
"""Room for twice the largest form, which is that of a dataset's elements; `Front` lets only some paths be so long."""


@dataclass(frozen=True, slots=True)
class DistrictStaff:
    """Somebody of the district's staff, signed in now, with at least one of the roles that the route asked for."""

    session: Session


@dataclass(frozen=True, slots=True)
class PartnerStaff:
    """Somebody of a partner's staff, signed in now. Which students they may open is asked of the undertakings (D3)."""

    session: Session


def staff_of(*roles: Role) -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    """
    Make the dependency of a page for district staff with one of `roles`; use it in `Annotated[DistrictStaff, …]`.

    Without roles it is for whoever is signed in: the page on which they see who they are.
    """

    async def require_staff(request: Request) -> DistrictStaff:
        session = await _signed_in(request, Realm.DISTRICT)
        if roles and session.roles.isdisjoint(roles):
            raise RoleMissing("none of the roles that this page is for")
        return DistrictStaff(session)

    return _declared(require_staff)


def partner_staff() -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    """Make the dependency of a page for partners' staff; use it in `Annotated[PartnerStaff, …]`."""

    async def require_partner_staff(request: Request) -> PartnerStaff:
        return PartnerStaff(await _signed_in(request, Realm.PARTNER))

    return _declared(require_partner_staff)


async def session_of(request: Request, realm: Realm) -> Session:
    """Return who is signed in in this browser. Raises `SessionOver`."""
    sessions: Sessions = request.scope["state"][SERVICES_STATE].sessions
    return await sessions.find(realm, require_cookie(request, COOKIES[realm]))


def require_own_site(request: Request) -> None:
    """
    Check that a request that changes something comes from a page of ours, as the browser says. Raises `ForeignForm`.

    `Sec-Fetch-Site` where the browser sends it, else `Origin` (both set by the browser, by no page). Neither: refused.
    """
    site, origin = request.headers.getlist("sec-fetch-site"), request.headers.getlist("origin")
    if not (site == ["same-origin"] if site else origin == [request.scope["state"][ORIGIN_STATE]]):
        raise ForeignForm("the browser says that this comes from elsewhere")


async def form_of(request: Request) -> dict[str, str]:
    """
    Return the fields of a form that was posted; a browser ends a line of a textarea by CR LF, and it is LF here.

    INVARIANT: no form takes a private key, whatever the field is for: what nobody reads, nobody keeps or shows.

    Raises `ForeignForm` for anything but a plain form, `BadKey` for a private key.
    """
    try:
        content_type = request.headers.get("content-type", "")
        form = dict(parse_form(await request.body(), content_type, largest=LARGEST_FORM, most=MOST_FIELDS))
    except TokenRefused:
        raise ForeignForm("not a plain form") from None
    require_no_private_key(list(form.values()))
    # No keyboard writes a NUL, and no database takes one.
    return {name: value.replace("\r\n", "\n").replace("\x00", "") for name, value in form.items()}


def require_guarded(app: FastAPI) -> None:
    """
    Check that every page that changes something asks for somebody who is signed in. Raises `UnguardedRoute`.

    What is before any session (the development sign-in) checks `require_own_site` and says so by `OWN_SITE`.
    """
    for context in iter_route_contexts(app.routes):
        route, path = context.original_route, str(context.path)
        if not isinstance(route, APIRoute) or not path.startswith(tuple(ROOTS.values())):
            continue
        if not set(route.methods or ()) <= SAFE and not declared_in(context.dependant, _GUARDS):
            raise UnguardedRoute(f"the page {path} changes something and asks for nobody who is signed in")


async def own_site_only(request: Request) -> None:
    """Let anyone call from a page of ours."""
    require_own_site(request)


async def _signed_in(request: Request, realm: Realm) -> Session:
    session = await session_of(request, realm)
    if session.person is not None:
        line_of(request.scope).facts["person"] = session.person.id
    if request.method not in SAFE:
        # (1): the browser says that it comes from our own site; (2): it holds the token of exactly this session.
        require_own_site(request)
        given = (await form_of(request)).get(CSRF_FIELD, "")
        if not hmac.compare_digest(given.encode(errors="replace"), session.csrf.encode()):
            raise ForeignForm("the token is not the session's")
    return session


_GUARDS: Final = "guards_forms"


def _declared(dependency: Callable[..., Any]) -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    setattr(dependency, _GUARDS, True)
    return Depends(declares_caller(dependency))


setattr(own_site_only, _GUARDS, True)
OWN_SITE: Final = Depends(declares_caller(own_site_only))
"""For a form before anybody is signed in."""
