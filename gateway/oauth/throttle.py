"""
How often one may call the API: an address that proves nothing, and a client that proved its key.

INVARIANT: what strangers do never slows a partner down, so an address is judged by its failures alone, and only where
it is known. Requests that come from this machine itself come from whatever terminates TLS on it: from anybody.
"""

from contextlib import suppress
from ipaddress import ip_address

from gateway.caller import Caller
from gateway.oauth.errors import RateExceeded
from gateway.oauth.rates import Buckets, Level


class Throttle:
    """The limits of one process. `failures` counts by address, `requests` by client and agreement."""

    def __init__(self, failures: Buckets, requests: Buckets) -> None:
        self._failures = failures
        self._requests = requests

    def require_room(self, address: str) -> None:
        """Check that requests from this address are looked at. Raises `RateExceeded`."""
        self._failures.require(address)

    def failed(self, address: str) -> None:
        """Count a request that proved nothing."""
        if _is_known(address):
            with suppress(RateExceeded):  # it is full; the next one is not looked at
                self._failures.spend(address)

    def admit(self, caller: Caller) -> Level:
        """Count a request of a verified caller and return what is left to it. Raises `RateExceeded`."""
        return self._requests.spend(f"{caller.client} {caller.agreement}")


def _is_known(address: str) -> bool:
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return False
