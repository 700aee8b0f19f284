"""
The fewest students about whom something leaves that names nobody (34 CFR 99.31(b)(1); WAC 392-117-060).

A district sets it, and may raise it for a partner or an agreement. INVARIANT: nothing lowers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from policies.members import require_members

FLOOR: Final = 10
"""No district goes below: data about fewer than ten students may be withheld in Washington, and are here."""
_KINDS: Final = ("partner:", "agreement:")


@dataclass(frozen=True, slots=True)
class Cells:
    """The district's minimum, and who has a higher one: ids of partners and of agreements."""

    minimum: int
    raised: Mapping[str, int]

    def minimum_for(self, partner: str, agreement: str) -> int:
        """Return the minimum for an agreement (by id) with a partner: the highest that applies."""
        return max(self.minimum, self.raised.get(partner, 0), self.raised.get(agreement, 0))


def read_cells(table: Mapping[str, Any]) -> Cells:
    """Read `[cells]`. Raises `ValueError` or `TypeError` for what would lower the minimum or cannot be read."""
    require_members(table, {"minimum", "raised"})
    minimum = _number(table["minimum"])
    if minimum < FLOOR:
        raise ValueError(f"the minimum cell size is below {FLOOR}")
    raised: dict[str, int] = {}
    for row in table["raised"]:
        require_members(row, {"for", "minimum"})
        name, own = row["for"], _number(row["minimum"])
        if not isinstance(name, str) or not name.startswith(_KINDS):
            raise ValueError("a raised minimum is for a partner or an agreement, by id")
        if own <= minimum or name in raised:
            raise ValueError("a raised minimum is higher than the district's, and stands once")
        raised[name] = own
    return Cells(minimum, MappingProxyType(raised))


def _number(value: object) -> int:
    # `true` is a number in Python, and none here.
    if type(value) is not int:
        raise ValueError("a minimum cell size is no whole number")
    return value
