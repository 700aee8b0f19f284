"""
For whom a client may call under an agreement: asked by the token endpoints, and again of every request (claim 7).

A token lives five minutes; a person may be taken out of the annex in the meantime, or an undertaking or a training end.
"""

from datetime import datetime
from typing import Final

from agreements.attending import Attendance, attendance
from gateway.caller import AUTOMATED, AnyCaller
from gateway.services.bound import NotBound
from gateway.services.standing.registry import Registry
from policies.state import Granted

PERSON_OVER: Final = "person_over"


def attendance_of(registry: Registry, granted: Granted, now: datetime) -> Attendance:
    """Return for whom clients may call under an agreement in force, by everything the registry has."""
    digest = granted.document.digest
    return attendance(
        granted.agreement,
        granted.bindings,
        registry.history[digest].annexes,
        registry.undertakings.get(digest, ()),
        now,
    )


def require_attended(registry: Registry, caller: AnyCaller, now: datetime) -> None:
    """Check that the person of a token may still stand behind a call, or that none need to. Raises `NotBound`."""
    granted = registry.granted.get(caller.agreement)
    if granted is None:
        return  # what is not in force is refused by the decision, in its own words
    person = None if caller.behind == AUTOMATED else caller.behind
    # Who attends is looked up for a person only: most calls are programs' own.
    attended = Attendance(granted.document.people_behind) if person is None else attendance_of(registry, granted, now)
    if attended.against(person, caller.role) is not None:
        raise NotBound(PERSON_OVER, bound=caller.bearer is None)
