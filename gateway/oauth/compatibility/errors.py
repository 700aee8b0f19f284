"""Refusals of the compatibility mode, told in its own words: nothing here is bound to a key."""

from gateway.oauth.errors import InvalidAccessRequest, InvalidToken, TokenRequired

_NOT_BOUND = "This address takes bearer tokens of its own issuer, and no proofs."


class BearerTokenRequired(TokenRequired):
    """No token was sent in the Authorization header."""

    public_detail = "Send `Authorization: Bearer <token>`."


class BearerTokenRefused(InvalidToken):
    """The token is not of this issuer, not for here, or over."""

    public_detail = "The access token is not accepted here. Get a new one of this issuer."


class ProofNotTaken(InvalidAccessRequest):
    """A DPoP proof came along: whoever sends one believes that the token is worth nothing to a thief."""

    public_detail = _NOT_BOUND
