"""The pages of whoever is signed in: who they are, their sessions, an invitation to take up, the way out."""

from collections.abc import Callable, Iterable

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from agreements.roles import Role
from gateway.oauth.journal import SERVICES_STATE
from gateway.pages.languages import message
from gateway.services.staff.directory import StaffDirectory
from gateway.services.staff.session import Session
from gateway.services.standing.identity import Realm
from gateway.signin.callers import form_of
from gateway.signin.cookies import ROOTS, drop_cookie, set_cookie
from gateway.signin.pages import done_page, page
from gateway.signin.ways import Way, sessions_of

FirstPage = Callable[[Iterable[Role]], str | None]
"""Which page of other rooms somebody with these roles begins at."""


class Account:
    """The account pages of one realm, with the way by which its people come in."""

    def __init__(self, realm: Realm, way: Way, first: FirstPage | None = None) -> None:
        """`first` says which page somebody with these roles comes to from here, if there are more than these."""
        self._realm = realm
        self._way = way
        self._first = first

    async def home(self, request: Request, session: Session) -> Response:
        """Show who is signed in."""
        lines = await sessions_of(request).listed(session)
        openings = None
        if self._realm is Realm.PARTNER:
            staff: StaffDirectory = request.scope["state"][SERVICES_STATE].staff
            openings = await staff.students(session.identity)
        first = None if self._first is None else self._first(session.roles)
        return page(request, self._realm, "home.html", session=session, lines=lines, openings=openings, first=first)

    async def sign_out(self, request: Request, session: Session) -> Response:
        """Sign out here, and offer to do so at the provider."""
        await sessions_of(request).sign_out(session)
        away = await self._way.goodbye(session)
        answer = done_page(
            request,
            self._realm,
            title=message("You are signed out"),
            detail=message("This session is over. Your identity provider may still know you."),
            away=away,
            onward="sign-in",
            words=message("Sign in again"),
        )
        drop_cookie(answer, self._realm)
        return answer

    async def end(self, request: Request, session: Session) -> Response:
        """End another session of one's own. Raises `SessionOver`."""
        await sessions_of(request).revoke_own(session, (await form_of(request)).get("session", ""))
        return RedirectResponse(ROOTS[self._realm], 303)

    async def invitation(self, request: Request, session: Session) -> Response:
        """Take up an invitation. Raises `InvitationRefused`, `IdentityTaken`."""
        secret = await sessions_of(request).take_up(session, (await form_of(request)).get("code", ""))
        answer = RedirectResponse(ROOTS[self._realm], 303)
        set_cookie(answer, self._realm, secret)
        return answer

    async def again(self, request: Request, session: Session) -> Response:
        """Sign in again for one act, by the way that the realm's people come in."""
        return await self._way.again(request, session)
