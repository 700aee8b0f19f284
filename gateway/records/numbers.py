"""
Which child a student number means, by what persons said about numbers that were merged or reused.

INVARIANT: a number is followed from a child that was merged to the one that stands for it, and never from one child to
another. Who was merged or gave up a number is gone: covered by nothing, under no agreement.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records import facts
from gateway.records.standing import renumbered

QUESTIONED: Final = "numbers"
"""The target under which a student is withheld while nobody has said whose the number is (`outcomes.withheld`)."""


NO_ROW: Final = bytes(16)
"""Stands for the row of a child of whom no row is kept any more."""


class Said(StrEnum):
    """What can be said about a number."""

    MERGED = "merged"
    REUSED = "reused"
    KEPT = "kept"


def is_gone(student: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that this child's number was merged into another child's, or is another child's now."""
    said = renumbered.c
    over = and_(said.student_id == student, said.kind != Said.KEPT.value, said.to_idx.is_(None))
    return exists(select(said.row_id).where(over))


def merged_rows(name: str = "merged") -> FromClause:
    """Return (student_id, other_id) of each child that was merged, and the one that stands for it, as `name`."""
    said = renumbered.c
    now = and_(said.kind == Said.MERGED.value, said.to_idx.is_(None))
    return select(said.student_id, said.other_id).where(now).subquery(name)


async def holder_of(connection: AsyncConnection, number: str) -> UUID | None:
    """Return the child who has this number, merged or not; None if nobody has."""
    own = facts.identity.c
    student: UUID | None = await connection.scalar(select(own.student_id).where(own.student_identifier == number))
    return student


async def known_as(connection: AsyncConnection, number: str) -> UUID | None:
    """Return the child whom this number means: whoever stands for a child that was merged. None if nobody has it."""
    holder = await holder_of(connection, number)
    if holder is None:
        return None
    merged = merged_rows()
    stands: UUID | None = await connection.scalar(select(merged.c.other_id).where(merged.c.student_id == holder))
    return holder if stands is None else stands


async def one_with(connection: AsyncConnection, student: UUID) -> list[UUID]:
    """Return all ids of the same child: this one, and those merged with it, in whichever direction."""
    merged, other = merged_rows(), merged_rows("others")
    stands = select(merged.c.other_id).where(merged.c.student_id == student).scalar_subquery()
    rows = await connection.execute(
        select(other.c.student_id, other.c.other_id).where(or_(other.c.other_id == student, other.c.other_id == stands))
    )
    found = {each for row in rows for each in row} - {student}
    return [student, *sorted(found)]
