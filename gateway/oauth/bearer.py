"""
Who calls the API: the access token and the proof that came with it, checked on every request.

Cryptography only. Whether client and agreement still stand is read with the data, in one snapshot, by the service
that discloses; the proof is spent by the entry it writes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.caller import Caller
from gateway.oauth.dpop import Expected, require_proof
from gateway.oauth.errors import (
    AccessRefused,
    InsufficientAuthorization,
    InvalidAccessProof,
    InvalidAccessRequest,
    InvalidToken,
    ProofRefused,
    RateExceeded,
    TokenRequired,
)
from gateway.oauth.issuer import Issuer
from gateway.oauth.strangers import Strangers
from gateway.oauth.throttle import Throttle
from gateway.oauth.tokens import AccessTokens

SCHEME = "dpop"
_OTHER_SCHEME = "bearer"


@dataclass(frozen=True, slots=True)
class Presented:
    """
    What a request brings: raw header pairs as ASGI has them, method, path and query as sent.

    `address` is whose it is, None if that is not known.
    """

    method: str
    path: str
    query: bytes
    headers: Iterable[tuple[bytes, bytes]]
    address: str | None

    def __repr__(self) -> str:
        """Show nothing of what was sent."""
        return "Presented(…)"


class Bearer:
    """Checks tokens and proofs. `clock` is in seconds since 1970; who proves nothing is counted among `strangers`."""

    def __init__(
        self,
        issuer: Issuer,
        tokens: AccessTokens,
        clock: Callable[[], float],
        strangers: Strangers,
        throttle: Throttle,
    ) -> None:
        self.throttle = throttle
        self.strangers = strangers
        self._issuer = issuer
        self._tokens = tokens
        self._clock = clock

    def require_caller(self, presented: Presented, *, dataset: str | None = None) -> Caller:
        """
        Return who is calling, with a proof that is not spent yet.

        A token narrowed to datasets opens the routes of these datasets and no other. Raises `AccessRefused`, and
        `RateExceeded` for an address from which nothing but refused requests came.
        """
        try:
            self.throttle.require_room(presented.address)
            return self._judge(presented, dataset)
        except InsufficientAuthorization:
            raise  # who asked is known: an entry of its own says so
        except AccessRefused as refusal:
            self.strangers.count(str(refusal))
            self.throttle.failed(presented.address)
            raise
        except RateExceeded:
            self.strangers.count("rate_of_address")
            raise

    def _judge(self, presented: Presented, dataset: str | None) -> Caller:
        authorizations, proofs = credentials_in(presented.headers)
        # (1): one token, in the Authorization header (RFC 6750 section 2; FAPI 2.0 section 5.3.4).
        if presented.query and names_token(presented.query):
            raise InvalidAccessRequest("token_in_query")
        if not authorizations:
            raise TokenRequired("token_missing")
        if len(authorizations) > 1:
            raise InvalidAccessRequest("authorization_repeated")
        scheme, _, text = authorizations[0].partition(" ")
        # (2): never as a bearer token, with or without a proof beside it.
        if scheme.lower() == _OTHER_SCHEME:
            raise InvalidToken("bearer_scheme")
        if scheme.lower() != SCHEME:
            raise TokenRequired("other_scheme")
        # (3): the token.
        now = self._clock()
        token = self._tokens.verify(text, now)
        # (4): the proof, for this request, this token and its key.
        expected = Expected(
            method=presented.method,
            url=self._issuer.at(presented.path),
            now=now,
            token=text,
            thumbprint=token.thumbprint,
        )
        try:
            proof = require_proof(proofs, expected)
        except ProofRefused as error:
            # Another key than the token's means that the token is in the wrong hands (RFC 9449 section 7.1).
            kind = InvalidToken if str(error) == "proof_other_key" else InvalidAccessProof
            raise kind(str(error)) from error
        caller = Caller(
            client=token.client,
            key=token.key,
            address=presented.address,
            agreement=token.details.agreement,
            purpose=token.details.purpose,
            token_id=token.id,
            behind=token.details.behind,
            proof_digest=proof.digest,
            replay_id=proof.replay_id,
            replay_expires_at=proof.replay_expires_at,
            token_epoch=token.epoch,
            token_key=token.key_id,
            role=token.details.role,
        )
        # (5): the datasets it was narrowed to.
        if token.details.datasets is not None and dataset not in token.details.datasets:
            raise InsufficientAuthorization("dataset", caller)
        return caller


def credentials_in(headers: Iterable[tuple[bytes, bytes]]) -> tuple[list[str], list[str]]:
    """Return the values of all Authorization headers, and of all DPoP headers."""
    authorizations: list[str] = []
    proofs: list[str] = []
    for name, value in headers:
        if name == b"authorization":
            authorizations.append(value.decode("latin-1"))
        elif name == b"dpop":
            proofs.append(value.decode("latin-1"))
    return authorizations, proofs


def names_token(query: bytes) -> bool:
    """Say whether a query carries an access token, where tokens end up in logs."""
    # Only a percent sign can hide the name; without one there is nothing to decode.
    return b"access_token" in query or (
        b"%" in query
        and any(name == "access_token" for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    )
