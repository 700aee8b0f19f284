"""
One identity provider, as one registration knows it: where to send people, and what their answers are worth.

What is away or wrong is `ProviderAway`, a page in plain words, never a hang.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, Key, OKPKey

from gateway.services.staff.session import Authentication
from gateway.services.standing.identity import Identity
from gateway.signin.errors import ProviderAway, ProviderRefused, SignInFailed
from gateway.signin.fetching import OPTIONS, SECONDS, Bounded
from gateway.signin.idtoken import Asked, Claimed, UnknownKey, verify_id_token
from gateway.signin.published import ProviderMetadata, Published
from gateway.signin.registration import Registration
from gateway.signin.transaction import Transaction

_MOST_PARAMETER: Final = 2_048
_ASSERTION_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back in a browser. None of it is believed."""

    state: str | None
    code: str | None
    issuer: str | None
    error: str | None


class Provider:
    """
    One registration, and what is known of its provider. `clock` is in seconds of the epoch.

    `callback` is our address that the provider sends people back to: the configured one, never the Host header's.
    """

    def __init__(self, registration: Registration, callback: str, clock: Callable[[], float]) -> None:
        self.registration = registration
        self._callback = callback
        self._clock = clock
        self._metadata = ProviderMetadata(registration.issuer, clock)

    async def address_for(self, transaction: Transaction) -> str:
        """Return where the browser is sent to sign in. Raises `ProviderAway`."""
        published, asked = await self._metadata.read(), self._asked(transaction)
        async with self._client() as client:
            parameters: dict[str, Any] = {"nonce": transaction.nonce, "max_age": asked.max_age}
            if asked.acr:
                parameters["acr_values"] = " ".join(asked.acr)
            if transaction.purpose is not None:
                parameters |= {"max_age": 0, "prompt": "login"}
            address, _ = client.create_authorization_url(
                published.authorization,
                state=transaction.state,
                code_verifier=transaction.verifier,
                **parameters,
            )
            return str(address)

    async def redeem(self, returned: Returned, transaction: Transaction) -> Authentication:
        """
        Return who signed in, from what came back in the browser that holds `transaction`.

        Raises `SignInFailed`, `ProviderRefused`, `TooWeak`, `ProviderAway`.
        """
        # (1): it answers this browser's own request.
        if returned.state is None or returned.state != transaction.state:
            raise SignInFailed("state")
        # (2): it comes from the provider that was asked, before the code is shown to anybody (RFC 9207 section 2.4).
        published = await self._metadata.read()
        if returned.issuer is None:
            if self.registration.names_itself or published.names_itself:
                raise SignInFailed("issuer_missing")
        elif returned.issuer != self.registration.issuer:
            raise SignInFailed("issuer")
        # (3): the provider let the person in.
        if returned.error is not None:
            raise ProviderRefused("provider_error")
        if not returned.code or len(returned.code) > _MOST_PARAMETER:
            raise SignInFailed("code")
        # (4): the code is worth a token, to us and with our verifier.
        token = await self._token(published, returned.code, transaction)
        # (5): the id_token holds to the end.
        claimed = await self._claimed(token, transaction)
        return Authentication(
            identity=Identity(self.registration.realm, self.registration.issuer, claimed.subject),
            login=transaction.login,
            acr=claimed.acr,
            amr=claimed.amr,
            auth_time=datetime.fromtimestamp(claimed.auth_time, UTC),
            most_roles=self._most_roles(claimed),
        )

    async def goodbye(self, back: str) -> str | None:
        """Return where the person can end the session at the provider too; None if it has no such page or is away."""
        try:
            published = await self._metadata.read()
        except ProviderAway:
            return None
        if published.end_session is None:
            return None
        query = urlencode({"client_id": self.registration.client_id, "post_logout_redirect_uri": back})
        return f"{published.end_session}{'&' if '?' in published.end_session else '?'}{query}"

    def _client(self) -> AsyncOAuth2Client:
        registration = self.registration
        private = not isinstance(registration.secret, str)
        client = AsyncOAuth2Client(
            client_id=registration.client_id,
            client_secret=registration.secret,
            token_endpoint_auth_method="private_key_jwt" if private else "client_secret_basic",
            scope="openid",
            redirect_uri=self._callback,
            code_challenge_method="S256",
            transport=Bounded(),
            **OPTIONS,
        )
        if isinstance(registration.secret, Key):
            # A new object a call: the library writes the `jti` of the first use into it, and replays it at the next.
            claims = {"exp": int(self._clock()) + _ASSERTION_SECONDS, "aud": registration.issuer}
            algorithm = {ECKey: "ES256", OKPKey: "Ed25519"}.get(type(registration.secret), "PS256")
            client.register_client_auth_method(PrivateKeyJWT(registration.issuer, claims=claims, alg=algorithm))
        return client

    async def _token(self, published: Published, code: str, transaction: Transaction) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(SECONDS), self._client() as client:
                found = await client.fetch_token(
                    published.token,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=transaction.verifier,
                )
        except OAuthError:
            raise SignInFailed("code_refused") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            raise ProviderAway(f"the token endpoint does not answer: {type(error).__name__}") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ProviderAway("the token endpoint answers something else") from None
        if not isinstance(found, Mapping):
            raise ProviderAway("the token endpoint answers something else")
        return found

    async def _claimed(self, token: Mapping[str, Any], transaction: Transaction) -> Claimed:
        asked, access = self._asked(transaction), token.get("access_token")
        keys = await self._metadata.keys()

        def verified(known: tuple[Key, ...]) -> Claimed:
            return verify_id_token(token.get("id_token"), access, known, self.registration, asked, now=self._clock())

        try:
            return verified(keys)
        except UnknownKey:
            if not self._metadata.may_ask_again:
                raise
        return verified(await self._metadata.keys(anew=True))

    def _asked(self, transaction: Transaction) -> Asked:
        registration = self.registration
        if transaction.purpose is None:
            return Asked(transaction.nonce, registration.acr, (), registration.max_age)
        # Signed in after this was asked for: how long that is ago, and not a second more.
        since = max(0, int(self._clock() - transaction.begun))
        return Asked(transaction.nonce, registration.step_up_acr, registration.step_up_amr, since)

    def _most_roles(self, claimed: Claimed) -> frozenset[Any] | None:
        mapped = self.registration.roles
        if mapped is None:
            return None
        said = claimed.claims.get(self.registration.roles_claim, [])
        values = said if isinstance(said, list) else [said]
        return frozenset(mapped[value] for value in values if isinstance(value, str) and value in mapped)
