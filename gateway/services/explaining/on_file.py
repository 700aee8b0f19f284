"""
What a student's family said, in force and over, and which agreements cover the student now: for the student's own page.

Read in one snapshot, on the district's side, after the entry that says that somebody looked. INVARIANT: nothing in here
is printed; it is personal data.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records import standing
from gateway.records.numbers import one_with
from gateway.records.release import in_force, population


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """
    One thing that a family said, by the entry that put it on file; `ended_by` is the entry that ended it.

    `kind` is consent, sharing, directory or statement. Without a `line` it is meant for every agreement. `covers` are
    ids of elements, `all`, or nothing.
    """

    kind: str
    line: str | None
    covers: tuple[str, ...]
    first: dt.date
    last: dt.date | None
    entry: int
    ended_by: int | None


@dataclass(frozen=True, slots=True, repr=False)
class OnFile:
    """What is on file about one student; `agreements` are the digests of those that cover the student."""

    said: tuple[Said, ...]
    agreements: tuple[str, ...]


async def read_on_file(connection: AsyncConnection, student: UUID) -> OnFile:
    """Return what is on file about a student, what came last first."""
    said = [
        Said("consent", row.line, tuple(row.covers), row.from_date, row.to_date, row.from_idx, row.to_idx)
        for row in await _rows(connection, standing.consent, student)
    ]
    said += [
        Said(row.scope, row.line, (), row.from_date, None, row.from_idx, row.to_idx)
        # A no under a number that was merged since is a no of the child.
        for each in await one_with(connection, student)
        for row in await _rows(connection, standing.opt_out, each)
    ]
    said += [
        Said("statement", None, tuple(row.elements), row.stated_on, None, row.from_idx, row.to_idx)
        for row in await _rows(connection, standing.contested, student)
    ]
    own = population.c
    covering = await connection.scalars(select(own.agreement).where(own.student_id == student, in_force()).distinct())
    said.sort(key=lambda each: (each.ended_by is not None, -each.entry))
    return OnFile(tuple(said), tuple(sorted(covering)))


async def _rows(connection: AsyncConnection, table: Table, student: UUID) -> Sequence[Any]:
    return (await connection.execute(select(table).where(table.c.student_id == student))).all()
