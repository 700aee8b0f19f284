"""
Fetching one key set over HTTPS, with strict limits: no redirect, no proxy, no cookie, no compression, little, and soon.

Nothing of the environment is read, so nobody can send the gateway elsewhere by a variable.
"""

import asyncio
import ssl
from contextlib import AsyncExitStack
from typing import Final

import httpcore2

from agreements.errors import AgreementError
from agreements.fetched import MOST_BYTES, PublishedKey, read_published
from gateway.services.errors import KeysNotFetched
from gateway.services.keysets.reaching import CheckedNetwork, Names, Permitted, Resolve, is_public

SECONDS: Final = 5.0
"""For all of it: name, connection, TLS, answer."""
_OK: Final = 200
_TYPES: Final = frozenset({"application/json", "application/jwk-set+json"})
_HEADERS: Final = ((b"accept", b"application/jwk-set+json, application/json"), (b"accept-encoding", b"identity"))


def trust_store() -> ssl.SSLContext:
    """Return what the operating system trusts, for TLS 1.2 and later (BCP 195)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Fetcher:
    """Fetches key sets. `resolve`, `permitted` and `trust` are for tests, which have loopback only."""

    def __init__(
        self,
        *,
        resolve: Resolve | None = None,
        permitted: Permitted = is_public,
        trust: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._resolve = resolve or Names()
        self._permitted = permitted
        self._trust = trust or trust_store()
        self._seconds = seconds

    async def fetch(self, address: str) -> tuple[PublishedKey, ...]:
        """
        Return the keys that are published at an address, of the form that a client binding allows.

        Raises `KeysNotFetched` with a reason that says nothing of what was sent.
        """
        if not address.startswith("https://"):
            raise KeysNotFetched("not_https")
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._body(address)
            return read_published(body)
        except TimeoutError as error:
            raise KeysNotFetched("too_slow") from error
        except AgreementError as error:
            raise KeysNotFetched("not_a_key_set") from error
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError) as error:
            raise KeysNotFetched("tls" if _is_of_tls(error) else "no_answer") from error

    async def _body(self, address: str) -> bytes:
        network = CheckedNetwork(self._resolve, self._permitted)
        pool = httpcore2.AsyncConnectionPool(
            ssl_context=self._trust, max_connections=1, max_keepalive_connections=0, network_backend=network
        )
        async with AsyncExitStack() as running:
            running.push_async_callback(network.close)
            await running.enter_async_context(pool)
            answer = await running.enter_async_context(pool.stream("GET", address, headers=_HEADERS))
            _require_plain(answer)
            body = bytearray()
            async for chunk in answer.aiter_stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise KeysNotFetched("too_large")
        return bytes(body)


def _is_of_tls(error: BaseException | None) -> bool:
    """Return whether TLS is behind an error: the libraries wrap it more than once."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _require_plain(answer: httpcore2.Response) -> None:
    """Check status, coding and type before a byte of the body is read. Raises `KeysNotFetched`."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    # (1): here and nowhere else. A redirect is an answer like any other, and not the one that was asked for.
    if answer.status != _OK:
        raise KeysNotFetched("status")
    # (2): as it is. A few compressed bytes can be a gigabyte.
    if headers.get("content-encoding", "identity") != "identity":
        raise KeysNotFetched("encoded")
    # (3): a key set, by its own word.
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
        raise KeysNotFetched("type")
    # (4): not larger than it may be, also by its own word.
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BYTES:
        raise KeysNotFetched("too_large")
