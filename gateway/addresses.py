"""
From which address a request came, also behind whatever terminates TLS.

INVARIANT: a forwarded address is believed only if it was written by a machine named in the settings; anybody can write
the header.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

_FORWARDED: Final = b"x-forwarded-for"


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
            if _address(written) is None:
                break
            found = (written, 0)
            if not self._is_ours(written):
                break
        return found

    def _is_ours(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.networks)


NO_TERMINATORS: Final = Terminators()
"""Nothing stands in front: the peer is the client."""


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    written = b",".join(value for name, value in headers if name == _FORWARDED).decode("latin-1")
    return [each.strip() for each in written.split(",")]


def _address(text: str) -> Any:  # noqa: ANN401  the library's own union has no name
    try:
        return ip_address(text)
    except ValueError:
        return None
