"""
Access tokens: `at+jwt` (RFC 9068), ES256, five minutes, for one audience, bound to one key (RFC 9449 section 6).

Minted and verified here and nowhere else. A token is accepted only under a header that we mint, byte for byte: that
pins type, algorithm and key at once, and leaves nothing of a header to interpret.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.util import json_b64encode, urlsafe_b64decode

from gateway.oauth.compact import require_signature, split
from gateway.oauth.details import AUTOMATED, Details
from gateway.oauth.errors import InvalidToken, Malformed
from gateway.oauth.issuer import Issuer
from gateway.oauth.publickeys import VerifyingKey, verifying_key

LIFETIME = 300
"""Seconds. Status is read with the data on every request; this only bounds how long a stolen pair is of use."""
TOKEN_TYPE = "at+jwt"  # noqa: S105  a media type, not a secret
MAX_TOKEN = 4_096
MAX_AHEAD = 10
"""Seconds another replica's clock may be ahead of ours."""
_ID_BYTES = 16
_REGISTRY = jws.JWSRegistry(algorithms=["ES256"])

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token just minted. `text` is a secret until it is sent."""

    text: str
    id: str
    expires: int

    def __repr__(self) -> str:
        """Show the id only."""
        return f"AccessToken(id={self.id!r})"


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token says, believed. INVARIANT: made by `AccessTokens.verify` only; the proof is not checked yet."""

    id: str
    client: str
    key: str
    """Thumbprint of the key that the client proved for it: with the key the token is over."""
    thumbprint: str
    details: Details


class _Confirmation(msgspec.Struct, frozen=True):
    jkt: str


class _Behind(msgspec.Struct, frozen=True):
    person: str
    role: str


class _StudentData(msgspec.Struct, frozen=True):
    type: Literal["student_data"]
    agreement: str
    purpose: str
    datasets: tuple[str, ...] | None = None
    on_behalf_of: _Behind | str = AUTOMATED


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str
    sub: str
    client_id: str
    client_key: str
    iat: int
    exp: int
    jti: str
    cnf: _Confirmation
    authorization_details: Annotated[tuple[_StudentData, ...], msgspec.Meta(min_length=1, max_length=1)]


class AccessTokens:
    """The gateway's tokens. `key` is the private P-256 key; `former` are public keys of the last rotation."""

    def __init__(self, issuer: Issuer, key: ECKey, *, random: Random, former: tuple[ECKey, ...] = ()) -> None:
        self._issuer = issuer
        self._key = key
        self._random = random
        self._key_id = key.kid or key.thumbprint()
        self._header = {"typ": TOKEN_TYPE, "alg": "ES256", "kid": self._key_id}
        self._keys: Mapping[str, VerifyingKey] = {
            _header_segment(each.kid or each.thumbprint()): verifying_key(each.as_dict(private=False))
            for each in (key, *former)
        }
        self._public = [_published(each) for each in (key, *former)]
        self._decoder = msgspec.json.Decoder(_Claims)

    def __repr__(self) -> str:
        """Show nothing of the key but its id."""
        return f"AccessTokens(kid={self._key_id!r})"

    @property
    def jwks(self) -> list[dict[str, object]]:
        """The public keys, for publication."""
        return self._public

    def mint(self, client: str, details: Details, thumbprint: str, key: str, now: float) -> AccessToken:
        """Return a new token for `client`, which proved `key`; usable only with the key of `thumbprint`."""
        issued = int(now)
        token_id = urlsafe_b64encode(self._random(_ID_BYTES)).rstrip(b"=").decode()
        claims = {
            "iss": self._issuer.url,
            "aud": self._issuer.url,
            "sub": client,
            "client_id": client,
            "client_key": key,
            "iat": issued,
            "exp": issued + LIFETIME,
            "jti": token_id,
            "cnf": {"jkt": thumbprint},
            "authorization_details": [details.as_json()],
        }
        text = jws.serialize_compact(self._header, msgspec.json.encode(claims), self._key, registry=_REGISTRY)
        return AccessToken(text, token_id, issued + LIFETIME)

    def verify(self, text: str, now: float) -> VerifiedToken:
        """Return what the token says, if we minted it for ourselves and it is not over. Raises `InvalidToken`."""
        try:
            segments = split(text, limit=MAX_TOKEN)
            # (1): a header of ours.
            key = self._keys.get(segments[0])
            if key is None:
                raise InvalidToken("token_header")
            # (2): the signature.
            require_signature(segments, "ES256", key)
            # (3): the claims. We signed them, so a wrong shape means a token of an older release.
            claims = self._decoder.decode(urlsafe_b64decode(segments[1].encode()))
        except (Malformed, ValueError) as error:  # msgspec's errors are ValueErrors
            raise InvalidToken("token_malformed") from error
        # (4): from us, for us, now.
        if claims.iss != self._issuer.url or claims.aud != self._issuer.url:
            raise InvalidToken("token_issuer")
        if claims.sub != claims.client_id:
            raise InvalidToken("token_subject")
        if not claims.iat - MAX_AHEAD <= now < claims.exp:
            raise InvalidToken("token_expired")
        (granted,) = claims.authorization_details
        behind = granted.on_behalf_of if isinstance(granted.on_behalf_of, _Behind) else None
        return VerifiedToken(
            id=claims.jti,
            client=claims.client_id,
            key=claims.client_key,
            thumbprint=claims.cnf.jkt,
            details=Details(
                agreement=granted.agreement,
                purpose=granted.purpose,
                datasets=granted.datasets,
                person=behind.person if behind else None,
                role=behind.role if behind else None,
            ),
        )


def _header_segment(key_id: str) -> str:
    """Return the header of our tokens as joserfc writes it."""
    return json_b64encode({"typ": TOKEN_TYPE, "alg": "ES256", "kid": key_id}).decode()


def _published(key: ECKey) -> dict[str, object]:
    public = key.as_dict(private=False)
    members = {name: public[name] for name in ("kty", "crv", "x", "y")}
    return {**members, "kid": key.kid or key.thumbprint(), "use": "sig", "alg": "ES256"}
