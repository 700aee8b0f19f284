"""
Whether a token that is bound to no key opens anything: every switch that must be on, looked at in every decision.

INVARIANT: the district's guardrails, both parties and the client's binding must each say so; what is missing or over
denies. A client that has keys is never served by such a token.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from agreements.compatibility import CLAUSE, LAST_DAY
from agreements.document import Agreement
from agreements.in_force import VerifiedBinding
from policies.decision import Denied
from policies.guardrails import Guardrails
from policies.reasons import Code
from policies.request import Bearer
from policies.term import bounds
from policies.zones import PINNED, Zones

GUARDRAIL = "guardrails:/compatibility"
ADDRESSES = "client:/allowed_addresses"
_ASK = "Use a client with keys, or ask the district."


class Promise(Protocol):
    """An agreement in force with its clients: `policies.state.Granted`."""

    @property
    def document(self) -> Agreement: ...  # noqa: D102 -- said by `Granted`
    def bindings_of(self, client: str) -> Sequence[VerifiedBinding]: ...  # noqa: D102 -- said by `Granted`


def bearer_until(
    promise: Promise, client: str, bearer: Bearer, now: datetime, *, guardrails: Guardrails, zones: Zones = PINNED
) -> datetime | Denied:
    """
    Return the instant at which such tokens of this client open nothing any more, or why they open nothing now.

    Whether the agreement is in force, names the client, and covers what is asked is judged elsewhere.
    """
    agreement = promise.document
    # (1): the district.
    if not guardrails.bearer:
        return _denied(Code.BEARER, f"The district accepts no bearer tokens. {_ASK}", GUARDRAIL)
    # (2): both parties, until a day.
    clause = agreement.compatibility
    if clause is None:
        return _denied(Code.BEARER, f"The agreement does not provide for bearer tokens. {_ASK}", CLAUSE)
    term, ends = agreement.term, _end_of(agreement, clause.last_day, zones)
    if now >= ends:
        said = f"The agreement provided for bearer tokens until {clause.last_day} ({term.time_zone}). {_ASK}"
        return _denied(Code.BEARER, said, LAST_DAY)
    # (3): the client, and where it asks from.
    open_until = {network: end for network, end in signed_networks(promise, client, zones).items() if now < end}
    if not open_until:
        return _denied(Code.BEARER, f"This client is not bound for bearer tokens. {_ASK}", ADDRESSES)
    if bearer.network not in open_until:
        return _denied(Code.ADDRESS, "The client does not ask from this address by its binding.", ADDRESSES)
    return min(ends, open_until[bearer.network])


def signed_networks(promise: Promise, client: str, zones: Zones = PINNED) -> dict[str, datetime]:
    """Return the networks from which a client without keys may ask, each with the first instant after its time."""
    found = dict[str, datetime]()
    whole = _end_of(promise.document, promise.document.term.last_day, zones)
    for each in promise.bindings_of(client):
        end = whole if each.ends is None else min(whole, each.ends)
        if each.binding.compatibility:
            for network in map(str, each.binding.allowed_addresses):
                found[network] = max(end, found.get(network, end))
    return found


def _end_of(agreement: Agreement, day: date, zones: Zones) -> datetime:
    return bounds(agreement.term.first_day, day, agreement.term.time_zone, zones)[1]


def _denied(code: Code, detail: str, clause: str) -> Denied:
    return Denied(code, detail, facts={"clause": clause})
