"""
From which address a request came, also behind whatever terminates TLS.

INVARIANT: a forwarded address is believed only if it was written by a machine named in the settings; anybody can write
the header.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

FORWARDED: Final = 0
"""The port that stands for: the address was forwarded, by a machine that we believe."""
_HEADER: Final = b"x-forwarded-for"
_WITH_PORT: Final = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")


@dataclass(frozen=True, slots=True)
class Terminators:
    """The machines in front of the gateway, by their addresses."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Terminators":
        """Read addresses and networks, separated by commas. Raises `ValueError`."""
        return cls(tuple(ip_network(each.strip()) for each in text.split(",") if each.strip()))

    def client_of(self, scope: Mapping[str, Any]) -> tuple[str, int] | None:
        """Return address and port of whoever sent this request (an ASGI scope); port 0 if it was forwarded."""
        peer: tuple[str, int] | None = scope.get("client")
        if peer is None or not self._is_ours(peer[0]):
            return peer
        # The last address was written by our own machine, those before it by whoever is before that.
        found = peer
        for written in reversed(_forwarded(scope["headers"])):
            address = _address(written)
            if address is None:
                break
            found = (str(address), FORWARDED)
            if not self._is_ours(found[0]):
                break
        return found

    def _is_ours(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.networks)


NO_TERMINATORS: Final = Terminators()
"""Nothing stands in front: the peer is the client."""


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    written = b",".join(value for name, value in headers if name == _HEADER).decode("latin-1")
    return [each.strip() for each in written.split(",")]


def known(client: tuple[str, int] | None) -> str | None:
    """
    Return the address of whoever sent a request, if it is theirs: it was forwarded, or it comes from the open network.

    Any other peer, on this machine or a private network, may be something in front that nobody named in the settings,
    and then everybody comes from there.
    """
    address = None if client is None else _address(client[0])
    if client is None or address is None or not (client[1] == FORWARDED or address.is_global):
        return None
    return str(address)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's own, whatever a resolver says."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with or without a port; one of version 4 that is written as one of version 6 is that of 4."""
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(text if with_port is None else with_port["six"] or with_port["four"])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
