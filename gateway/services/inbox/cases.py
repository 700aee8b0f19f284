"""What the inbox shows of an alarm: values, as pages and commands print them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How a case stands."""

    OPEN = "open"
    LOOKED_AT = "looked_at"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """Why a case is resolved."""

    MENDED = "mended"
    """What was wrong was put right."""
    EXPECTED = "expected"
    """It was meant so."""
    EXPLAINED = "explained"
    """Whoever it is about explained it, and that convinced."""
    STOPPED = "stopped"
    """What caused it was stopped."""
    NO_FAULT = "no_fault"
    """The alarm was raised for nothing."""


class Act(StrEnum):
    """What is done about a case."""

    NOTED = "noted"
    LOOKED_AT = "looked_at"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    """Not by a person: it was raised anew."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a list. `code` is an alarm's, or `unusual.` and the rule that found it."""

    number: int
    code: str
    facts: Mapping[str, str]
    times: int
    first_seen: datetime
    last_seen: datetime
    state: State
    assigned_to: str | None
    resolution: Resolution | None

    @property
    def is_unusual(self) -> bool:
        """Whether it was found in the log by a rule, and not raised as an alarm."""
        return self.code.startswith(UNUSUAL)

    @property
    def name(self) -> str:
        """The code of the alarm, or the name of the rule."""
        return self.code.removeprefix(UNUSUAL)


@dataclass(frozen=True, slots=True)
class Note:
    """What was done about a case: `by` is a person's id, `about` whom it was given to or why it was resolved."""

    at: datetime
    act: Act
    by: str | None
    entry: int | None
    about: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case with everything that was done about it, the oldest first."""

    line: CaseLine
    notes: tuple[Note, ...]


UNRESOLVED: Final = frozenset({State.OPEN, State.LOOKED_AT})
"""How a case stands that is still to be resolved: that somebody looked at it takes it off nobody's list."""
UNUSUAL = "unusual."
"""In front of the name of a rule, where it stands beside codes of alarms."""
