"""
Which of several transformations wins when an agreement gives one element twice: always the strictest.

The order goes by how much is left of a value, from nothing to all of it:

- `drop` and `blank` leave nothing; `drop` not even the column.
- `count` leaves how many there are, of whatever they are; `band` leaves a range of the value.
- `year` leaves one year of a date and never moves; `age_years` leaves a year's span too, counted from the start of the
  school year, but becomes sharper when one knows the day it moves, so it is the laxer of the two.
- `zip3` leaves a region of the exact value; `exact` leaves it all.

Neighbours that never fit the same element (a band and a year) are ordered only so that the answer does not depend on
the order of clauses.
"""

from collections.abc import Iterable
from typing import Final

from agreements.elements import Transformation
from policies.errors import UncompilableAgreement

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
"""What leaves no value: such an element cannot be filtered on or sorted by."""

_RANK: Final = {transformation.value: rank for rank, transformation in enumerate(STRICTEST_FIRST)}


def require_known(transformation: str) -> str:
    """Return `transformation`. Raises `UncompilableAgreement` for one without a place in the order."""
    if transformation not in _RANK:
        raise UncompilableAgreement("A clause asks for a transformation that has no place in the order of strictness.")
    return transformation


def strictest(transformations: Iterable[str]) -> str:
    """Return the strictest of at least one known transformation."""
    return min(transformations, key=_RANK.__getitem__)
