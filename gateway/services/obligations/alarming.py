"""
Alarms about what is owed: a certificate, a hold, its release or a review that is on file and does not verify.

Nothing leaves by one of these, so nothing is denied; but a hold that does not count lets records be destroyed, and
whoever made it so wrote to the database by hand.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.elements import Catalogue, load_catalogue
from audit.errors import LeafRefused
from gateway.services.obligations.courses import follow
from gateway.services.standing.registry import Alarm, Moment, Registry


def alarming(
    engine: AsyncEngine, alarm: Alarm, catalogue: Catalogue | None = None
) -> Callable[[Registry, Moment], Awaitable[None]]:
    """Return what looks at the obligations of a registry and raises an alarm for each document that does not hold."""
    known = catalogue or load_catalogue()

    async def look(registry: Registry, moment: Moment) -> None:
        try:
            async with engine.connect() as connection:
                following = await follow(connection, moment, registry, known)
        except LeafRefused as error:
            alarm("obligation_refused", {"document": "unknown", "reason": error.code})
            return
        found = {pair for each in following.followed.values() for pair in each.refused}
        for document, reason in sorted({*found, *following.unread}):
            alarm("obligation_refused", {"document": document, "reason": reason})

    return look
