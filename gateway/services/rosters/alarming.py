"""
Alarms about rosters: one that ends soon or is over (row R3), and one that waits for the district for long.

Nothing is done by an alarm. A roster ends by the days in its rows, whether or not anybody was told.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

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
    lasting = (
        select(own.line, func.max(decided.fresh_until).label("until"))
        .join_from(roster_submission, roster_decision, decided.submission == own.idx)
        .where(decided.fresh_until.is_not(None))
        .group_by(own.line)
    )
    waiting = select(own.idx, own.line, own.received_at).where(~is_answered()).order_by(own.idx)

    async def look(registry: Registry, moment: Moment) -> None:
        zones = {each.document.id: each.document.term.time_zone for each in registry.granted.values()}
        async with engine.connect() as connection:
            ends = {row.line: row.until for row in await connection.execute(lasting)}
            waits = (await connection.execute(waiting)).all()
        for line in sorted(ends.keys() & zones.keys()):
            left = (ends[line] - moment.now.astimezone(pinned_zone(zones[line])).date()).days
            if left < AHEAD_DAYS:
                alarm("roster_stale", {"line": line, "days": str(left)})
        for row in waits:
            if row.line in zones and moment.now - row.received_at > PATIENCE:
                alarm("roster_waiting", {"line": row.line, "roster": str(row.idx)})

    return look
