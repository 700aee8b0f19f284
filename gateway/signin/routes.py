"""The routes of the sign-in: begin, come back, sign out, one's sessions, sign in again for an act. One set a realm."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.addresses import known
from gateway.http import line_of
from gateway.oauth.bearer import Bearer
from gateway.oauth.callers import BEARER_STATE, PUBLIC
from gateway.oauth.journal import SERVICES_STATE
from gateway.services.errors import SessionOver, SignInReplayed, StepUpRefused
from gateway.services.staff.directory import StaffDirectory
from gateway.services.staff.sessions import Session, Sessions
from gateway.services.staff.step_up import StepUpAct, step_up
from gateway.services.standing.identity import Realm
from gateway.signin.callers import (
    COOKIES,
    ROOTS,
    DistrictStaff,
    PartnerStaff,
    form_of,
    partner_staff,
    require_cookie,
    session_of,
    staff_of,
)
from gateway.signin.errors import NoSuchProvider, SignInFailed
from gateway.signin.pages import STYLESHEET, page
from gateway.signin.provider import Provider, Returned
from gateway.signin.registration import Registrations, read_registrations
from gateway.signin.transaction import LASTS_SECONDS, Purpose, Transactions

_SUFFIX: Final = "-login"
_PATH: Final = re.compile(r"/(console|portal)(/[a-z0-9-]+)*")
"""Where a sign-in may lead: a plain path of our own pages. Whatever else was asked for, it leads to the first page."""
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_WORDS: Final = {
    StepUpAct.SIGN: "sign a document",
    StepUpAct.APPROVE: "approve a document",
    StepUpAct.EMERGENCY: "order or release records in an emergency",
    StepUpAct.CHANGE_ROLE: "change somebody's role",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the routes need: our registrations, the key that seals a sign-in under way, our address and the clock."""

    registrations: Registrations
    transactions: Transactions
    public_url: str
    clock: Callable[[], float]

    def providers(self, realm: Realm) -> Mapping[str, Provider]:
        """Return the providers of a realm, by name."""
        callback = f"{self.public_url}{ROOTS[realm]}/callback"
        return {each.name: Provider(each, callback, self.clock) for each in self.registrations.of(realm)}


def sign_in_for(file: Path | None, key: bytes, public_url: str, clock: Callable[[], float] = time) -> SignIn:
    """Return the sign-in by the file of the settings; without one, nobody signs in. Raises `SettingsError`."""
    registrations = Registrations() if file is None else read_registrations(file)
    return SignIn(registrations, Transactions(key, clock), public_url, clock)


def staff_routers(signin: SignIn) -> tuple[APIRouter, ...]:
    """Return the pages of the district's staff and those of partners' staff."""
    return _console(_Pages(signin, Realm.DISTRICT)), _portal(_Pages(signin, Realm.PARTNER))


def _console(district: "_Pages") -> APIRouter:
    console = district.public()

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

    @console.get("/console/staff.css", name="staff_style", dependencies=[PUBLIC])
    async def read_style() -> Response:
        """Read the pages' stylesheet."""
        return Response(STYLESHEET, media_type="text/css")

    return console


def _portal(partner: "_Pages") -> APIRouter:
    portal = partner.public()

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


class _Pages:
    """The pages of one realm."""

    def __init__(self, signin: SignIn, realm: Realm) -> None:
        self._realm = realm
        self._root = ROOTS[realm]
        self._providers = signin.providers(realm)
        self._transactions = signin.transactions
        self._public_url = signin.public_url

    def public(self) -> APIRouter:
        """Return a router with what is there before anybody is signed in."""
        router = APIRouter(include_in_schema=False)
        names = self._realm.value

        @router.get(f"{self._root}/sign-in", name=f"{names}_sign_in", dependencies=[PUBLIC])
        async def sign_in(request: Request) -> Response:
            """Begin a sign-in, or choose where."""
            return await self.begin(request)

        @router.get(f"{self._root}/callback", name=f"{names}_callback", dependencies=[PUBLIC])
        async def callback(request: Request) -> Response:
            """Come back from an identity provider."""
            return await self.finish(request)

        return router

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider. Raises `NoSuchProvider`, `ProviderAway`."""
        chosen = _one(request, "with")
        if chosen is None:
            providers = [(name, each.registration.title) for name, each in self._providers.items()]
            return page(request, self._realm, "choose.html", providers=providers)
        provider = self._providers.get(chosen)
        if provider is None:
            raise NoSuchProvider("no registration has this name")
        wanted = _one(request, "next") or ""
        leads = wanted if _PATH.fullmatch(wanted) and wanted.startswith(self._root) else self._root
        transaction = self._transactions.begin(chosen, leads)
        answer = RedirectResponse(await provider.address_for(transaction), 303)
        self._set(answer, self._transactions.seal(self._realm, transaction), _SUFFIX, LASTS_SECONDS)
        return answer

    async def finish(self, request: Request) -> Response:
        """Open a session, or note a fresh sign-in, for whoever comes back. Raises `SignInFailed` and its like."""
        bearer: Bearer = request.scope["state"][BEARER_STATE]
        address = known(request.scope["client"])
        bearer.throttle.require_room(address)
        try:
            answer = await self._finished(request)
        except (SignInFailed, SignInReplayed, StepUpRefused) as refusal:
            line_of(request.scope).facts["reason"] = str(refusal)
            bearer.throttle.failed(address)
            bearer.strangers.count(refusal.code)
            raise
        self._drop(answer, _SUFFIX)
        return answer

    async def _finished(self, request: Request) -> Response:
        try:
            sealed = require_cookie(request, COOKIES[self._realm] + _SUFFIX)
        except SessionOver:
            raise SignInFailed("no_transaction") from None
        transaction = self._transactions.open(self._realm, sealed)
        returned = Returned(*(_one(request, name) for name in ("state", "code", "iss", "error")))
        provider = self._providers.get(transaction.provider)
        if provider is None:
            raise SignInFailed("provider")
        proved = await provider.redeem(returned, transaction)
        sessions = _sessions(request)
        if transaction.purpose is None:
            secret, leads = await sessions.open(proved), transaction.next
            # Whatever session this browser had before is over: nobody's old session goes on under a new name.
            await self._end_old(request)
            answer: Response = RedirectResponse(leads, 303)
        else:
            session = await session_of(request, self._realm)
            purpose = transaction.purpose
            if session.number != purpose.session:
                raise StepUpRefused("another session asked for this sign-in")
            secret = await step_up(sessions, session, StepUpAct(purpose.action), purpose.concerns, proved)
            detail = "You signed in again for this document. It is good once, for five minutes."
            answer = self._done(request, "You signed in again", detail)
        self._set(answer, secret)
        return answer

    async def _end_old(self, request: Request) -> None:
        try:
            old = await session_of(request, self._realm)
        except SessionOver:
            return
        await _sessions(request).sign_out(old)

    async def home(self, request: Request, session: Session) -> Response:
        """Show who is signed in."""
        lines = await _sessions(request).listed(session)
        openings = None
        if self._realm is Realm.PARTNER:
            staff: StaffDirectory = request.scope["state"][SERVICES_STATE].staff
            openings = await staff.students(session.identity)
        return page(request, self._realm, "home.html", session=session, lines=lines, openings=openings)

    async def sign_out(self, request: Request, session: Session) -> Response:
        """Sign out here, and offer to do so at the provider."""
        await _sessions(request).sign_out(session)
        issuers = {each.registration.issuer: each for each in self._providers.values()}
        provider = issuers.get(session.identity.issuer)
        back = f"{self._public_url}{self._root}/sign-in"
        away = None if provider is None else await provider.goodbye(back)
        detail = "This session is over. Your identity provider may still know you."
        answer = self._done(request, "You are signed out", detail, away=away, onward="sign-in", words="Sign in again")
        self._drop(answer)
        return answer

    async def end(self, request: Request, session: Session) -> Response:
        """End another session of one's own. Raises `SessionOver`."""
        await _sessions(request).revoke_own(session, (await form_of(request)).get("session", ""))
        return RedirectResponse(self._root, 303)

    async def invitation(self, request: Request, session: Session) -> Response:
        """Take up an invitation. Raises `InvitationRefused`, `IdentityTaken`."""
        secret = await _sessions(request).take_up(session, (await form_of(request)).get("code", ""))
        answer = RedirectResponse(self._root, 303)
        self._set(answer, secret)
        return answer

    async def again(self, request: Request, session: Session) -> Response:
        """
        Begin a fresh sign-in for one act about one document; the page says which, and leads on.

        A page and no redirect: `form-action 'self'` ends a chain of redirects that a form began.
        """
        form = await form_of(request)
        found = [each for each in self._providers.values() if each.registration.issuer == session.identity.issuer]
        if not found or form.get("action") not in set(StepUpAct) or not _DIGEST.fullmatch(form.get("concerns", "")):
            raise SignInFailed("step_up_form")
        action, concerns = StepUpAct(form["action"]), form["concerns"]
        purpose = Purpose(session.number, action.value, concerns)
        transaction = self._transactions.begin(found[0].registration.name, self._root, purpose)
        address = await found[0].address_for(transaction)
        answer = page(request, self._realm, "again.html", action=_WORDS[action], concerns=concerns, address=address)
        self._set(answer, self._transactions.seal(self._realm, transaction), _SUFFIX, LASTS_SECONDS)
        return answer

    def _done(
        self,
        request: Request,
        title: str,
        detail: str,
        *,
        away: str | None = None,
        onward: str = "",
        words: str = "Back to your account",
    ) -> Response:
        leads = f"{self._root}/{onward}" if onward else self._root
        return page(
            request,
            self._realm,
            "done.html",
            title=title,
            detail=detail,
            away=away,
            onward=leads,
            onward_words=words,
        )

    def _set(self, answer: Response, value: str, suffix: str = "", seconds: int | None = None) -> None:
        name = COOKIES[self._realm] + suffix
        # Lax: with Strict the browser would not bring it along when the provider sends the person back.
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")

    def _drop(self, answer: Response, suffix: str = "") -> None:
        name = COOKIES[self._realm] + suffix
        answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def _sessions(request: Request) -> Sessions:
    found: Sessions = request.scope["state"][SERVICES_STATE].sessions
    return found


def _one(request: Request, name: str) -> str | None:
    """Return a parameter that stands in the query once; twice is as if it were not there."""
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 else None
