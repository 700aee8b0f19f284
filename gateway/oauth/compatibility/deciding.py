"""
Deciding about one token request in memory, on a client that was loaded before.

Authlib is not asked: there is one grant, and its authenticators of secrets take what is refused here (a repeated
parameter, two methods at once, a secret in the query).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.oauth.compatibility.addresses import network_of
from gateway.oauth.compatibility.credentials import ClaimedSecret
from gateway.oauth.compatibility.tokens import LIFETIME, BearerTokens
from gateway.oauth.details import Details, granted_details
from gateway.oauth.errors import InvalidDetails, InvalidScope, InvalidTarget, UnsupportedGrantType
from gateway.oauth.grants import GRANT_TYPE
from gateway.oauth.issuer import Issuer
from gateway.oauth.tokens import AccessToken
from gateway.registration import SecretClient
from gateway.services.compatibility.directory import SECRET


@dataclass(frozen=True, slots=True)
class BearerIssue:
    """A token that may be sent once its entry is committed. `network` is where it was asked from."""

    token: AccessToken
    details: Details
    network: str

    def as_json(self) -> dict[str, object]:
        """Return the answer (RFC 6749 section 5.1). No refresh token, ever."""
        return {
            "access_token": self.token.text,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "authorization_details": [self.details.as_json()],
        }


def require_grant(form: Mapping[str, str]) -> None:
    """Check that client credentials are asked for. Raises `UnsupportedGrantType`."""
    if form["grant_type"] != GRANT_TYPE:
        raise UnsupportedGrantType("grant_type")


@dataclass(frozen=True, slots=True)
class AskedBySecret:
    """A token request of a client that sent its `secret` (the entry that issued it); `address` is None if not known."""

    form: Mapping[str, str]
    claimed: ClaimedSecret
    known: SecretClient
    secret: int
    address: str | None

    def __repr__(self) -> str:
        """Show nothing of what was sent."""
        return "AskedBySecret(…)"

    @property
    def network(self) -> str | None:
        """The signed network that it came from, of whichever agreement; None for none."""
        return network_of(self.address, frozenset().union(*self.known.networks.values()))


def require_place(asked: AskedBySecret) -> None:
    """Check that the client may ask, and from here. Raises `InvalidClient`: a stolen secret is told nothing else."""
    if not asked.known.client.active:
        raise asked.claimed.refused("client_suspended")
    if asked.network is None:
        raise asked.claimed.refused("address")


def decide(asked: AskedBySecret, issuer: Issuer, tokens: BearerTokens, now: float) -> BearerIssue:
    """Return the token to issue. Raises `TokenRefused`."""
    require_place(asked)
    form, known = asked.form, asked.known
    if "scope" in form:
        raise InvalidScope("scope")
    if form.get("resource", issuer.url) != issuer.url:
        raise InvalidTarget("resource")
    details = granted_details(form.get("authorization_details"), known.client, SECRET)
    network = network_of(asked.address, known.networks[details.agreement])
    if network is None:
        raise InvalidDetails("details_address")
    return BearerIssue(tokens.mint(known.client, details, asked.secret, now), details, network)
