"""
Whether a token's key is still the client's, and may be used from where the request came (claim 7).

A token lives five minutes, a key may end in the meantime: it was taken out of the published set, its binding ended, the
set is too old. Asked by the registry that the decision was made by, so a stop in between is found by the log's order.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from agreements.in_force import VerifiedBinding
from gateway.caller import Caller
from gateway.problems import Problem
from gateway.registration import Places, is_allowed
from policies.state import Granted

KEY_OVER: Final = "client_key_over"
OTHER_PLACE: Final = "client_address"
_AS_ANY_OTHER: Final = "The access token is not accepted here. Get a new one and send it with the DPoP scheme."
"""What a forged token is told, word for word (claim 8)."""
_AS_ANY_OTHER_BEARER: Final = "The access token is not accepted here. Get a new one of this issuer."
"""What a forged token of the compatibility mode is told."""


class NotBound(Problem):
    """Why is for the log only: to whoever holds the token it is one that is not accepted."""

    def __init__(self, reason: str, *, bound: bool = True) -> None:
        """`bound` says whether it is a token of the main issuer, bound to a key."""
        super().__init__("invalid_token", _AS_ANY_OTHER if bound else _AS_ANY_OTHER_BEARER)
        self.recorded = reason


def keys_of(granted: Granted, client: str, now: datetime) -> dict[str, Places]:
    """Return the thumbprints that count for a client under an agreement, each with where it may be used from."""
    found: dict[str, Places] = {}
    for each in bindings_of(granted, client, now):
        for key in each.keys:
            places = found.get(key.key.thumbprint, ())
            found[key.key.thumbprint] = (*places, each.binding.allowed_addresses)
    return found


def bindings_of(granted: Granted, client: str, now: datetime) -> Iterator[VerifiedBinding]:
    """Yield the bindings of a client that count at this instant."""
    return (each for each in granted.bindings if each.binding.client == client and each.counts_at(now))


def require_bound(granted: Granted | None, caller: Caller, now: datetime) -> None:
    """Check the key of a caller under the agreement of its token. Raises `NotBound`."""
    if granted is None:
        return  # what is not in force is refused by the decision, in its own words
    places = keys_of(granted, caller.client, now).get(caller.key)
    # (1): the key that the token was issued to still counts for this client under this agreement.
    if places is None:
        raise NotBound(KEY_OVER)
    # (2): from here.
    if not is_allowed(places, caller.address):
        raise NotBound(OTHER_PLACE)
