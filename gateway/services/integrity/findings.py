"""What a comparison of the tables with the log may find, and whom each finding concerns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.records.parts import EVERYBODY

_SAFE: Final = re.compile(r"agreement:[a-z0-9-]{1,80}|sha256:[0-9a-f]{64}")


class Code(StrEnum):
    """The stable code of an alarm about facts. `docs/officers.md` says what to do about each."""

    CHANGED = "facts_changed"
    """Rows are not those that the entry which dated them commits to: some were changed, added or deleted."""
    UNCLAIMED = "facts_unclaimed"
    """Rows are dated by what no entry claims: they were written past the log, or before it committed to rows."""
    OPENING_LOST = "facts_opening_lost"
    """What stands beside an entry does not open its commitment any more, so its rows cannot be compared."""
    VISIBLE_MOVED = "facts_visible_moved"
    """The loads that are visible are not those that the log made visible."""
    TERMS_MOVED = "facts_terms_moved"
    """The line or the time zone of a population is not what the signed document says."""
    RENAMED = "facts_renamed"
    """Students are known by another number than the one that their own rows were loaded under."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    Something in the tables that the log does not say.

    `at` is the entry, or the batch of rows that loads date; `concerns` an agreement's line or a version's digest, or
    `EVERYBODY` if it cannot be told.
    """

    code: Code
    at: int
    table: str
    concerns: str = EVERYBODY

    @property
    def facts(self) -> Mapping[str, str]:
        """What the alarm says. A changed row may name anything, and that may be personal: it is not repeated."""
        concerns = self.concerns if _SAFE.fullmatch(self.concerns) else "unknown"
        return {"table": self.table, "at": str(self.at), "concerns": concerns if self.concerns else "everybody"}
