"""
Alarms about rosters: one that ends soon or is over (row R3), and one that waits for the district for long.

Nothing is done by an alarm. A roster ends by the days in its rows, whether or not anybody was told.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.entry import Entry
from gateway.services.obligations.history import entries_at
from gateway.services.rosters.submissions import is_answered
from gateway.services.standing.registry import Alarm, Moment, Registry
from gateway.store.rosters import roster_decision, roster_submission
from policies.term import pinned_zone

AHEAD_DAYS: Final = 7
"""So many days before a roster ends, and from then on."""
PATIENCE: Final = timedelta(days=14)
"""For so long a roster may wait for the district."""


def rosters_watched(engine: AsyncEngine, alarm: Alarm) -> Callable[[Registry, Moment], Awaitable[None]]:
    """Return what looks at the rosters of the agreements in force, as the app role."""
    own, decided = roster_submission.c, roster_decision.c
    both = (roster_submission, roster_decision, decided.submission == own.idx)
    lasting = select(own.line, func.max(decided.fresh_until).label("until")).join_from(*both).group_by(own.line)
    deciding = select(decided.idx, own.line, decided.fresh_until).join_from(*both).order_by(decided.idx)
    waiting = select(own.idx, own.line, own.received_at).where(~is_answered()).order_by(own.idx)

    async def look(registry: Registry, moment: Moment) -> None:
        zones = {each.document.id: each.document.term.time_zone for each in registry.granted.values()}
        newest = deciding.where(decided.fresh_until >= moment.now.date() - PATIENCE)
        async with engine.connect() as connection:
            ends = {row.line: row.until for row in await connection.execute(lasting) if row.until is not None}
            waits = (await connection.execute(waiting)).all()
            found = (await connection.execute(newest)).all()
            entries = await entries_at(connection, [row.idx for row in found])
        ends |= _first_ends(found, entries, registry)
        for line in sorted(ends.keys() & zones.keys()):
            left = (ends[line] - moment.now.astimezone(pinned_zone(zones[line])).date()).days
            if left < AHEAD_DAYS:
                alarm("roster_stale", {"line": line, "days": str(left)})
        for row in waits:
            if row.line in zones and moment.now - row.received_at > PATIENCE:
                alarm("roster_waiting", {"line": row.line, "roster": str(row.idx)})

    return look


def _first_ends(found: Iterable[Any], entries: Mapping[int, Entry], registry: Registry) -> Mapping[str, date]:
    """
    Return the day on which the first part of each roster ends, of decisions in the order of the log.

    A principal's word counts for the own school, and each part is as new as the last word on it; whoever decides about
    all schools says so of every part.
    """
    limits = {each.signer.key.thumbprint: each.signer.school for each in registry.authority.introductions}
    parts: dict[str, dict[str | None, date]] = {}
    for row in (each for each in found if each.idx in entries):
        school = limits.get(entries[row.idx].body["signers"][0])
        if school is None:
            parts[row.line] = {}
        parts.setdefault(row.line, {})[school] = row.fresh_until
    return {line: min(each.values()) for line, each in parts.items()}
