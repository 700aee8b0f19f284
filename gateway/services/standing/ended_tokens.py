"""
Which tokens are over before their time: read from the entries that ended them, and from nothing else.

There is no table of them, as there is none of tokens (decision 30): an end cannot be lost but with its entry.
"""

from collections.abc import Mapping

from audit.entry import Entry
from audit.events import Event
from gateway.registration import EndedTokens


def ended_tokens(entries: Mapping[int, Entry]) -> EndedTokens:
    """Return the tokens that these entries, by index, say are over."""
    clients: dict[str, int] = {}
    agreements: dict[str, int] = {}
    tokens: set[str] = set()
    keys: set[str] = set()
    for index, entry in sorted(entries.items()):
        body = entry.body
        if entry.event == Event.TOKENS_ENDED:
            if "client" in body:
                clients[str(body["client"])] = index
            if "agreement" in body:
                agreements[str(body["agreement"])] = index
        elif entry.event == Event.TOKEN_REVOKED:
            tokens.add(str(body.get("token")))
        elif entry.event == Event.TOKEN_KEY_RETIRED:
            keys.add(str(body.get("key")))
    return EndedTokens(clients, agreements, frozenset(tokens), frozenset(keys))
