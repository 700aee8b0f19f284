"""
Writing a load so that nobody sees it yet, and undoing what a load that failed has left.

Rows carry the number of a batch that is not visible; the short final transaction only moves the frontier.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import asyncpg

from gateway.records.columns import is_loaded, metadata
from gateway.records.loading.comparing import begins
from gateway.records.loading.mapping import Load
from gateway.records.loading.merge import Difference
from gateway.records.loading.targets import DECIDING, columns_of, key_of
from gateway.records.loading.workspace import ROWS, rows_of
from gateway.records.prepared import take_back
from gateway.records.subjects import SubjectKey
from gateway.wrapping_keys import FIRST

_WRAPPED_BY: Final = (
    "SELECT k.name FROM gateway.wrapping_key AS k WHERE k.move = 'introduced' ORDER BY k.name DESC LIMIT 1"
)
"""The key that was introduced last: whoever serves has had its file since then."""
_NEWEST: Final = "(SELECT f.batch FROM records.frontier AS f)"
HELD: Final = f"h.from_batch <= {_NEWEST} AND (h.to_batch IS NULL OR h.to_batch > {_NEWEST})"
"""Of the table of who is withheld, under the alias `h`: who is now."""
MENDED_BY: Final = (
    "({0}::text IS NULL OR EXISTS (SELECT FROM records.batch AS b WHERE b.id = h.from_batch AND b.source = {0}))"
)
"""Of the same: withheld by the mapping of this name, or by any if it is NULL."""
_UNDO: Final = "; ".join(
    f"DELETE FROM {table.fullname} WHERE from_batch > {_NEWEST};"
    f" UPDATE {table.fullname} SET to_batch = NULL WHERE to_batch > {_NEWEST}"
    for table in metadata.sorted_tables
    if is_loaded(table)
)


async def undo_leftovers(connection: asyncpg.Connection) -> None:
    """Remove what a load that never became visible has written. Only under the load's lock. Raises `LoadBusy`."""
    await take_back(connection)
    async with connection.transaction():
        await connection.execute(f"{_UNDO}; DELETE FROM records.batch WHERE idx IS NULL")


async def undo_unused(connection: asyncpg.Connection, batches: Sequence[int]) -> None:
    """Remove batches that hold nothing."""
    await connection.execute("DELETE FROM records.batch WHERE id = ANY ($1::bigint[]) AND idx IS NULL", list(batches))


async def add_students(connection: asyncpg.Connection, key: SubjectKey, random: Callable[[int], bytes]) -> None:
    """Give new students their internal id and the number the log will list them by. Raises `WrappingKeyMissing`."""
    await connection.execute(
        "INSERT INTO records.identity (student_id, student_identifier)"
        " SELECT student_id, student_identifier FROM pg_temp.fresh"
    )
    wrapped_by = await connection.fetchval(_WRAPPED_BY) or FIRST
    fresh = await connection.cursor("SELECT student_id FROM pg_temp.fresh")
    while students := await fresh.fetch(ROWS):
        sealed = key.new_sealed(len(students), random, wrapped_by)
        await connection.copy_records_to_table(
            "subject",
            schema_name="records",
            records=[(row["student_id"], number) for row, number in zip(students, sealed, strict=True)],
            columns=["student_id", "sealed"],
        )


async def open_batch(
    connection: asyncpg.Connection, kind: str, source: str, digest: bytes, differences: Sequence[Difference]
) -> int:
    """Write the batch's own row; return its number. `digest` is over the rows' digests in order."""
    number = await connection.fetchval(
        "INSERT INTO records.batch (kind, source, digest, rows, prepared_at)"
        " VALUES ($1, $2, $3, $4, gateway.clock()) RETURNING id",
        kind,
        source,
        digest,
        sum(each.taken for each in differences),
    )
    return int(number)


async def write_unseen(connection: asyncpg.Connection, difference: Difference, batch: int) -> None:
    """Write a target's new rows and mark the ends of old ones, all of it as of a batch nobody sees yet."""
    table, columns = difference.kind.table.fullname, ", ".join(columns_of(difference.target))
    if difference.changed or difference.ended:
        await connection.execute(
            f"UPDATE {table} AS t SET to_batch = $1 FROM pg_temp.leaving AS l"
            f" WHERE l.load = {difference.number} AND t.row_id = l.row_id",
            batch,
        )
    if difference.added or difference.changed:
        await connection.execute(
            f"INSERT INTO {table} ({columns}, digest, from_batch) SELECT {columns}, digest, $1::bigint"
            f" FROM pg_temp.staged_{difference.number} AS s WHERE {begins(difference.target)}"
            # In the order of the key: its index grows at one place at a time, whatever the order of the file.
            f" ORDER BY {', '.join(key_of(difference.target))}",
            batch,
        )


async def keep_beginnings(connection: asyncpg.Connection, difference: Difference) -> None:
    """Leave in the workspace only the rows that begin: under the lock of the log's head nothing is compared."""
    await connection.execute(
        f"DELETE FROM pg_temp.staged_{difference.number} AS s WHERE NOT ({begins(difference.target)})"
    )


def mends(source: str, loads: Iterable[Load]) -> str | None:
    """
    Return by which mapping somebody was withheld whom these loads of the mapping `source` can let go; None: by any.

    INVARIANT: nobody is withheld no more by a load that says nothing of the row for which they are: one of another
    mapping, unless this one is the whole truth about its target.
    """
    return None if any(each.scope is None for each in loads) else source


async def withhold(connection: asyncpg.Connection, source: str, differences: Sequence[Difference], batch: int) -> bool:
    """
    Date who is withheld: those of this load's refused rows, and no longer those whom a load before withheld (`mends`).

    Return whether that is anybody else than before.
    """
    changed = False
    for target in dict.fromkeys(each.target for each in differences if each.target in DECIDING):
        own = [each for each in differences if each.target == target]
        numbers = [each.number for each in own]
        mended = await connection.execute(
            f"UPDATE records.withheld AS h SET to_batch = $1 WHERE h.target = $2 AND {HELD}"
            f" AND {MENDED_BY.format('$4')} AND NOT EXISTS"
            " (SELECT FROM pg_temp.withheld AS w WHERE w.load = ANY($3::int[]) AND w.student_id = h.student_id)",
            batch,
            target,
            numbers,
            mends(source, (each.load for each in own)),
        )
        broken = await connection.execute(
            "INSERT INTO records.withheld (student_id, target, digest, from_batch)"
            " SELECT DISTINCT w.student_id, $2::text, $4::bytea, $1::bigint FROM pg_temp.withheld AS w"
            " WHERE w.load = ANY($3::int[]) AND NOT EXISTS (SELECT FROM records.withheld AS h"
            f" WHERE h.target = $2 AND {HELD} AND {MENDED_BY.format('$5')} AND h.student_id = w.student_id)",
            batch,
            target,
            numbers,
            bytes(16),
            source,
        )
        changed = changed or rows_of(mended) > 0 or rows_of(broken) > 0
    return changed
