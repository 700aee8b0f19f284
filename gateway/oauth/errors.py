"""
Refusals of the two OAuth surfaces. The reason goes to the log entry; the caller hears one text a class.

INVARIANT: a reason is a constant of ours. Nothing a caller sent stands in a message, a description or a header
(`shared` table of gaps, G2 and G10: descriptions built from input crashed or told clients apart).
"""

from typing import ClassVar

from gateway.caller import AnyCaller
from gateway.errors import GatewayError


class Malformed(GatewayError):
    """A JWS or JSON text that is not what it must be; always turned into a refusal by whoever asked for it."""

    code = "malformed"


class ProofRefused(GatewayError):
    """A DPoP proof that proves nothing (RFC 9449 section 4.3). The endpoint decides how to say so."""

    code = "proof_refused"


class ProofMissing(ProofRefused):
    """No DPoP header at all."""

    code = "proof_missing"


class TokenRefused(GatewayError):
    """No token. Answered as RFC 6749 section 5.2 says; the code is that of the registry of OAuth errors."""


class InvalidRequest(TokenRefused):
    """The request repeats, lacks or mixes parameters."""

    code = "invalid_request"


class InvalidClient(TokenRefused):
    """Client authentication failed, for whatever reason."""

    code = "invalid_client"


class BasicRefused(InvalidClient):
    """HTTP Basic and nothing else: the one failure that is answered with 401 (RFC 6749 section 5.2)."""


class UnsupportedGrantType(TokenRefused):
    """Anything but `client_credentials`."""

    code = "unsupported_grant_type"


class UnauthorizedClient(TokenRefused):
    """This client may not use this grant."""

    code = "unauthorized_client"


class InvalidScope(TokenRefused):
    """A scope beyond the registration; scopes are never narrowed silently."""

    code = "invalid_scope"


class InvalidDetails(TokenRefused):
    """Authorization details that are malformed, or name what the client does not have (RFC 9396 section 5)."""

    code = "invalid_authorization_details"


class InvalidTarget(TokenRefused):
    """A resource that is not served here (RFC 8707)."""

    code = "invalid_target"


class InvalidProof(TokenRefused):
    """The proof beside the token request is not acceptable."""

    code = "invalid_dpop_proof"


class TemporarilyUnavailable(TokenRefused):
    """The entry could not be committed, so there is no token."""

    code = "temporarily_unavailable"


class RateExceeded(GatewayError):
    """
    Too many requests from one address or one client.

    `retry_after` is in seconds, `fields` are the header fields that tell the limit; `first` says that it is the first
    refusal since there was room.
    """

    code = "too_many_requests"
    public_detail = (
        "Too many requests. Wait as long as Retry-After says. A token is good for five minutes, a page for 500 rows."
    )

    def __init__(self, message: str, *, retry_after: int, fields: tuple[tuple[bytes, bytes], ...], first: bool) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.fields = fields
        self.first = first


class AccessRefused(GatewayError):
    """A request to the API without acceptable token and proof; answered with a challenge (RFC 9449 section 7.1)."""

    error: ClassVar[str | None] = None
    """The `error` of the challenge; none where no credentials were sent (RFC 6750 section 3.1)."""


class TokenRequired(AccessRefused):
    """No token was sent in the Authorization header."""

    code = "token_required"
    public_detail = "Send `Authorization: DPoP <token>` and a DPoP proof."


class InvalidToken(AccessRefused):
    """The token is not ours, not for here, over, or not bound to the key of the proof."""

    code = "invalid_token"
    error = "invalid_token"
    public_detail = "The access token is not accepted here. Get a new one and send it with the DPoP scheme."


class InvalidAccessProof(AccessRefused):
    """The proof does not fit this request, or there is none."""

    code = "invalid_dpop_proof"
    error = "invalid_dpop_proof"
    public_detail = "Send exactly one fresh DPoP proof, made for this method, this URL and this token."


class InvalidAccessRequest(AccessRefused):
    """Credentials in the query, or more than one Authorization header."""

    code = "invalid_request"
    error = "invalid_request"
    public_detail = "Send the token once, in the Authorization header and nowhere else."


class InsufficientAuthorization(AccessRefused):
    """The token was narrowed to other datasets. Who asked is known, so the refusal goes on the log first."""

    code = "insufficient_authorization"
    error = "insufficient_scope"
    public_detail = "This token was narrowed to other datasets. Ask for a token that covers this one."

    def __init__(self, message: str, caller: AnyCaller) -> None:
        super().__init__(message)
        self.caller = caller


class UndeclaredCaller(GatewayError):
    """A route says neither who may call it nor that anyone may: the application does not start."""

    code = "undeclared_caller"
    remedy = "Give the route `CallerDep`, `caller_of(dataset)` or `PUBLIC`."
