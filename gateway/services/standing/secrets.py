"""
The secrets of clients as the log tells of them: who received one, until when, and which were ended.

INVARIANT: the log alone says what a secret is good for. A row beside it holds the salt that opens the commitment and
nothing else: one that is gone or altered opens nothing, and no row brings back what was ended (claims 1 and 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from audit.entry import Entry
from audit.events import Event


@dataclass(frozen=True, slots=True)
class LoggedSecret:
    """A secret that was issued and not ended: its entry, its commitment (hex) and the first instant after its time."""

    entry: int
    client: str
    commitment: str
    ends: datetime


def secrets_of(entries: Mapping[int, Entry]) -> tuple[LoggedSecret, ...]:
    """Return the secrets that nobody ended, oldest first, those whose time is over included."""
    ended = {entry.body["entry"] for entry in entries.values() if entry.event == Event.CLIENT_SECRET_ENDED}
    return tuple(
        LoggedSecret(index, entry.body["client"], entry.body["commitment"], datetime.fromisoformat(entry.body["ends"]))
        for index, entry in sorted(entries.items())
        if entry.event == Event.CLIENT_SECRET_ISSUED and index not in ended
    )
