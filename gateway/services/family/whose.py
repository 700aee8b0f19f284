"""
Whose a request or a withholding is: the random number that stands beside its entry, committed to in it.

INVARIANT: nothing here leads from a number to a student. Where a list is not the one that its entry commits to, nobody
knows whose the request is, and it counts for everybody.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.naming import Checked, listed


@dataclass(frozen=True, slots=True)
class Whose:
    """The numbers beside entries; None where the list is not the one that the entry commits to."""

    numbers: Mapping[int, frozenset[bytes] | None] = field(repr=False)

    def concerns(self, entry: int, numbers: Collection[bytes]) -> bool:
        """Return whether the entry is about the student with one of these numbers, or may be."""
        own = self.numbers.get(entry)
        return own is None or not own.isdisjoint(numbers)

    def concerning(self, numbers: Collection[bytes]) -> tuple[int, ...]:
        """Return the entries that are about the student with one of these numbers, or may be."""
        return tuple(each for each in sorted(self.numbers) if self.concerns(each, numbers))

    @property
    def known(self) -> frozenset[bytes] | None:
        """All the numbers; None if of one entry nobody knows whose it is."""
        found: set[bytes] = set()
        for each in self.numbers.values():
            if each is None:
                return None
            found |= each
        return frozenset(found)


async def whose(connection: AsyncConnection, entries: Sequence[int]) -> Whose:
    """Return whose these entries are; as the loader role. An entry without a list is anybody's."""
    found: dict[int, frozenset[bytes] | None] = dict.fromkeys(entries)
    async for each in listed(connection, entries):
        if each.checked is Checked.HOLDS:
            found[each.index] = frozenset(each.subjects)
    return Whose(found)
