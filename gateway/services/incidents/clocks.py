"""
Who must be told of an incident, and until when: by contract from the moment of discovery, by law in days.

Pure, so that a test can say it case by case. The law is RCW 42.56.590 (agencies): the residents whose records were
taken within 30 days after discovery, and the attorney general if they are more than 500. The attorney general's page
lets *state agencies* take 14 more days to translate the notice; a school district is none, so no clock is longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

RESIDENTS_DAYS: Final = 30
"""RCW 42.56.590(7): no more than thirty calendar days after the breach was discovered."""
MANY: Final = 500
"""RCW 42.56.590(7): the attorney general is told of a breach that concerns more residents than these."""


class Task(StrEnum):
    """What is to be done about an incident. The value stands in entries and is never renamed."""

    PARTNER_TELLS = "partner_tells"
    """The partner tells the district, within the hours of the agreement."""
    COUNT_STUDENTS = "count_students"
    """Without a count nobody knows whom to tell, and whether the attorney general must be."""
    TELL_FAMILIES = "tell_families"
    TELL_ATTORNEY_GENERAL = "tell_attorney_general"


@dataclass(frozen=True, slots=True)
class Duty:
    """
    One thing to do; `due` is the last instant at which it is in time, None where no clock runs.

    `done_at`, `done_by` and `entry` are of whoever did it, or said why it need not be done: then it does not apply.
    """

    task: Task
    due: datetime | None
    done_at: datetime | None = None
    done_by: str | None = None
    entry: int | None = None
    applies: bool = True

    def is_overdue(self, now: datetime) -> bool:
        """Return whether its time is over and nobody did it."""
        return self.done_at is None and self.due is not None and now > self.due


def duties(discovered: datetime, hours: Iterable[int], students: int | None) -> tuple[Duty, ...]:
    """
    Return what is to be done, the earliest clock first, what has none last.

    `hours` are the breach-notice hours of the agreements that it concerns; `students` is how many it may concern, None
    as long as nobody counted.
    """
    within = min(hours, default=None)
    by_law = discovered + timedelta(days=RESIDENTS_DAYS)
    found = [] if within is None else [Duty(Task.PARTNER_TELLS, discovered + timedelta(hours=within))]
    if students is None:
        found.append(Duty(Task.COUNT_STUDENTS, None))
    # Nobody found is no reason of the law's: that nobody is to be told is said by a person, with why.
    found.append(Duty(Task.TELL_FAMILIES, by_law))
    if students is not None and students > MANY:
        found.append(Duty(Task.TELL_ATTORNEY_GENERAL, by_law))
    return tuple(sorted(found, key=lambda each: (each.due is None, each.due or discovered)))
