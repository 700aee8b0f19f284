"""
Reminders of a client's end: 30, 14 and 3 days before its last binding to an agreement is over, each once.

Once for all replicas and restarts: a row says who was reminded of what. Nobody gets anything by it, and nothing is
denied; whoever deletes or adds such a row changes no more than whether a line is written.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.in_force import VerifiedBinding
from agreements.register import digest_bytes
from audit.change import append_change, next_index
from audit.entry import leaf
from audit.events import Event
from gateway.services.standing.registry import Alarm, Moment, Registry
from gateway.store.tables import client_reminder
from policies.state import Granted

AHEAD: Final = (3, 14, 30)


@dataclass(frozen=True, slots=True)
class Ending:
    """A client that loses its last binding to an agreement. `last_day` is of the agreement's zone, and included."""

    client: str
    agreement: str
    binding: str
    last_day: date
    days: int
    """Whole days left after today; negative once it is over."""


def endings(registry: Registry, now: datetime) -> Iterator[Ending]:
    """Yield what ends of itself before its agreement does, over or not, by client and agreement."""
    for digest, granted in registry.granted.items():
        for client in sorted(granted.clients):
            last = _last(granted, client)
            if last is not None and last.ends is not None and last.ends < granted.document.term.ends:
                zone = ZoneInfo(granted.document.term.time_zone)
                last_day = (last.ends - timedelta(microseconds=1)).astimezone(zone).date()
                left = (last_day - now.astimezone(zone).date()).days
                yield Ending(client, digest, last.digest, last_day, left)


def reminding(engine: AsyncEngine, alarm: Alarm) -> Callable[[Registry, Moment], Awaitable[None]]:
    """Return what looks at the clients of a registry and reminds of those that end soon. As the app role."""

    async def look(registry: Registry, moment: Moment) -> None:
        for each in endings(registry, moment.now):
            due = next((days for days in AHEAD if 0 <= each.days <= days), None)
            if due is not None and await _is_news(engine, each, due, moment.now):
                alarm("client_expiring", {"client": each.client, "agreement": each.agreement, "days": str(each.days)})

    return look


def _last(granted: Granted, client: str) -> VerifiedBinding | None:
    """Return the binding that ends last; None if one lasts as long as the agreement."""
    own = [each for each in granted.bindings if each.binding.client == client]
    dated = [(each.ends, each) for each in own if each.ends is not None]
    return max(dated, key=lambda pair: pair[0])[1] if len(dated) == len(own) else None


async def _is_news(engine: AsyncEngine, each: Ending, due: int, now: datetime) -> bool:
    binding = digest_bytes(each.binding)
    reminded = select(client_reminder.c.idx).where(client_reminder.c.binding == binding, client_reminder.c.days <= due)
    async with engine.begin() as connection:
        if (await connection.execute(reminded.limit(1))).one_or_none() is not None:
            return False
        index = await next_index(connection)  # from here on nobody else reminds
        row = {"binding": binding, "days": due, "idx": index}
        written = insert(client_reminder).values(row).on_conflict_do_nothing().returning(client_reminder.c.idx)
        if (await connection.execute(written)).one_or_none() is None:
            return False
        body = {"client": each.client, "agreement": each.agreement, "binding": each.binding, "days": each.days}
        entry = leaf(Event.CLIENT_EXPIRING, now, **body, last_day=each.last_day.isoformat())
        await append_change(connection, entry, moves_epoch=False)
    return True
