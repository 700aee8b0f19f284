"""
Where an agreement stands, and which move may follow which: the table, and the standing that recorded moves add up to.

Time is not in this table: an agreement in force that has not begun, or is past its last day, is still `active` here,
and every decision asks the clock. What is signed or approved before activation is a matter of the document alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from agreements.errors import MoveNotAllowed
from agreements.in_force import VerifiedReinstatement


class Standing(StrEnum):
    """Whether an agreement may be used, its term aside."""

    NOT_ACTIVATED = "not_activated"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    """A later version was activated: this one lasts until the first day of that, and no longer."""
    TERMINATED = "terminated"
    CLOSED = "closed"
    """It is over, and what the partner owed was certified."""


class Act(StrEnum):
    """What can be done to an agreement."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REPLACE = "replace"
    TERMINATE = "terminate"
    CLOSE = "close"


ALLOWED: Final[Mapping[tuple[Standing, Act], Standing]] = MappingProxyType(
    {
        (Standing.NOT_ACTIVATED, Act.ACTIVATE): Standing.ACTIVE,
        (Standing.ACTIVE, Act.SUSPEND): Standing.SUSPENDED,
        (Standing.ACTIVE, Act.REPLACE): Standing.REPLACED,
        (Standing.ACTIVE, Act.TERMINATE): Standing.TERMINATED,
        (Standing.ACTIVE, Act.CLOSE): Standing.CLOSED,
        (Standing.SUSPENDED, Act.SUSPEND): Standing.SUSPENDED,
        (Standing.SUSPENDED, Act.REINSTATE): Standing.ACTIVE,
        (Standing.SUSPENDED, Act.TERMINATE): Standing.TERMINATED,
        (Standing.SUSPENDED, Act.CLOSE): Standing.CLOSED,
        (Standing.REPLACED, Act.SUSPEND): Standing.SUSPENDED,
        (Standing.REPLACED, Act.TERMINATE): Standing.TERMINATED,
        (Standing.REPLACED, Act.CLOSE): Standing.CLOSED,
        (Standing.TERMINATED, Act.CLOSE): Standing.CLOSED,
    }
)
"""
(where it stands, what is done) -> where it stands then. What is not listed is not allowed.

A suspended version is not replaced: an officer lifts the suspension or ends the version first, so that a stop cannot be
walked around by an amendment. Closing what is not terminated asks that its term is over: the service asks the clock.
A replaced version whose suspension is undone stands as replaced again (`standing`), never as active.
"""


@dataclass(frozen=True, slots=True)
class Move:
    """One recorded move: `index` is its log entry."""

    status: str
    index: int
    reason: str


def require_allowed(standing: Standing, act: Act) -> Standing:
    """Return where an agreement stands after `act`. Raises `MoveNotAllowed`."""
    try:
        return ALLOWED[standing, act]
    except KeyError:
        raise MoveNotAllowed(f"An agreement that is {standing.replace('_', ' ')} cannot be moved by '{act}'.") from None


def standing(agreement: str, moves: Sequence[Move], reinstatements: Sequence[VerifiedReinstatement]) -> Standing:
    """
    Return where the agreement with this digest stands.

    INVARIANT: a stop needs no signature, its undoing does: a suspension lasts until an officer reinstates by naming
    its entry, whatever rows came after it; a termination is for good; an unknown status counts as a suspension.
    """
    undone = {item.reinstatement.undoes for item in reinstatements if item.reinstatement.subject == agreement}
    recorded = {move.status for move in moves}
    for over in (Standing.CLOSED, Standing.TERMINATED):
        if over in recorded:
            return over
    if any(move.status not in _NO_STOP and move.index not in undone for move in moves):
        return Standing.SUSPENDED
    for reached in (Standing.REPLACED, Standing.ACTIVE):
        if reached in recorded:
            return reached
    return Standing.NOT_ACTIVATED


_NO_STOP: Final = frozenset({Standing.ACTIVE.value, Standing.REPLACED.value})
