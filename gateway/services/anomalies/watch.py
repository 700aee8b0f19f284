"""
What is unusual in one installation's log: read once from where its rules look back to, and gone through rule by rule.

The same log gives the same findings; what population and ceilings are today stands beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.entry import parse
from audit.reading import leaves
from gateway.services.analysis.analyses import Analyses, Idle
from gateway.services.analysis.past import Law
from gateway.services.analysis.requests import first_since
from gateway.services.anomalies.access import new_key, new_person, off_hours
from gateway.services.anomalies.attempts import (
    asks_after_stop,
    denial_burst,
    enumeration,
    receipts_of_others,
    strangers,
)
from gateway.services.anomalies.found import Anomaly, Rule, World, anomaly
from gateway.services.anomalies.history import History, Moment
from gateway.services.anomalies.thresholds import Thresholds
from gateway.services.anomalies.volume import volume_of_past, volume_of_population, volume_refused
from gateway.services.obligations.history import driver_of
from gateway.services.office import Office
from gateway.services.standing.registry import Alarm, Registry
from gateway.services.stewardship import Stewardship

LOOKS_BACK: Final = timedelta(days=30)
"""How much of a client's past is read, besides the period that is asked about."""
PERIOD: Final = timedelta(days=7)
RULES: Final[tuple[Rule, ...]] = (
    volume_of_population,
    volume_of_past,
    volume_refused,
    new_key,
    new_person,
    off_hours,
    denial_burst,
    enumeration,
    receipts_of_others,
    asks_after_stop,
    strangers,
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was found since `since`, in the order of the log, up to entry `last`."""

    since: datetime
    last: int
    anomalies: tuple[Anomaly, ...]


class Watch:
    """Looks through one installation's log, as the loader role."""

    def __init__(self, office: Office, law: Law, alarm: Alarm, thresholds: Thresholds | None = None) -> None:
        self._office = office
        self._law = law
        self._alarm = alarm
        self._thresholds = thresholds or Thresholds()

    async def anomalies(self, since: datetime | None = None) -> Watched:
        """Return what is unusual since then, by default in the last seven days. Raises `LogDamaged`, `LeafRefused`."""
        moment, registry = await self._office.desk.registry()
        since = since or moment.now - PERIOD
        zones = {digest: each.verified.agreement.term.time_zone for digest, each in registry.history.items()}
        history = History({digest: ZoneInfo(zone) for digest, zone in zones.items()})
        async with self._office.engine.connect() as connection:
            start = await first_since(connection, moment.size, since - LOOKS_BACK)
            await _read(history, connection, start, moment.size)
        desk = Stewardship(self._office)
        world = World(
            since=since,
            thresholds=self._thresholds,
            covered={digest: await desk.covered_today(digest, zones[digest]) for digest in registry.granted},
            ceilings=self._law.guardrails.ceilings,
            partners={known.id: known.partner for known in registry.clients.values()},
        )
        found = [each for rule in RULES for each in rule(history, world)]
        found += await self._unused(registry, moment.now)
        found.sort(key=lambda each: (each.entries[0], each.rule, each.client, each.agreement, each.reason))
        return Watched(since, moment.size - 1, tuple(found))

    async def _unused(self, registry: Registry, now: datetime) -> list[Anomaly]:
        """Return what was granted all the time and never asked for; a log that is younger says nothing of it."""
        period = timedelta(days=self._thresholds.unused_days)
        idle = await Analyses(self._office.desk, self._law, self._alarm).unused(period)
        if idle.first == 0:
            return []
        settled = {
            (binding.binding.client, granted.document.id)
            for granted in registry.granted.values()
            for binding in granted.bindings
            if granted.document.term.begins <= now - period
            and max(binding.received.index, granted.agreement.received.index) < idle.first
        }
        return list(unused_grants(idle, settled))


def unused_grants(idle: Idle, settled: set[tuple[str, str]]) -> Iterator[Anomaly]:
    """Yield what was never asked for by clients that were bound all the time, one finding a client and dataset."""
    names: dict[tuple[str, str, str], list[str]] = {}
    for each in idle.unused:
        if (each.client, each.line) in settled:
            names.setdefault((each.client, each.line, each.dataset), []).append(each.name)
    for (client, line, dataset), elements in names.items():
        what = f"{', '.join(elements)} of {dataset}" if any(elements) else dataset or "everything it grants"
        reason = f"Granted and never asked for since {idle.since.date()}: {what}."
        yield anomaly("unused_grants", client, line, [Moment(idle.first, idle.since)], reason)


async def _read(history: History, connection: AsyncConnection, start: int, stop: int) -> None:
    index = start
    async for leaf in leaves(await driver_of(connection), start, stop):
        history.take(index, parse(leaf))
        index += 1
