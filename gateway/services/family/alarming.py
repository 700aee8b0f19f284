"""
Alarms about families' requests that are overdue: the calendar by the log's own entries, which every login may read.

A document is not looked at here: what serves partners may not read it, and an entry that an officer's step ended what
is due is the office's word. What does not verify is alarmed about where the office reads it.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.entry import Entry
from audit.errors import LeafRefused
from audit.events import Event
from gateway.services.family.kept import family_entries
from gateway.services.standing.registry import Alarm, Moment, Registry

_ENDS: Final = frozenset({Event.FAMILY_REQUEST_ANSWERED, Event.FAMILY_REQUEST_REFUSED, Event.FAMILY_REQUEST_TAKEN_BACK})


def overdue_among(entries: dict[int, Entry], today: date) -> dict[int, date]:
    """Return the requests that are open by the log and whose last day is over, with that day."""
    due: dict[int, date] = {}
    for index, entry in entries.items():
        if entry.event == Event.FAMILY_REQUEST_RECEIVED:
            due[index] = date.fromisoformat(entry.body["answer_by"])
        elif entry.event == Event.FAMILY_REQUEST_EXTENDED:
            due[entry.body["answers"]] = date.fromisoformat(entry.body["answer_by"])
        elif entry.event in _ENDS:
            due.pop(entry.body["answers"], None)
    return {index: last for index, last in due.items() if today > last}


def overdue_alarming(engine: AsyncEngine, alarm: Alarm) -> Callable[[Registry, Moment], Awaitable[None]]:
    """Return what raises an alarm for each request of a family that is overdue (row F1)."""

    async def look(registry: Registry, moment: Moment) -> None:  # noqa: ARG001 - looked for as everything owed is
        try:
            async with engine.connect() as connection:
                entries = await family_entries(connection)
        except LeafRefused as error:
            alarm("family_request_refused", {"entry": "unknown", "reason": error.code})
            return
        for index, last in overdue_among(entries, moment.now.date()).items():
            alarm("family_request_overdue", {"entry": str(index), "answer_by": last.isoformat()})

    return look
