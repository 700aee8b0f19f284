"""The usual way in: at an identity provider, and back with what it says in the hands of the browser."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.addresses import known
from gateway.http import line_of
from gateway.oauth.bearer import Bearer
from gateway.oauth.callers import BEARER_STATE, PUBLIC
from gateway.services.staff.errors import SessionOver, SignInReplayed, StepUpRefused
from gateway.services.staff.session import Session
from gateway.services.staff.step_up import StepUpAct
from gateway.services.standing.identity import Realm
from gateway.signin.callers import session_of
from gateway.signin.cookies import COOKIES, ROOTS, UNDER_WAY, drop_cookie, require_cookie, set_cookie
from gateway.signin.errors import NoSuchProvider, SignInFailed
from gateway.signin.pages import page
from gateway.signin.provider import Provider, Returned
from gateway.signin.transaction import LASTS_SECONDS, Purpose, Transactions
from gateway.signin.ways import WORDS, act_of, came_again, come_in, leads_to, once

_RETURNED: Final = ("state", "code", "iss", "error")


class AtProviders:
    """
    Sign-in of one realm at the identity providers that we are registered at.

    `providers` are by name; `public_url` is our own address, to which a provider sends people back.
    """

    def __init__(
        self, realm: Realm, providers: Mapping[str, Provider], transactions: Transactions, public_url: str
    ) -> None:
        self._realm = realm
        self._root = ROOTS[realm]
        self._providers = providers
        self._by_issuer = {each.registration.issuer: each for each in providers.values()}
        self._transactions = transactions
        self._public_url = public_url

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
        chosen, leads = once(request, "with"), leads_to(self._realm, once(request, "next"))
        if chosen is None:
            providers = [(name, each.registration.title) for name, each in self._providers.items()]
            return page(request, self._realm, "choose.html", providers=providers, leads=leads)
        provider = self._providers.get(chosen)
        if provider is None:
            raise NoSuchProvider("no registration has this name")
        transaction = self._transactions.begin(chosen, leads)
        answer = RedirectResponse(await provider.address_for(transaction), 303)
        set_cookie(answer, self._realm, self._transactions.seal(self._realm, transaction), UNDER_WAY, LASTS_SECONDS)
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
        drop_cookie(answer, self._realm, UNDER_WAY)
        return answer

    async def again(self, request: Request, session: Session) -> Response:
        """
        Begin a fresh sign-in for one act about one document; the page says which, and leads on.

        A page and no redirect: `form-action 'self'` ends a chain of redirects that a form began.
        """
        action, concerns = await act_of(request)
        provider = self._by_issuer.get(session.identity.issuer)
        if provider is None:
            raise SignInFailed("step_up_form")
        purpose = Purpose(session.number, action.value, concerns)
        transaction = self._transactions.begin(provider.registration.name, self._root, purpose)
        address = await provider.address_for(transaction)
        answer = page(request, self._realm, "again.html", action=WORDS[action], concerns=concerns, address=address)
        set_cookie(answer, self._realm, self._transactions.seal(self._realm, transaction), UNDER_WAY, LASTS_SECONDS)
        return answer

    async def goodbye(self, session: Session) -> str | None:
        """Return where the person can sign out at the provider too."""
        provider = self._by_issuer.get(session.identity.issuer)
        return None if provider is None else await provider.goodbye(f"{self._public_url}{self._root}/sign-in")

    async def _finished(self, request: Request) -> Response:
        try:
            sealed = require_cookie(request, COOKIES[self._realm] + UNDER_WAY)
        except SessionOver:
            raise SignInFailed("no_transaction") from None
        transaction = self._transactions.open(self._realm, sealed)
        provider = self._providers.get(transaction.provider)
        if provider is None:
            raise SignInFailed("provider")
        proved = await provider.redeem(Returned(*(once(request, name) for name in _RETURNED)), transaction)
        purpose = transaction.purpose
        if purpose is None:
            return await come_in(request, self._realm, proved, transaction.next)
        session = await session_of(request, self._realm)
        if session.number != purpose.session:
            raise StepUpRefused("another session asked for this sign-in")
        return await came_again(request, session, StepUpAct(purpose.action), purpose.concerns, proved)
