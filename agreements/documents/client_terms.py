"""What a client binding may say besides keys: where its key set is published, from where it asks, whom to call."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from agreements.errors import Problem
from agreements.shapes import DATE, Shape, choice, group, listing, text

Network = IPv4Network | IPv6Network

_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
"""A DNS name of at least two labels in lower case (RFC 1123 section 2.1), whose last label is no number."""
KEYS_ADDRESS: Final = (
    rf"https://{_HOST}(:[1-9][0-9]{{0,4}})?/[A-Za-z0-9._~/-]{{0,200}}",
    "an address such as https://keys.example.org/jwks.json: https, a host by its name, no query",
)
_FUNCTIONS: Final = (
    "(abuse|alerts|api|cert|contact|csirt|data|engineering|help|helpdesk|hostmaster|incidents?|info|infosec|"
    "integrations?|it|noc|operations|ops|platform|postmaster|privacy|psirt|security|soc|support|tech|technical|webmaster)"
)
MAILBOX: Final = (
    rf"{_FUNCTIONS}(-{_FUNCTIONS}|-team|-desk)?@{_HOST}",
    "the mailbox of a function, such as security@example.org: never a person's own",
)
"""RFC 2142 names and a few more. INVARIANT: no annex names a person by a mail address (claim 9)."""
_WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix of an allowed network, by IP version: a list that allows half the Internet narrows nothing."""
_MOST_PORTS: Final = 65_535

TERMS: Final[dict[str, Shape]] = {
    "jwks_url": text("rule", "The address at which the client's keys are published", KEYS_ADDRESS, 300),
    "allowed_addresses": listing("Networks the client asks from", text("rule", "A network", limit=50), most=50),
    "contacts": listing(
        "Whom to call",
        group(
            "A contact",
            {
                "role": choice("notice", "What the contact is for", "security", "technical"),
                "mailbox": text("notice", "The mailbox", MAILBOX, 254),
            },
        ),
        most=8,
    ),
    "last_day": text("rule", "The last day of this binding", DATE),
    "earlier_last_day": text("rule", "The last day of earlier bindings of this client", DATE),
}
"""All of them may be missing."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call about a client, by function; `role` is `security` or `technical`."""

    role: str
    mailbox: str


def read_networks(texts: Sequence[str]) -> tuple[tuple[Network, ...], list[Problem]]:
    """Return the networks, and what is wrong with those that are not written in their one form or are too wide."""
    networks: list[Network] = []
    problems: list[Problem] = []
    for index, written in enumerate(texts):
        network = _network(written)
        if network is None:
            sentence = "A network must be written in its one form, such as 192.0.2.0/24, 192.0.2.7/32 or 2001:db8::/32."
        elif network.prefixlen < _WIDEST[network.version]:
            sentence = f"A network must have a prefix of at least {_WIDEST[network.version]} bits; name what you use."
        else:
            networks.append(network)
            continue
        problems.append(Problem(f"/allowed_addresses/{index}", "addresses", "project rule addresses", sentence))
    return tuple(networks), problems


def port_problems(address: str) -> list[Problem]:
    """Return what a pattern cannot say about the address of a key set."""
    port = re.search(r":(\d+)/", address.removeprefix("https:"))
    if port is not None and int(port[1]) > _MOST_PORTS:
        return [Problem("/jwks_url", "keys_address", "RFC 9110 section 4.2.2", "There is no such port.")]
    return []


def host_of(address: str) -> tuple[str, int]:
    """Return host and port of the address of a key set that was read."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    return parts.hostname, parts.port or 443


def _network(written: str) -> Network | None:
    try:
        network = ipaddress.ip_network(written)
    except ValueError:
        return None
    mapped = network.version == 6 and network.network_address.ipv4_mapped is not None  # noqa: PLR2004 - IP version 6
    return None if mapped or str(network) != written else network
