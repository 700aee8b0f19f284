"""
What an identity provider publishes about itself, as far as it is used: its addresses and its public keys.

They are fetched under strict limits and kept for a while; what is away or wrong is `ProviderAway`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from gateway.signin.errors import ProviderAway
from gateway.signin.fetching import fetch_json

_METADATA: Final = "/.well-known/openid-configuration"
_KEPT_SECONDS: Final = 3_600
_KEYS_AGAIN_SECONDS: Final = 30
"""At most this often keys are fetched anew because a token named an unknown one: strangers must not make us ask."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a provider publishes about itself, as far as it is used. `read_at` is in seconds of the epoch."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    names_itself: bool
    read_at: float


class ProviderMetadata:
    """What the provider with this issuer publishes, from memory or anew. `clock` is in seconds of the epoch."""

    def __init__(self, issuer: str, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._published: Published | None = None
        self._keys: tuple[Key, ...] = ()
        self._keys_read_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def read(self) -> Published:
        """Return what the provider publishes, from memory or anew. Raises `ProviderAway`."""
        known = self._published
        if known is not None and 0 <= self._clock() - known.read_at < _KEPT_SECONDS:
            return known
        async with self._fetching:
            if self._published is known:
                found = await fetch_json(self._issuer.rstrip("/") + _METADATA)
                self._published = self._checked(found)
            assert self._published is not None
            return self._published

    async def keys(self, *, anew: bool = False) -> tuple[Key, ...]:
        """Return the provider's public keys, from memory or `anew`. Raises `ProviderAway`."""
        if anew or self._clock() - self._keys_read_at >= _KEPT_SECONDS:
            found = await fetch_json((await self.read()).keys)
            try:
                keys = KeySet.import_key_set(found)  # type: ignore[arg-type] # it checks what it is given
            except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                raise ProviderAway("the provider's keys cannot be read") from None
            # Public keys of the three kinds that our algorithms need; a shared secret among them is none.
            self._keys = tuple(key for key in keys if isinstance(key, (ECKey, OKPKey, RSAKey)) and not key.is_private)
            self._keys_read_at = self._clock()
        return self._keys

    @property
    def may_ask_again(self) -> bool:
        """Whether the keys were fetched long enough ago to be fetched because of one that is not among them."""
        return self._clock() - self._keys_read_at >= _KEYS_AGAIN_SECONDS

    def _checked(self, found: Mapping[str, Any]) -> Published:
        # A document of another issuer would send our people, and our codes, elsewhere (RFC 8414 section 3.3).
        if found.get("issuer") != self._issuer:
            raise ProviderAway("the metadata are those of another issuer")
        return Published(
            authorization=self._endpoint(found, "authorization_endpoint"),
            token=self._endpoint(found, "token_endpoint"),
            keys=self._endpoint(found, "jwks_uri"),
            end_session=self._endpoint(found, "end_session_endpoint") if "end_session_endpoint" in found else None,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            read_at=self._clock(),
        )

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str:
        value = found.get(name)
        try:
            parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
            _ = parts.port  # raises for one that there cannot be
        except ValueError:
            parts = urlsplit("")
        loopback = urlsplit(self._issuer).scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
            raise ProviderAway("an address in the metadata cannot be used")
        return str(value)
