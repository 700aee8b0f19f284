"""Which of a client's signed networks an address belongs to."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network


def network_of(address: str | None, networks: Iterable[str]) -> str | None:
    """
    Return the network that `address` belongs to, the narrowest of several; None for none of them.

    `address` is `gateway.addresses.known`'s. INVARIANT: an address that is not known belongs to nothing.
    """
    if address is None:
        return None
    asked = ip_address(address)
    found = [network for network in map(ip_network, networks) if asked in network]
    return str(max(found, key=lambda network: (network.prefixlen, str(network)))) if found else None
