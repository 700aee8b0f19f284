"""
How often one may call the API: an address that proves nothing, and a client that proved its key.

INVARIANT: what strangers do never slows a partner down, so an address is judged by its failures alone, and only where
it is known to be theirs (`gateway.addresses.known`).
"""

from contextlib import suppress

from gateway.caller import AnyCaller
from gateway.oauth.errors import RateExceeded
from gateway.oauth.rates import Buckets, Level


class Throttle:
    """The limits of one process. `failures` counts by address, `requests` by client and agreement."""

    def __init__(self, failures: Buckets, requests: Buckets) -> None:
        self._failures = failures
        self._requests = requests

    def require_room(self, address: str | None) -> None:
        """Check that requests from this address are looked at. Raises `RateExceeded`."""
        if address is not None:
            self._failures.require(address)

    def failed(self, address: str | None) -> None:
        """Count a request that proved nothing."""
        if address is not None:
            with suppress(RateExceeded):  # it is full; the next one is not looked at
                self._failures.spend(address)

    def admit(self, caller: AnyCaller) -> Level:
        """Count a request of a verified caller and return what is left to it. Raises `RateExceeded`."""
        return self._requests.spend(f"{caller.client} {caller.agreement}")
