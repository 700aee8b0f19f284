"""
Programs that know only a client secret: what shapes cannot say of their clause and of their binding.

The clause lets tokens in that are worth something to a thief. So it is never open-ended, and never longer than the
agreement.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from agreements.canonical import Json
from agreements.dates import read_date
from agreements.errors import Problem
from agreements.pointer import MISSING, resolve

CLAUSE: Final = "/compatibility"
LAST_DAY: Final = f"{CLAUSE}/last_day"
WIDEST: Final = {4: 16, 6: 32}
"""The shortest prefix of a network, by IP version: an organisation's own addresses, not those of its provider."""
_RULE, _SOURCE = "K1", "project rule K1"


def compatibility_problems(content: Json) -> Iterator[Problem]:
    """Yield what is wrong with the clause of a document that may be incomplete; nothing without a clause."""
    if resolve(content, CLAUSE) is MISSING:
        return
    written = resolve(content, LAST_DAY)
    last, begins, ends = (read_date(resolve(content, path)) for path in (LAST_DAY, "/term/first_day", "/term/last_day"))
    if last is None:
        if isinstance(written, str):
            yield _problem(LAST_DAY, "This is not a day of the calendar (2026-09-01).")
    elif (begins is not None and last < begins) or (ends is not None and last > ends):
        yield _problem(LAST_DAY, "Tokens that are bound to no key are accepted within the agreement's term only.")


def secret_problems(networks: Sequence[IPv4Network | IPv6Network]) -> list[Problem]:
    """Return what is wrong with the networks from which a client without keys may ask."""
    if not networks:
        sentence = "A client without keys lists in 'allowed_addresses' the networks it asks from."
        return [_problem("/allowed_addresses", sentence)]
    return [
        _problem(
            f"/allowed_addresses/{index}",
            f"For a client without keys a network has a prefix of at least {WIDEST[network.version]} bits.",
        )
        for index, network in enumerate(networks)
        if network.prefixlen < WIDEST[network.version]
    ]


def _problem(path: str, sentence: str) -> Problem:
    return Problem(path, _RULE, _SOURCE, sentence)
