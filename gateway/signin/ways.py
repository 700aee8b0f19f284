"""
The ways in, and what all of them share: a session for whoever proved who they are, and a fresh sign-in for one act.

A way begins and ends elsewhere (`providers`, `development`); what it proves is an `Authentication`, and from there on
nothing knows which way somebody came.
"""

import re
from contextlib import suppress
from typing import Final, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.routing import NoMatchFound

from gateway.oauth.journal import SERVICES_STATE
from gateway.pages.languages import message
from gateway.services.staff.errors import SessionOver
from gateway.services.staff.session import Authentication, Session
from gateway.services.staff.sessions import Sessions
from gateway.services.staff.step_up import StepUpAct, step_up
from gateway.services.standing.identity import Realm
from gateway.signin.callers import form_of, session_of
from gateway.signin.cookies import ROOTS, set_cookie
from gateway.signin.errors import SignInFailed
from gateway.signin.pages import done_page

_PATH: Final = re.compile(r"/(console|portal)(/[a-z0-9:-]+)*")
"""Where a sign-in may lead: a plain path of our own pages. Whatever else was asked for, it leads to the first page."""
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
WORDS: Final = {
    StepUpAct.SIGN: message("sign a document"),
    StepUpAct.APPROVE: message("approve a document"),
    StepUpAct.EMERGENCY: message("order or release records in an emergency"),
    StepUpAct.CHANGE_ROLE: message("change somebody's role"),
}


class Way(Protocol):
    """How the people of one realm prove who they are."""

    def public(self) -> APIRouter:
        """Return the routes that are there before anybody is signed in, and those of the way itself."""
        ...

    async def again(self, request: Request, session: Session) -> Response:
        """Begin a fresh sign-in for one act about one document. Raises `SignInFailed`, `ProviderAway`."""
        ...

    async def goodbye(self, session: Session) -> str | None:
        """Return where the person can sign out elsewhere too."""
        ...


def sessions_of(request: Request) -> Sessions:
    """Return the sessions of the gateway that serves this request."""
    found: Sessions = request.scope["state"][SERVICES_STATE].sessions
    return found


def once(request: Request, name: str) -> str | None:
    """Return a parameter that stands in the query once; twice is as if it were not there."""
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 else None


def leads_to(realm: Realm, wanted: str | None) -> str:
    """Return where a sign-in leads: to the page that was asked for, if it is one of this realm's own."""
    root = ROOTS[realm]
    return wanted if wanted and _PATH.fullmatch(wanted) and wanted.startswith(root) else root


async def act_of(request: Request) -> tuple[StepUpAct, str]:
    """Return which act a form asks a fresh sign-in for, and the document's digest. Raises `SignInFailed`."""
    form = await form_of(request)
    action, concerns = form.get("action"), form.get("concerns", "")
    if action not in set(StepUpAct) or not _DIGEST.fullmatch(concerns):
        raise SignInFailed("step_up_form")
    return StepUpAct(action), concerns


async def come_in(request: Request, realm: Realm, proved: Authentication, leads: str) -> Response:
    """Open a session for whoever proved who they are. Raises what `Sessions.open` raises."""
    sessions = sessions_of(request)
    secret = await sessions.open(proved)
    # Whatever session this browser had before is over: nobody's old session goes on under a new name.
    with suppress(SessionOver):
        await sessions.sign_out(await session_of(request, realm))
    answer = RedirectResponse(leads, 303)
    set_cookie(answer, realm, secret)
    return answer


async def came_again(
    request: Request, session: Session, action: StepUpAct, concerns: str, proved: Authentication
) -> Response:
    """Note a fresh sign-in for one act. Raises what `step_up` raises."""
    secret = await step_up(sessions_of(request), session, action, concerns, proved)
    answer = done_page(
        request,
        session.realm,
        title=message("You signed in again"),
        detail=message("You signed in again for this document. It is good once, for five minutes."),
        **_back_to(request, concerns),
    )
    set_cookie(answer, session.realm, secret)
    return answer


def _back_to(request: Request, document: str) -> dict[str, str]:
    """Return where the document waits to be filed, if it waits on a page here: the session's older pages are over."""
    try:
        path = str(request.app.url_path_for("console_paper", digest=document))
    except NoMatchFound:
        return {}
    return {"onward": path.removeprefix(f"{ROOTS[Realm.DISTRICT]}/"), "words": message("Back to the document")}
