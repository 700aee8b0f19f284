"""
Which addresses the gateway may call, and how it gets there: a name is resolved once, and what was checked is called.

INVARIANT: no connection is opened to an address that was not checked here, whatever a name resolves to a moment later
(DNS rebinding); TLS still asks the host for its own name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpcore2

from gateway.services.errors import KeysNotFetched

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Turns a host's name and a port into all its addresses, as texts."""
Permitted = Callable[[Address], bool]

_UNICAST: Final = ip_network("2000::/3")
_CLOSED: Final = tuple(
    ip_network(each)
    for each in (
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),  # protocol use, documentation, 6to4 (RFC 6890)
        *("192.88.99.0/24", "192.0.0.0/24", "240.0.0.0/4"),
    )
)
"""What Python calls global, or may in another release, and is not: an address of version 4 can hide in one of 6to4."""


def is_public(address: Address) -> bool:
    """Return whether an address is of the open Internet: nothing inside, nothing that stands for something else."""
    if not address.is_global or address.is_multicast or any(address in each for each in _CLOSED):
        return False
    # Mapped, compatible, translated (64:ff9b::) and site-local addresses all lie outside.
    return isinstance(address, IPv4Address) or address in _UNICAST


class Names:
    """Resolves names by the operating system, in threads of its own: a name server that hangs holds up nobody else."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = ThreadPoolExecutor(threads, "names")

    async def __call__(self, host: str, port: int) -> list[str]:
        """Return all addresses of a host. Raises `OSError`."""
        running = asyncio.get_running_loop()
        found = await running.run_in_executor(self._threads, _addresses, host, port)
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """
    Opens connections to what `resolve` finds, if every address of it is `permitted`. One instance serves one fetch.

    It closes what it opened: given up during the TLS handshake, a connection is nobody's in the libraries.
    """

    def __init__(self, resolve: Resolve, permitted: Permitted) -> None:
        self._resolve = resolve
        self._permitted = permitted
        self._opens = httpcore2.AnyIOBackend()
        self._opened: list[httpcore2.AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Open a connection. Raises `KeysNotFetched`."""
        try:
            found = [ip_address(each) for each in await self._resolve(host, port)]
        except (OSError, ValueError) as error:
            raise KeysNotFetched("no_address") from error
        # One bad address refuses them all: who answers with two would only have to wait for the other.
        if not found or not all(self._permitted(each) for each in found):
            raise KeysNotFetched("address_not_permitted")
        stream = await self._opens.connect_tcp(str(found[0]), port, timeout, local_address, socket_options)
        self._opened.append(stream)
        return stream

    async def close(self) -> None:
        """Close what is still open."""
        for each in self._opened:
            await each.aclose()

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore2's
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never: nothing is fetched from this machine. Raises `KeysNotFetched`."""
        del path, timeout, socket_options
        raise KeysNotFetched("address_not_permitted")

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore2."""
        await asyncio.sleep(seconds)


def _addresses(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
