"""
Access tokens: `at+jwt` (RFC 9068), ES256, five minutes, for one audience, bound to one key (RFC 9449 section 6).

Minted and verified here and nowhere else. A token is accepted only under a header that we mint, byte for byte: that
pins type, algorithm and key at once, and leaves nothing of a header to interpret.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.util import json_b64encode, urlsafe_b64decode

from gateway.caller import AUTOMATED
from gateway.oauth.compact import require_signature, split
from gateway.oauth.details import Details
from gateway.oauth.errors import InvalidToken, Malformed, TemporarilyUnavailable
from gateway.oauth.issuer import Issuer
from gateway.oauth.publickeys import VerifyingKey, verifying_key
from gateway.token_keys import SKEW_SECONDS, TOKEN_SECONDS, State, TokenKey, states

LIFETIME = TOKEN_SECONDS
TOKEN_TYPE = "at+jwt"  # noqa: S105  a media type, not a secret
MAX_TOKEN = 4_096
MAX_AHEAD = SKEW_SECONDS
_ID_BYTES = 16
_REGISTRY = jws.JWSRegistry(algorithms=["ES256"])
_PUBLISHED = frozenset({State.WAITING, State.SIGNING, State.BELIEVED})
"""Keys whose tokens are taken; one that waits here too: a replica whose clock is ahead may sign with it already."""

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
    epoch: int
    """The epoch it was issued under; -1 if it does not say."""
    key_id: str
    """Which of our keys signed it."""
    issued: int
    expires: int
    """Seconds since 1970, as `issued`."""


class _Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bound to a proof key and to nothing else: a binding that is not checked here must not be passed over."""

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
    epoch: int = -1


@dataclass(frozen=True, slots=True)
class _Verifying:
    id: str
    key: VerifyingKey


class AccessTokens:
    """The gateway's tokens. `keys` are those that sign them, in the order in which they take over."""

    def __init__(self, issuer: Issuer, keys: Sequence[TokenKey], *, random: Random) -> None:
        self._issuer = issuer
        self._random = random
        self._decoder = msgspec.json.Decoder(_Claims)
        self.take(keys)

    def __repr__(self) -> str:
        """Show nothing of the keys but their ids."""
        return f"AccessTokens(kids={[each.id for each in self._keys]!r})"

    def take(self, keys: Sequence[TokenKey]) -> None:
        """Go on with these keys."""
        self._keys = tuple(keys)
        self._verifying: Mapping[str, _Verifying] = {
            _header_segment(each.id): _Verifying(each.id, verifying_key(each.key.as_dict(private=False)))
            for each in keys
        }

    def states(self, now: float) -> Mapping[str, State]:
        """Return what each key is good for, by thumbprint."""
        return states(self._keys, now)

    def jwks(self, now: float) -> list[dict[str, object]]:
        """Return the public keys of tokens that are or will be good, for publication."""
        known = self.states(now)
        return [_published(each.key) for each in self._keys if known[each.id] in _PUBLISHED]

    def signing(self, now: float, barred: frozenset[str]) -> TokenKey:
        """Return the key that signs now. Raises `TemporarilyUnavailable` if there is none, or it is one of `barred`."""
        known = self.states(now)
        for each in self._keys:
            if known[each.id] is State.SIGNING and each.id not in barred:
                return each
        raise TemporarilyUnavailable("no_token_key")

    def believed(self, now: float) -> Mapping[str, VerifyingKey]:
        """Return the keys of tokens that are or may be good, by thumbprint."""
        known = self.states(now)
        return {each.id: each.key for each in self._verifying.values() if known[each.id] in _PUBLISHED}

    def mint(
        self,
        client: str,
        details: Details,
        thumbprint: str,
        proved: str,
        now: float,
        *,
        epoch: int,
        barred: frozenset[str] = frozenset(),
    ) -> AccessToken:
        """
        Return a new token for `client`, which proved the key `proved`; usable only with the key of `thumbprint`.

        `epoch` is the one under which the client was loaded, `barred` are keys that the log says were retired. Raises
        `TemporarilyUnavailable` if the key that signs now is one of them.
        """
        issued, key = int(now), self.signing(now, barred)
        header = {"typ": TOKEN_TYPE, "alg": "ES256", "kid": key.id}
        token_id = urlsafe_b64encode(self._random(_ID_BYTES)).rstrip(b"=").decode()
        claims = {
            "iss": self._issuer.url,
            "aud": self._issuer.url,
            "sub": client,
            "client_id": client,
            "client_key": proved,
            "iat": issued,
            "exp": issued + LIFETIME,
            "jti": token_id,
            "cnf": {"jkt": thumbprint},
            "epoch": epoch,
            "authorization_details": [details.as_json()],
        }
        text = jws.serialize_compact(header, msgspec.json.encode(claims), key.key, registry=_REGISTRY)
        return AccessToken(text, token_id, issued + LIFETIME)

    def verify(self, text: str, now: float) -> VerifiedToken:
        """Return what the token says, if we minted it for ourselves and it is not over. Raises `InvalidToken`."""
        try:
            segments = split(text, limit=MAX_TOKEN)
            # (1): a header of ours, of a key that may have signed a token that is good now.
            found = self._verifying.get(segments[0])
            if found is None:
                raise InvalidToken("token_header")
            if self.states(now)[found.id] not in _PUBLISHED:
                raise InvalidToken("token_key")
            # (2): the signature.
            require_signature(segments, "ES256", found.key)
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
            epoch=claims.epoch,
            key_id=found.id,
            issued=claims.iat,
            expires=claims.exp,
        )


def _header_segment(key_id: str) -> str:
    """Return the header of our tokens as joserfc writes it."""
    return json_b64encode({"typ": TOKEN_TYPE, "alg": "ES256", "kid": key_id}).decode()


def _published(key: ECKey) -> dict[str, object]:
    public = key.as_dict(private=False)
    members = {name: public[name] for name in ("kty", "crv", "x", "y")}
    return {**members, "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
