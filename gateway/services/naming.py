"""
Whom the log's subject numbers mean, and which entries list one.

The one link from a student to a number is a sealed row under a key outside the database (decision 0005). INVARIANT:
what an index says is looked at again in the list beside the entry; it can make an answer quicker, not another one.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.commitments import Private, require_subjects, unpack_private
from audit.entry import Entry, parse
from audit.errors import CommitmentMismatch
from audit.naming import entries_naming
from gateway.records import release
from gateway.records.errors import UnknownStudent
from gateway.records.numbers import holder_of, one_with
from gateway.records.subjects import NUMBER_BYTES, SubjectKey
from gateway.services.errors import LinkErased
from gateway.services.obligations.history import driver_of

_CHUNK: Final = 1_000
"""Entries read at once: at most a few megabytes of lists."""
_BESIDE: Final = text(
    """SELECT e.idx, e.leaf, s.subjects, p.opening FROM audit.entry e JOIN audit.subject s ON s.idx = e.idx
    LEFT JOIN audit.private p ON p.idx = e.idx WHERE e.idx = ANY(:indexes) ORDER BY e.idx"""
).bindparams(bindparam("indexes", type_=ARRAY(BigInteger)))
_EVERY: Final = text("SELECT idx FROM audit.subject WHERE idx >= :start AND idx < :stop ORDER BY idx")


class Checked(StrEnum):
    """Whether the list of students beside an entry is the one that the entry commits to."""

    HOLDS = "holds"
    ALTERED = "altered"
    NOT_OPENED = "not_opened"
    NOT_COMMITTED = "not_committed"
    """The entry is of an earlier release, whose entries commit to no list."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    A student as the district and as the log knows one. Not printed.

    A child whose student numbers were merged has several ids and numbers: what left under either left about the child.
    """

    students: tuple[UUID, ...] = field(repr=False)
    identifier: str = field(repr=False)
    numbers: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry with the list of students beside it, split into numbers, in row order, and what opens it."""

    index: int
    entry: Entry
    leaf: bytes
    subjects: tuple[bytes, ...] = field(repr=False)
    private: Private | None = field(repr=False)
    checked: Checked

    def places(self, numbers: Collection[bytes]) -> tuple[int, ...]:
        """Return the rows that are about the student with one of these numbers."""
        return tuple(at for at, each in enumerate(self.subjects) if each in numbers)


async def numbered(connection: AsyncConnection, identifier: str, key: SubjectKey) -> Numbered:
    """
    Return the student with the district's number `identifier`.

    Raises `UnknownStudent`, `LinkErased` if nothing leads from the student to the log any more.
    """
    holder = await holder_of(connection, identifier)
    if holder is None:
        raise UnknownStudent("no student has this number")
    ids, link = await one_with(connection, holder), release.subject.c
    found = await connection.execute(select(link.student_id, link.sealed).where(link.student_id.in_(ids)))
    sealed = {row.student_id: row.sealed for row in found}
    if holder not in sealed:
        raise LinkErased("The link from this student to the log was erased.")
    links = [sealed[each] for each in ids if each in sealed]
    return Numbered(tuple(ids), identifier, _split(key.numbers(links)))


async def entries_listing(connection: AsyncConnection, student: Numbered, stop: int) -> list[int]:
    """Return the entries before `stop` that list this student, in the order of the log."""
    session = await driver_of(connection)
    return sorted({each for number in student.numbers async for each in entries_naming(session, number, stop=stop)})


async def listed(
    connection: AsyncConnection, indexes: Sequence[int], numbers: Collection[bytes] | None = None
) -> AsyncGenerator[Listed, None]:
    """
    Go through these entries with their lists, each compared with what its entry commits to.

    With `numbers`, those alone whose list holds one of them. Raises `LeafRefused` for a damaged entry.
    """
    for start in range(0, len(indexes), _CHUNK):
        rows = await connection.execute(_BESIDE, {"indexes": list(indexes[start : start + _CHUNK])})
        for row in rows:
            entry, packed = parse(row.leaf), bytes(row.subjects)
            private = _opened(row.opening)
            found = Listed(row.idx, entry, row.leaf, _split(packed), private, _checked(entry, private, packed))
            # A number across the border of two others is none.
            if numbers is None or found.places(numbers):
                yield found


async def altered_lists(connection: AsyncConnection, start: int, stop: int) -> list[int]:
    """
    Return every entry from `start` up to, not including, `stop` whose list is not the one it commits to.

    A student who was taken out of a list is found by this alone. It reads every list: for a check, not for a page.
    """
    indexes = list(await connection.scalars(_EVERY, {"start": start, "stop": stop}))
    return [each.index async for each in listed(connection, indexes) if each.checked is Checked.ALTERED]


def _opened(packed: bytes | None) -> Private | None:
    if packed is None:
        return None
    try:
        return unpack_private(packed)
    except CommitmentMismatch:
        return None


def _checked(entry: Entry, private: Private | None, packed: bytes) -> Checked:
    committed = entry.body.get("listed")
    if committed is None:
        return Checked.NOT_COMMITTED
    if not isinstance(committed, str) or private is None or not private.row_secret:
        return Checked.NOT_OPENED
    try:
        require_subjects(bytes.fromhex(committed), private.row_secret, packed)
    except (CommitmentMismatch, ValueError):
        return Checked.ALTERED
    return Checked.HOLDS


def _split(packed: bytes) -> tuple[bytes, ...]:
    return tuple(packed[at : at + NUMBER_BYTES] for at in range(0, len(packed), NUMBER_BYTES))
