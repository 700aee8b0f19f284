"""
Deciding about one token request in memory: Authlib's authorization server on objects that were loaded before.

One instance serves one request, so nothing of one caller can be seen by another. It reaches no database: loading came
before, writing comes after (`gateway.oauth.endpoint`).
"""

from collections.abc import Callable
from typing import NoReturn

from authlib.oauth2.rfc6749 import AuthorizationServer, BaseGrant, ClientMixin, OAuth2Error, OAuth2Request

from gateway.oauth.assertion import AuthenticatedClient, require_client
from gateway.oauth.errors import (
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    TokenRefused,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from gateway.oauth.grants import CLIENT_AUTHENTICATION, Ask, Issue, LoadedClient, StudentDataGrant, TokenRequest
from gateway.oauth.issuer import Issuer
from gateway.oauth.tokens import AccessTokens

_OURS: dict[str, type[TokenRefused]] = {
    refusal.code: refusal for refusal in (InvalidClient, InvalidScope, UnauthorizedClient, UnsupportedGrantType)
}


class TokenServer(AuthorizationServer):
    """
    The decision about one request.

    `authenticated` is set as soon as the client has proved its key, so that a refusal can be put on its record.
    """

    def __init__(self, ask: Ask, issuer: Issuer, tokens: AccessTokens) -> None:
        super().__init__()
        self.authenticated: AuthenticatedClient | None = None
        self._ask = ask
        self._issuer = issuer
        self._tokens = tokens
        self.register_grant(StudentDataGrant, [self._equip])
        self.register_client_auth_method(CLIENT_AUTHENTICATION, self._authenticate)

    def decide(self) -> Issue:
        """Return the token to issue. Raises `TokenRefused`."""
        issue: object = self.create_token_response(self._ask)
        assert isinstance(issue, Issue)
        return issue

    def query_client(self, client_id: str) -> ClientMixin:
        """Never called: the client is the one the assertion names, and it was loaded before."""
        raise NotImplementedError(client_id)

    def create_oauth2_request(self, request: object) -> OAuth2Request:
        """Wrap the loaded request."""
        del request
        return TokenRequest(self._ask, self._issuer)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody; Authlib requires the method."""

    def handle_response(self, status: int, body: object, headers: object) -> object:
        """Return the decision itself; it is written and rendered elsewhere."""
        del status, headers
        return body

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> NoReturn:
        """Turn Authlib's refusals into ours, whose texts are constants. Raises `TokenRefused`."""
        del request
        raise _OURS.get(str(error.error), InvalidRequest)("protocol") from error

    def _authenticate(self, query_client: Callable[[str], ClientMixin], request: OAuth2Request) -> ClientMixin:
        del query_client, request
        self.authenticated = require_client(
            self._ask.claimed, self._ask.client, issuer=self._issuer.url, now=self._ask.now
        )
        if not self.authenticated.client.active:
            raise InvalidClient("client_suspended")
        return LoadedClient(self.authenticated)

    def _equip(self, grant: BaseGrant) -> None:
        assert isinstance(grant, StudentDataGrant)
        grant.tokens, grant.issuer = self._tokens, self._issuer
