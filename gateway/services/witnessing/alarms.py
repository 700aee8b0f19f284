"""What the operator is told of witnesses: when something begins, once an hour while it lasts, and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from audit.cosigning import Cosigned
from gateway.services.standing.registry import Alarm, Moment
from gateway.services.witnessing.window import Seen, Standing

SILENT_AFTER: Final = timedelta(minutes=15)
"""Longer than a restart of a witness, and than three times between two cosignatures of a log that does not grow."""
REPEATED_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a witness did not cosign when it was asked last; a stable word."""

    reason: str
    is_proven: bool = False


class Alarms:
    """Remembers what was said when, so that nothing is said at every look. All times are of the log's clock."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._said: dict[str, tuple[str, datetime]] = {}
        self._was_open = True
        self._refused = ""

    def refused(self, document: str, reason: str) -> None:
        """Say, once, that the newest naming cannot be used."""
        alarm = self._alarm
        if self._refused != document:
            self._refused = document
            alarm("witnesses_refused", {"document": document, "reason": reason})

    def tell(self, moment: Moment, standing: Standing, troubles: Mapping[str, Trouble]) -> None:
        """Say what is to be said about each witness."""
        alarm, seen = self._alarm, standing.seen
        before = Cosigned(0, int(standing.naming.received.at.timestamp()))
        for key in standing.keys:
            stands = standing.cosigned.get(key.signer, before)
            since = datetime.fromtimestamp(stands.time, UTC)
            trouble = troubles.get(key.name)
            facts = {
                "witness": key.name,
                "reason": "late" if trouble is None else trouble.reason,
                "since": since.isoformat(),
                "unwitnessed": _entries(moment, seen),
            }
            if trouble is not None and trouble.reason == "contradicts":
                if self._is_due(key.name, facts["reason"], moment.now):
                    alarm("witness_contradicts", {**facts, "proof": "yes" if trouble.is_proven else "its word"})
            elif trouble is not None and trouble.reason != "silent":
                if self._is_due(key.name, facts["reason"], moment.now):
                    alarm("witness_refused", facts)
            elif moment.now - since > SILENT_AFTER:
                if self._is_due(key.name, facts["reason"], moment.now):
                    alarm("witness_silent", facts)
            elif trouble is None and self._said.pop(key.name, None) is not None:
                alarm("witness_back", {"witness": key.name, "unwitnessed": facts["unwitnessed"]})

    def tell_window(self, moment: Moment, seen: Seen | None, *, is_open: bool) -> None:
        """Say that disclosure stops, or goes on."""
        alarm = self._alarm
        if is_open == self._was_open:
            return
        self._was_open = is_open
        facts = {} if seen is None else {"since": seen.at.isoformat(), "unwitnessed": _entries(moment, seen)}
        if is_open:
            alarm("disclosure_resumed", facts)
        else:
            alarm("disclosure_stopped", facts)

    def _is_due(self, name: str, reason: str, now: datetime) -> bool:
        said = self._said.get(name)
        if said is not None and said[0] == reason and now - said[1] < REPEATED_AFTER:
            return False
        self._said[name] = reason, now
        return True


def _entries(moment: Moment, seen: Seen) -> str:
    """Return how many entries no witness has seen; a log that was set back has fewer than they saw."""
    return str(max(0, moment.size - seen.size))
