"""
What is withheld from one student's accounting now, and whether it may be told that something is (decision 0055).

INVARIANT: of what a court forbids to tell nothing is left, not even a count: the accounting is the one that there would
be if it had never happened. What the law lets a family see is withheld for no reason but a court's order.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.withholding import SILENT, Reason, Withholding
from gateway.errors import WrappingKeyMissing
from gateway.records.subjects import SubjectKey
from gateway.services.accounting.told import Told
from gateway.services.family.kept import Family
from gateway.services.family.whose import whose

ENTRY: Final = "entry:"
"""What stands before the entry of a record made by hand, in the lines of a withholding."""


class Withheld:
    """
    What is not shown, asked of one disclosure after the other, in the order of the log.

    `told` says afterwards whether something was withheld of which the family may know.
    """

    def __init__(self, standing: Iterable[Withholding]) -> None:
        self._standing = tuple(standing)
        self._hidden: set[int] = set()
        self.told = False

    def hides(self, disclosure: Told) -> bool:
        """Return whether this disclosure is not shown."""
        about, occurrence = disclosure.about, disclosure.occurrence
        names = {f"{ENTRY}{occurrence.entry}", "" if about.under is None else about.under.id}
        # What cites a document that does not verify now might be any line: it is not shown either.
        unknown = disclosure.unread is not None
        # A record that corrects one that is withheld would tell what that said.
        corrects_hidden = occurrence.corrects in self._hidden
        found = [
            each.reason
            for each in self._standing
            if (unknown or corrects_hidden or not names.isdisjoint(each.lines))
            and not (each.reason is Reason.SAFETY and about.ferpa_9932_required)
        ]
        if not found:
            return False
        self._hidden.add(occurrence.entry)
        self.told = self.told or not any(each in SILENT for each in found)
        return True

    def hides_agreement(self, agreement: str) -> bool:
        """Return whether nothing is said of this agreement (its id): of its refused requests neither."""
        return any(agreement in each.lines for each in self._standing)


async def withheld_from(
    connection: AsyncConnection, family: Family, numbers: Collection[bytes], now: datetime, key: SubjectKey
) -> Withheld:
    """Return what is withheld at `now` about the student with one of these numbers; as the loader role."""
    lasting = {at: each.withholding for at, each in family.withholdings.items() if each.lasts(now)}
    beside = await whose(connection, list(lasting))
    own = [
        each
        for at, each in lasting.items()
        if (number := _number(key, each)) in numbers or (number is None and beside.concerns(at, numbers))
    ]
    return Withheld(own)


def _number(key: SubjectKey, withholding: Withholding) -> bytes | None:
    """Return the number that officers signed for; None if its key is gone, and the list beside the entry has to do."""
    try:
        return key.numbers([withholding.student])
    except WrappingKeyMissing:
        return None


def known_lines(agreements: Iterable[str], orders: Iterable[str], records: Iterable[int]) -> frozenset[str]:
    """Return every line that can be withheld, as withholdings name them."""
    return frozenset((*agreements, *orders, *(f"{ENTRY}{each}" for each in records)))


def unknown_lines(lines: Sequence[str], known: Collection[str]) -> list[str]:
    """Return those of the lines that are none."""
    return [each for each in lines if each not in known]
