"""Asking an identity provider, with an end to it: bytes, seconds, no redirect, no proxy of the environment's."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from gateway.signin.errors import ProviderAway

MOST_BYTES: Final = 262_144
SECONDS: Final = 8.0
"""For one answer, whole. A page that waits longer has lost its reader."""
_OK: Final = 200


class Bounded(httpx2.AsyncBaseTransport):
    """A transport that reads whole answers of `MOST_BYTES` at most, uncompressed: a small answer stays small."""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its answer, read to the end. Raises `ProviderAway`."""
        request.headers["accept-encoding"] = "identity"
        answer = await self._inner.handle_async_request(request)
        try:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise ProviderAway("the answer is compressed, which was not asked for")
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise ProviderAway("the answer is too large")
        finally:
            await answer.aclose()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=body, request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


OPTIONS: Final[Mapping[str, Any]] = {"follow_redirects": False, "trust_env": False, "timeout": SECONDS}
"""How every client of a provider is made, beside its own `Bounded` transport."""


async def fetch_json(url: str) -> dict[str, Any]:
    """Return the JSON object at a URL. Raises `ProviderAway`, whatever is wrong with it."""
    try:
        async with asyncio.timeout(SECONDS), httpx2.AsyncClient(transport=Bounded(), **OPTIONS) as client:
            answer = await client.get(url, headers={"accept": "application/json"})
            if answer.status_code != _OK:
                raise ProviderAway("a document of the provider is not there")
            found = json.loads(answer.content)
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError, ValueError, RecursionError) as error:
        raise ProviderAway(f"a document of the provider cannot be read: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise ProviderAway("a document of the provider is not an object")
    return found
