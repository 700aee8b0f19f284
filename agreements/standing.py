"""Where an agreement stands: the moves recorded for it, in the log's order, and what undid them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agreements.in_force import VerifiedReinstatement


class Standing(StrEnum):
    """Whether an agreement may be used, its term aside."""

    NOT_ACTIVATED = "not_activated"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Move:
    """One recorded move: `index` is its log entry."""

    status: str
    index: int
    reason: str


def standing(agreement: str, moves: Sequence[Move], reinstatements: Sequence[VerifiedReinstatement]) -> Standing:
    """
    Return where the agreement with this digest stands.

    INVARIANT: a stop needs no signature, its undoing does: a suspension lasts until an officer reinstates by naming
    its entry, whatever rows came after it; a termination is for good; an unknown status counts as a suspension.
    """
    undone = {item.reinstatement.undoes for item in reinstatements if item.reinstatement.subject == agreement}
    if any(move.status == Standing.TERMINATED for move in moves):
        return Standing.TERMINATED
    if any(move.status != Standing.ACTIVE and move.index not in undone for move in moves):
        return Standing.SUSPENDED
    if any(move.status == Standing.ACTIVE for move in moves):
        return Standing.ACTIVE
    return Standing.NOT_ACTIVATED
