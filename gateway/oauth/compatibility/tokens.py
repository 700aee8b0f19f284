"""
Bearer tokens of the compatibility mode: signed, five minutes, for one audience, bound to no key.

INVARIANT: no token of the main issuer is one of these, nor the other way round: type, issuer and audience all differ,
and each side accepts only headers that it mints itself, byte for byte.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from joserfc import jws
from joserfc.util import json_b64encode, urlsafe_b64decode

from gateway.oauth.compact import require_signature, split
from gateway.oauth.compatibility.errors import BearerTokenRefused
from gateway.oauth.details import Details
from gateway.oauth.errors import Malformed
from gateway.oauth.issuer import Issuer
from gateway.oauth.tokens import MAX_AHEAD, MAX_TOKEN, AccessToken, AccessTokens, Random
from gateway.registration import RegisteredClient

LIFETIME = 300
"""Seconds. Whoever steals a token can use it that long, from the client's own addresses."""
TOKEN_TYPE = "pactgate-bearer+jwt"  # noqa: S105  a media type, not a secret
_ID_BYTES = 16
_REGISTRY = jws.JWSRegistry(algorithms=["ES256"])


@dataclass(frozen=True, slots=True)
class VerifiedBearer:
    """What a token says, believed. INVARIANT: made by `BearerTokens.verify` only; who sent it is not known."""

    id: str
    client: str
    secret: int
    """The entry that issued the secret it was asked for with."""
    details: Details
    epoch: int
    """The epoch it was issued under."""
    key_id: str
    """Which of our keys signed it."""


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: str
    secret: int
    details: Details
    epoch: int


class BearerTokens:
    """Mints and verifies. `issuer` is the mode's own; the keys are those of `main`, the gateway's access tokens."""

    def __init__(self, issuer: Issuer, main: AccessTokens, *, random: Random) -> None:
        self._issuer = issuer
        self._main = main
        self._random = random
        self._decoder = msgspec.json.Decoder(_Claims)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "BearerTokens(…)"

    def mint(self, client: RegisteredClient, details: Details, secret: int, now: float) -> AccessToken:
        """
        Return a new token for `client`; it ends with the `secret`, of the entry of this index.

        Raises `TemporarilyUnavailable` if no key may sign now.
        """
        issued, url = int(now), self._issuer.url
        key = self._main.signing(now, client.ended.keys)
        token_id = urlsafe_b64encode(self._random(_ID_BYTES)).rstrip(b"=").decode()
        claims = _Claims(url, url, client.id, issued, issued + LIFETIME, token_id, secret, details, client.epoch)
        text = jws.serialize_compact(_header(key.id), msgspec.json.encode(claims), key.key, registry=_REGISTRY)
        return AccessToken(text, token_id, issued + LIFETIME)

    def verify(self, text: str, now: float) -> VerifiedBearer:
        """Return what the token says, if we minted it for this issuer and it is not over. Raises `InvalidToken`."""
        try:
            segments = split(text, limit=MAX_TOKEN)
            # (1): a header of ours, of a key that may have signed a token that is good now.
            keys = self._main.believed(now)
            key_id = next((each for each in keys if segments[0] == _header_segment(each)), None)
            if key_id is None:
                raise BearerTokenRefused("token_header")
            # (2): the signature.
            require_signature(segments, "ES256", keys[key_id])
            # (3): the claims.
            claims = self._decoder.decode(urlsafe_b64decode(segments[1].encode()))
        except (Malformed, ValueError) as error:  # msgspec's errors are ValueErrors
            raise BearerTokenRefused("token_malformed") from error
        # (4): from this issuer, for it, now.
        if claims.iss != self._issuer.url or claims.aud != self._issuer.url:
            raise BearerTokenRefused("token_issuer")
        if not claims.iat - MAX_AHEAD <= now < claims.exp:
            raise BearerTokenRefused("token_expired")
        return VerifiedBearer(claims.jti, claims.sub, claims.secret, claims.details, claims.epoch, key_id)


def _header(key_id: str) -> dict[str, str]:
    return {"typ": TOKEN_TYPE, "alg": "ES256", "kid": key_id}


@lru_cache(maxsize=16)
def _header_segment(key_id: str) -> str:
    """Return the header of our tokens as joserfc writes it."""
    return json_b64encode(_header(key_id)).decode()
