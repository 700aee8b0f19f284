"""What a rule found: which rule, about whom, why, and by which entries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.services.anomalies.history import History
from gateway.services.anomalies.thresholds import Thresholds
from policies.ceilings import Ceiling

_MOST_ENTRIES: Final = 20
"""Named of one finding; the others are found by a search."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something unusual: `entries` are the first of the `count` it rests on, `last` is the last of them."""

    rule: str
    client: str
    agreement: str
    at: datetime
    reason: str
    entries: tuple[int, ...]
    count: int
    last: int


@dataclass(frozen=True, slots=True)
class World:
    """What the log does not say: how many students an agreement covers, the ceilings, and whose client is whose."""

    since: datetime
    thresholds: Thresholds = field(default_factory=Thresholds)
    covered: Mapping[str, int] = field(default_factory=dict)
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    partners: Mapping[str, str] = field(default_factory=dict)


class Noted(Protocol):
    """Whatever has an entry and a time."""

    @property
    def entry(self) -> int:
        """The index of the entry."""

    @property
    def at(self) -> datetime:
        """When it was written."""


class Rule(Protocol):
    """A rule: what it finds depends on nothing but what it is given. Its name is that of the function."""

    __name__: str

    def __call__(self, history: History, world: World) -> Iterator[Anomaly]:
        """Yield what is unusual since `world.since`."""


def anomaly(rule: str, client: str, agreement: str, entries: Sequence[Noted], reason: str) -> Anomaly:
    """Make a finding out of at least one entry, in the order of the log."""
    named = tuple(each.entry for each in entries[:_MOST_ENTRIES])
    return Anomaly(rule, client, agreement, entries[0].at, reason, named, len(entries), entries[-1].entry)


def bursts(noted: Sequence[Noted], within: timedelta, least: int) -> Iterator[Sequence[Noted]]:
    """Yield runs in which each moment is one of `least` within the time; runs that overlap are one."""
    first = begins = ends = 0
    for last, each in enumerate(noted):
        while each.at - noted[first].at >= within:
            first += 1
        if last - first + 1 < least:
            continue
        if ends and first >= ends:
            yield noted[begins:ends]
            ends = 0
        begins, ends = (begins if ends else first), last + 1
    if ends:
        yield noted[begins:ends]
