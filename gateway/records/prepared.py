"""
What a load will move in populations, prepared unseen: computed and committed to before the log's head is locked.

Rows carry the load's batch and count from the moment the frontier shows it (`gateway.records.release`). They are
written and taken back a few at a time and never under the head, so that no withdrawal waits for a load.
INVARIANT: nothing here ends or begins anything that anybody sees.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Text, cast, literal
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.records.codes import new_code
from gateway.records.coverage import Scope
from gateway.records.errors import LoadBusy
from gateway.records.lists import ON_FILE, Lists
from gateway.records.parts import Part
from gateway.records.population import Random, differences

Row = TypeVar("Row")

ROWS_AT_ONCE: Final = 2_000
"""Rows of one transaction: some ten milliseconds, the longest that anybody waits for a row."""
_PATIENCE: Final = 200
"""How often rows that somebody else holds are tried again, every 25 ms: a stop is through in far less."""
_PAUSE: Final = 0.025

_END: Final = """UPDATE records.population SET to_batch = $1 WHERE row_id IN (
    SELECT r.row_id FROM records.population AS r
    WHERE r.row_id = ANY ($2::bigint[]) AND r.to_idx IS NULL AND r.to_batch IS DISTINCT FROM $1
    FOR UPDATE SKIP LOCKED)"""
_NOT_ENDED: Final = """SELECT count(*) FROM records.population
    WHERE row_id = ANY ($2::bigint[]) AND to_idx IS NULL AND to_batch IS DISTINCT FROM $1"""
_CODE: Final = """INSERT INTO records.code (line, student_id, code, from_idx, from_batch)
    SELECT $1, u.student_id, u.code, NULL, $4 FROM unnest($2::uuid[], $3::text[]) AS u (student_id, code)
    ON CONFLICT (line, student_id) DO NOTHING"""
_CODED: Final = "SELECT student_id FROM records.code WHERE line = $1 AND student_id = ANY ($2::uuid[])"
_BEGIN: Final = """INSERT INTO records.population (agreement, student_id, code, covers, valid, from_batch)
    SELECT $1, u.student_id, c.code, u.covers, u.valid::datemultirange, $6
    FROM unnest($3::uuid[], $4::bigint[], $5::text[]) AS u (student_id, covers, valid)
    JOIN records.code AS c ON c.line = $2 AND c.student_id = u.student_id"""
_PREPARED: Final = "SELECT part, concerns, rows, digest FROM records.prepared_by($1)"
_MOVED: Final = """WITH moved AS (
    SELECT student_id FROM records.roster WHERE from_idx > $1 OR to_idx > $1
    UNION ALL SELECT student_id FROM records.consent WHERE from_idx > $1 OR to_idx > $1
    UNION ALL SELECT student_id FROM records.opt_out WHERE from_idx > $1 OR to_idx > $1
    UNION ALL SELECT student_id FROM records.placement WHERE from_idx > $1 OR to_idx > $1
    UNION ALL SELECT student_id FROM records.population WHERE from_idx > $1 OR to_idx > $1
    UNION ALL SELECT student_id FROM records.renumbered WHERE from_idx > $1 OR to_idx > $1
    UNION ALL SELECT student_id FROM records.restriction WHERE from_idx > $1 OR to_idx > $1
    )
    SELECT student_id FROM moved
    UNION SELECT r.other_id FROM records.renumbered AS r JOIN moved USING (student_id)
    WHERE r.kind = 'merged' AND r.to_idx IS NULL"""
"""Of a child that was merged, the one that stands for it moves too."""


async def prepare_population(
    session: AsyncConnection,
    connection: asyncpg.Connection,
    scope: Scope,
    batch: int,
    *,
    random: Random,
    students: Sequence[UUID] | None = None,
    lists: Lists = ON_FILE,
) -> None:
    """
    Write what the load `batch` will move in the population of `scope`, unseen. Raises `UnknownTerm`, `LoadBusy`.

    `lists` are those that will be on file then, as far as the load brings any. `students` narrows the work to those for
    whom it was taken back. Every statement is a transaction of its own; `session` and `connection` are the same one.
    """
    found = differences(scope, students, literal(batch, BigInteger), lists).subquery("found")
    query = found.select().with_only_columns(
        found.c.row_id, found.c.student_id, found.c.covers, cast(found.c.valid, Text).label("valid")
    )
    async with session.begin():
        rows = (await session.execute(query)).all()
    for chunk in _chunks([row.row_id for row in rows if row.row_id is not None]):
        await _end(connection, batch, chunk)
    for begun in _chunks([row for row in rows if row.row_id is None]):
        whose = [row.student_id for row in begun]
        await _give_codes(connection, scope.line, batch, whose, random)
        covers, valid = [row.covers for row in begun], [row.valid for row in begun]
        await connection.execute(_BEGIN, scope.agreement, scope.line, whose, covers, valid, batch)


async def take_back(connection: asyncpg.Connection, students: Sequence[UUID] | None = None) -> None:
    """
    Take back what loads that nobody sees have prepared, for everybody or for these students only.

    Under the load's lock. Raises `LoadBusy` if somebody holds such a row for long.
    """
    await _until_none(connection, "SELECT records.unprepare($1, $2)", False, students)


async def settle(connection: asyncpg.Connection) -> None:
    """
    Date what visible loads have brought by their entries. Nothing that anybody reads changes; only reads get shorter.

    Under the load's lock. Rows that somebody holds for long are left for the next load.
    """
    try:
        await _until_none(connection, "SELECT records.settle($1) WHERE $2::uuid[] IS NULL", True, None)
    except LoadBusy:
        return


async def prepared_parts(connection: asyncpg.Connection, batch: int) -> list[Part]:
    """Compute what the entry of `batch` will commit to of these rows; `at` is to become that entry (`dated`)."""
    rows = await connection.fetch(_PREPARED, batch)
    return [Part(batch, row["part"], row["concerns"], row["rows"], row["digest"]) for row in rows]


def dated(parts: Sequence[Part], idx: int) -> list[Part]:
    """Return prepared parts as those of entry `idx`."""
    return [replace(part, at=idx) for part in parts]


async def moved_since(connection: asyncpg.Connection, epoch: int) -> list[UUID]:
    """Return the students about whom an entry after `epoch` dated something that populations depend on."""
    return [row[0] for row in await connection.fetch(_MOVED, epoch)]


async def _end(connection: asyncpg.Connection, batch: int, rows: Sequence[int]) -> None:
    """Mark ends; a row that a stop ends first needs no mark. INVARIANT: no waiting for a row, so no deadlock."""
    for _ in range(_PATIENCE):
        await connection.execute(_END, batch, rows)
        if not await connection.fetchval(_NOT_ENDED, batch, rows):
            return
        await asyncio.sleep(_PAUSE)
    raise LoadBusy("a population is held by somebody else")


async def _give_codes(
    connection: asyncpg.Connection, line: str, batch: int, students: Sequence[UUID], random: Callable[[int], bytes]
) -> None:
    known = {row[0] for row in await connection.fetch(_CODED, line, students)}
    lacking = [each for each in dict.fromkeys(students) if each not in known]
    if lacking:
        await connection.execute(_CODE, line, lacking, [new_code(random) for _ in lacking], batch)


async def _until_none(
    connection: asyncpg.Connection, work: str, visible: bool, students: Sequence[UUID] | None
) -> None:
    idle = 0
    while idle < _PATIENCE:
        if await connection.fetchval(work, ROWS_AT_ONCE, students):
            idle = 0
            continue
        if not await connection.fetchval("SELECT records.unsettled($1, $2)", visible, students):
            return
        idle += 1
        await asyncio.sleep(_PAUSE)
    raise LoadBusy("a population is held by somebody else")


def _chunks(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE)]
