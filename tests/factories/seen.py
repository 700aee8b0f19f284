"""The log's order, read back: a disclosure was read at an epoch no older than the last change before its entry."""

from collections.abc import Sequence
from typing import Any

from audit.events import MOVES_EPOCH, Event


def require_seen(entries: Sequence[dict[str, Any]], start: int) -> int:
    """Replay the log: each disclosure from entry `start` on had seen every change before it. Return how many."""
    moves = {event.value for event in MOVES_EPOCH}
    epoch, disclosures = -1, 0
    for index, entry in enumerate(entries):
        if entry["event"] in moves:
            epoch = index
        elif entry["event"] == Event.DISCLOSURE and index >= start:
            assert entry["epoch"] >= epoch, f"entry {index} was read at {entry['epoch']}, after the change at {epoch}"
            disclosures += 1
    return disclosures
