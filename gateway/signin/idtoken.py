"""
The id_token, checked to the end: what a provider says about somebody counts only as far as this module lets it.

Authlib's claims class does the checks of OpenID Connect Core section 3.1.3.7; what it leaves to the caller (the list of
algorithms, a single audience, how strong and how long ago) is done here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from gateway.oauth.compact import parse
from gateway.oauth.errors import Malformed
from gateway.services.standing.identity import DEVELOPMENT
from gateway.signin.errors import SignInFailed, TooWeak
from gateway.signin.registration import Registration

LEEWAY_SECONDS: Final = 30
_MOST_CHARACTERS: Final = 16_384
_JOSERFC_NAME: Final = {"EdDSA": "Ed25519"}
"""joserfc warns at the old name (RFC 9864)."""
_MOST_SUBJECT: Final = 255
"""OpenID Connect Core section 2: a subject has 255 ASCII characters at most."""


class UnknownKey(SignInFailed):
    """The id_token names a key that is not among those known; the provider may have exchanged its keys."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the provider, so that the answer can be held against it."""

    nonce: str
    acr: tuple[str, ...]
    amr: tuple[str, ...]
    max_age: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a verified id_token says. `auth_time` is in seconds of the epoch."""

    subject: str
    acr: str | None
    amr: tuple[str, ...]
    auth_time: int
    claims: Mapping[str, Any]


def verify_id_token(
    token: object, access_token: object, keys: Sequence[Key], registration: Registration, asked: Asked, *, now: float
) -> Claimed:
    """
    Check an id_token. `keys` are the provider's; `now` is in seconds of the epoch.

    Raises `SignInFailed`, `TooWeak`; `UnknownKey` for a key that may be newer than those known.
    """
    # (1): there is one, a plain compact JWS of a sensible size.
    if not isinstance(token, str) or not token:
        raise SignInFailed("id_token_missing")
    # (2): signed by one of the provider's keys, with an algorithm of our own list: `none` and HMAC never are.
    header, claims = _verified(token, keys, registration)
    # (3): issued by this provider, for us and nobody else, now, in answer to our request (sections 2 and 3.1.3.7).
    options: Any = {
        "iss": {"essential": True, "value": registration.issuer},
        "aud": {"essential": True, "value": registration.client_id},
        "nonce": {"essential": True, "value": asked.nonce},
    }
    if claims.get("aud") not in (registration.client_id, [registration.client_id]):  # Authlib takes more, by `azp`
        raise SignInFailed("id_token_audience")
    params = {"client_id": registration.client_id, "access_token": access_token}
    try:
        CodeIDToken(dict(claims), dict(header), options, params).validate(now=int(now), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError):
        raise SignInFailed("id_token_claims") from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise SignInFailed("id_token_subject")
    return _require_strong(subject, claims, asked, now)


def _verified(
    token: str, keys: Sequence[Key], registration: Registration
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        parsed = parse(token, limit=_MOST_CHARACTERS)
    except Malformed:
        raise SignInFailed("id_token_form") from None
    algorithm, kid = parsed.header.get("alg"), parsed.header.get("kid")
    if algorithm not in registration.algorithms:
        raise SignInFailed("id_token_algorithm")
    # Exactly one of the provider's keys is meant; a token that names none, or brings its own, is refused.
    named = [key for key in keys if key.kid is not None and key.kid == kid]
    if not named:
        raise UnknownKey("id_token_key")
    header, payload, signature = parsed.segments
    try:
        verifier = JWSRegistry(algorithms=list(registration.algorithms)).get_alg(
            _JOSERFC_NAME.get(algorithm, algorithm)
        )
        good = len(named) == 1 and verifier.verify(
            f"{header}.{payload}".encode(), urlsafe_b64decode(signature.encode()), named[0]
        )
    except Exception:  # noqa: BLE001  a library that raises anything at all has not verified the signature
        good = False
    if not good:
        raise SignInFailed("id_token_signature")
    return parsed.header, parsed.claims


def _require_strong(subject: str, claims: Mapping[str, Any], asked: Asked, now: float) -> Claimed:
    """Check how and when the person signed in: what Authlib does not (`acr`, `amr`, `auth_time`)."""
    acr, amr, auth_time = claims.get("acr"), claims.get("amr", []), claims.get("auth_time")
    if acr is not None and (not isinstance(acr, str) or acr == DEVELOPMENT):
        raise SignInFailed("id_token_acr")
    if not isinstance(amr, list) or not all(isinstance(each, str) and each.isprintable() for each in amr):
        raise SignInFailed("id_token_amr")
    if type(auth_time) is not int:
        raise SignInFailed("id_token_auth_time")
    # (4): as strongly as was asked for.
    if asked.acr and acr not in asked.acr:
        raise TooWeak("acr")
    if asked.amr and not set(asked.amr) <= set(amr):
        raise TooWeak("amr")
    # (5): no longer ago than was asked for, and not in the future.
    if not now - asked.max_age - LEEWAY_SECONDS <= auth_time <= now + LEEWAY_SECONDS:
        raise TooWeak("auth_time")
    return Claimed(subject, acr, tuple(amr[:16]), auth_time, claims)
