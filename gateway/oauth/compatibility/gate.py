"""
Who calls the compatibility API: the bearer token, checked on every request. It says whose it is, not who sent it.

Whether district, parties and binding still let its client ask, and from this address, is decided with the data by the
service that discloses (`policies.bearer`).
"""

from collections.abc import Callable

from gateway.oauth.bearer import Presented, credentials_in, names_token
from gateway.oauth.compatibility.errors import BearerTokenRefused, BearerTokenRequired, ProofNotTaken
from gateway.oauth.compatibility.tokens import BearerTokens, VerifiedBearer
from gateway.oauth.errors import AccessRefused, InvalidAccessRequest, RateExceeded
from gateway.oauth.strangers import Strangers
from gateway.oauth.throttle import Throttle

SCHEME = "bearer"
_BOUND = "dpop"


class CompatibilityGate:
    """Checks bearer tokens. Counters and limits are those of the main API."""

    def __init__(
        self, tokens: BearerTokens, clock: Callable[[], float], strangers: Strangers, throttle: Throttle
    ) -> None:
        self.throttle = throttle
        self.strangers = strangers
        self._tokens = tokens
        self._clock = clock

    def require_token(self, presented: Presented) -> VerifiedBearer:
        """Return what the token says. Raises `AccessRefused`, and `RateExceeded` as the main API does."""
        try:
            self.throttle.require_room(presented.address)
            return self._judge(presented)
        except AccessRefused as refusal:
            raise self.counted(refusal, presented.address) from None
        except RateExceeded:
            self.strangers.count("rate_of_address")
            raise

    def counted(self, refusal: AccessRefused, address: str | None) -> AccessRefused:
        """Count a refusal of somebody who proved nothing, and return it."""
        self.strangers.count(str(refusal))
        self.throttle.failed(address)
        return refusal

    def _judge(self, presented: Presented) -> VerifiedBearer:
        authorizations, proofs = credentials_in(presented.headers)
        # (1): one token, in the Authorization header (RFC 6750 section 2).
        if presented.query and names_token(presented.query):
            raise InvalidAccessRequest("token_in_query")
        if not authorizations:
            raise BearerTokenRequired("token_missing")
        if len(authorizations) > 1:
            raise InvalidAccessRequest("authorization_repeated")
        # (2): nothing that was meant to be bound to a key.
        scheme, _, text = authorizations[0].partition(" ")
        if scheme.lower() == _BOUND:
            raise BearerTokenRefused("dpop_scheme")
        if proofs:
            raise ProofNotTaken("proof_present")
        if scheme.lower() != SCHEME:
            raise BearerTokenRequired("other_scheme")
        # (3): the token.
        return self._tokens.verify(text, self._clock())
