"""
The one grant: `client_credentials` for student data, with the token bound to a DPoP key.

Authlib runs the protocol (which grant, which client authentication, in which order); what it leaves open or leaves out
is decided here, on loaded objects only. Nothing in this file can reach a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from gateway.oauth.assertion import AuthenticatedClient, ClaimedAssertion
from gateway.oauth.details import Details, granted_details
from gateway.oauth.dpop import Expected, Proof, require_proof
from gateway.oauth.errors import (
    InvalidClient,
    InvalidProof,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    ProofMissing,
    ProofRefused,
)
from gateway.oauth.issuer import Issuer
from gateway.oauth.tokens import LIFETIME, AccessToken, AccessTokens
from gateway.registration import RegisteredClient, is_allowed

CLIENT_AUTHENTICATION = "private_key_jwt"
GRANT_TYPE = "client_credentials"
_SERVED_SCOPES: frozenset[str] = frozenset()
"""No client is registered for any scope: what a token covers is said in authorization details."""


@dataclass(frozen=True, slots=True)
class Ask:
    """
    One token request, loaded: everything the decision may look at.

    `now` is in seconds since 1970; `address` is from where it came, None if that is not known.
    """

    form: Mapping[str, str]
    proofs: tuple[str, ...]
    claimed: ClaimedAssertion
    client: RegisteredClient | None
    now: float
    address: str | None

    def __repr__(self) -> str:
        """Show nothing of what was sent."""
        return "Ask(…)"


@dataclass(frozen=True, slots=True)
class Issue:
    """A token that may be sent once its entry is committed, with what the entry says about it."""

    token: AccessToken
    details: Details
    proof: Proof

    def as_json(self) -> dict[str, object]:
        """Return the answer (RFC 6749 section 5.1, RFC 9396 section 7). No refresh token, ever."""
        return {
            "access_token": self.token.text,
            "token_type": "DPoP",
            "expires_in": LIFETIME,
            "authorization_details": [self.details.as_json()],
        }


class LoadedClient(ClientMixin):
    """A registered client as Authlib wants to see one."""

    def __init__(self, proved: AuthenticatedClient) -> None:
        self.proved = proved

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Allow nothing but `private_key_jwt`, everywhere."""
        del endpoint
        return method == CLIENT_AUTHENTICATION

    def check_grant_type(self, grant_type: str) -> bool:
        """Allow nothing but client credentials."""
        return grant_type == GRANT_TYPE


class TokenRequest(OAuth2Request):
    """The request as Authlib wants to see it, under the configured URL rather than the one that was typed."""

    def __init__(self, ask: Ask, issuer: Issuer) -> None:
        super().__init__("POST", issuer.token_url)
        self.ask = ask
        self.payload = BasicOAuth2Payload(dict(ask.form))

    @property
    def form(self) -> dict[str, str]:
        """The form fields."""
        return dict(self.ask.form)


class StudentDataGrant(ClientCredentialsGrant):
    """Client credentials, narrowed to one agreement, bound to one key."""

    TOKEN_ENDPOINT_AUTH_METHODS = (CLIENT_AUTHENTICATION,)
    tokens: AccessTokens
    issuer: Issuer

    def validate_token_request(self) -> None:
        """Check client, grant, scope, resource and details, in this order. Raises `TokenRefused`."""
        super().validate_token_request()
        ask = self._ask()
        # Authlib's habit is to narrow a scope silently, and with minting overridden nobody asks about it at all.
        if not _SERVED_SCOPES.issuperset(ask.form.get("scope", "").split(" ")) and "scope" in ask.form:
            raise InvalidScope("scope")
        if ask.form.get("resource", self.issuer.url) != self.issuer.url:
            raise InvalidTarget("resource")

    def create_token_response(self) -> tuple[int, Issue, list[tuple[str, str]]]:  # type: ignore[override]  # see below
        """
        Return the token, unsaved. The body is the decision itself: it is rendered after it is on record.

        Overridden because Authlib's generator sees neither the proof nor the details, and because the original logs
        the whole token.
        """
        ask, client = self._ask(), self._proved().client
        key = self._proved().key_id
        details = granted_details(ask.form.get("authorization_details"), client, key)
        _require_place(client, details, key, ask.address)
        try:
            proof = require_proof(ask.proofs, Expected("POST", self.issuer.token_url, ask.now))
        except ProofMissing as error:
            raise InvalidRequest(str(error)) from error
        except ProofRefused as error:
            raise InvalidProof(str(error)) from error
        token = self.tokens.mint(
            client.id, details, proof.thumbprint, key, ask.now, epoch=client.epoch, barred=client.ended.keys
        )
        return 200, Issue(token, details, proof), []

    def _ask(self) -> Ask:
        assert isinstance(self.request, TokenRequest)
        return self.request.ask

    def _proved(self) -> AuthenticatedClient:
        assert isinstance(self.request.client, LoadedClient)
        return self.request.client.proved


def _require_place(client: RegisteredClient, details: Details, key: str, address: str | None) -> None:
    """Check that the key may be used from where the request came. Raises `InvalidClient`: nobody is told which part."""
    for grant in client.agreements:
        if grant.digest == details.agreement and is_allowed(grant.keys[key], address):
            return
    raise InvalidClient("client_address")
