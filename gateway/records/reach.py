"""
How far a reading reaches: whose stays, which school years, and up to which day something is told.

An agreement's row terms are one reach. An emergency order is the other: it reaches all of the records of those whom an
officer names, as they stand now.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from policies.decision import RowTerms
from policies.population import Everyone, Population


class Limit(Enum):
    """
    What an agreement must say and an order does not limit.

    INVARIANT: no document can say it: what is read from a document is text, and text is never equal to this.
    """

    NONE = "none"


NO_LIMIT: Final = Limit.NONE
Unlimited = Literal[Limit.NONE]


@dataclass(frozen=True, slots=True)
class OfAnOrder:
    """The reach of an emergency order (34 CFR 99.36): every stay and school year, today included."""

    population: Population
    school_years: Unlimited = NO_LIMIT
    cadence: Unlimited = NO_LIMIT


Reach = RowTerms | OfAnOrder
"""What decides, besides the fields, which rows are read."""

EMERGENCY: Final = OfAnOrder(Everyone())
