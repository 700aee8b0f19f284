"""
How much a transformation leaves of a value: the order that decides between two clauses, and what a child may change.

The order goes from nothing to all of it:

- `drop` and `blank` leave nothing; `drop` not even the column.
- `count` leaves how many there are, of whatever they are; `band` leaves a range of the value.
- `year` leaves one year of a date and never moves; `age_years` leaves a year's span too, counted from the start of the
  school year, but becomes sharper when one knows the day it moves, so it is the laxer of the two.
- `zip3` leaves a region of the exact value; `exact` leaves it all.

Neighbours that never fit the same element (a band and a year) are ordered only so that the answer does not depend on
the order of clauses.
"""

from typing import Final

from agreements.elements import Transformation

STRICTEST_FIRST: Final = (
    Transformation.DROP,
    Transformation.BLANK,
    Transformation.COUNT,
    Transformation.BAND,
    Transformation.YEAR,
    Transformation.AGE_YEARS,
    Transformation.ZIP3,
    Transformation.EXACT,
)
HIDDEN: Final = frozenset({Transformation.DROP.value, Transformation.BLANK.value})
"""What leaves no value at all."""

RANK: Final = {transformation.value: rank for rank, transformation in enumerate(STRICTEST_FIRST)}


def tells_no_more(transformation: str, than: str) -> bool:
    """
    Return whether a value under `transformation` can be worked out from the same value under `than`.

    Stricter by the order is not enough: a birth year is no sharper than an age, but who has both knows more than who
    has the age. What was made of the whole value, or leaves nothing, adds nothing.
    """
    return transformation == than or transformation in HIDDEN or than == Transformation.EXACT.value
