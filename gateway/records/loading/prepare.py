"""
Writing a load so that nobody sees it yet, and undoing what a load that failed has left.

Rows carry the number of a batch that is not visible; the short final transaction only moves the frontier.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

import asyncpg

from gateway.records.columns import is_loaded, metadata
from gateway.records.loading.merge import IN_FORCE, Difference
from gateway.records.loading.staging import Staged
from gateway.records.loading.targets import DECIDING, NUMBER
from gateway.records.prepared import take_back
from gateway.records.subjects import SubjectKey
from gateway.wrapping_keys import FIRST

_WRAPPED_BY = "SELECT k.name FROM gateway.wrapping_key AS k WHERE k.move = 'introduced' ORDER BY k.name DESC LIMIT 1"
"""The key that was introduced last: whoever serves has had its file since then."""
_VERSIONED = tuple(table for table in metadata.sorted_tables if is_loaded(table))


async def undo_leftovers(connection: asyncpg.Connection) -> None:
    """Remove what a load that never became visible has written. Only under the load's lock. Raises `LoadBusy`."""
    await take_back(connection)
    async with connection.transaction():
        for table in _VERSIONED:
            name, newest = table.fullname, "(SELECT f.batch FROM records.frontier AS f)"
            await connection.execute(f"DELETE FROM {name} WHERE from_batch > {newest}")  # noqa: S608 - our own names
            await connection.execute(f"UPDATE {name} SET to_batch = NULL WHERE to_batch > {newest}")  # noqa: S608 - same
        await connection.execute("DELETE FROM records.batch WHERE idx IS NULL")


async def identify_students(
    connection: asyncpg.Connection, staged: Sequence[Staged], random: Callable[[int], bytes]
) -> tuple[dict[str, UUID], list[tuple[UUID, str]]]:
    """Return every student's id by number, and those that this load brings for the first time."""
    rows = await connection.fetch("SELECT student_identifier, student_id FROM records.identity")
    known = {row[0]: row[1] for row in rows}
    fresh = []
    for each in staged:
        if each.load.target != "students":
            continue
        for row in each.rows:
            number = str(row.values[NUMBER])
            if number not in known:
                known[number] = UUID(bytes=random(16), version=4)
                fresh.append((known[number], number))
    return known, fresh


async def add_students(
    connection: asyncpg.Connection,
    students: Sequence[tuple[UUID, str]],
    key: SubjectKey,
    random: Callable[[int], bytes],
) -> None:
    """Give new students their internal id and the number the log will list them by. Raises `WrappingKeyMissing`."""
    sealed = key.new_sealed(len(students), random, await connection.fetchval(_WRAPPED_BY) or FIRST)
    await connection.copy_records_to_table(
        "identity", schema_name="records", records=students, columns=["student_id", "student_identifier"]
    )
    await connection.copy_records_to_table(
        "subject",
        schema_name="records",
        records=[(student, number) for (student, _), number in zip(students, sealed, strict=True)],
        columns=["student_id", "sealed"],
    )


async def open_batch(
    connection: asyncpg.Connection, kind: str, source: str, differences: Sequence[Difference]
) -> tuple[int, bytes]:
    """Write the batch's own row; return its id and its digest, over the rows' digests in order."""
    digest = hashlib.sha256(
        b"".join(each.target.encode() + b"\0" + b"".join(sorted(each.digests)) for each in differences)
    ).digest()
    number = await connection.fetchval(
        "INSERT INTO records.batch (kind, source, digest, rows, prepared_at)"
        " VALUES ($1, $2, $3, $4, gateway.clock()) RETURNING id",
        kind,
        source,
        digest,
        sum(len(each.digests) for each in differences),
    )
    return int(number), digest


async def write_unseen(connection: asyncpg.Connection, difference: Difference, batch: int) -> None:
    """Write a target's new rows and mark the ends of old ones, all of it as of a batch nobody sees yet."""
    table = difference.kind.table
    await connection.execute(
        f"UPDATE {table.fullname} SET to_batch = $1 WHERE row_id = ANY($2::bigint[])",  # noqa: S608 - our own name
        batch,
        difference.end,
    )
    await connection.copy_records_to_table(
        table.name,
        schema_name="records",
        records=[(*row, batch) for row in difference.begin],
        columns=[*difference.columns, "from_batch"],
    )


async def withhold(connection: asyncpg.Connection, differences: Iterable[Difference], batch: int) -> bool:
    """
    Date who is withheld: those of this load's refused rows, and no longer those of the load before.

    Return whether that is anybody else than before.
    """
    changed = False
    for difference in differences:
        if difference.target not in DECIDING:
            continue
        target = difference.target
        rows = await connection.fetch(
            f"SELECT row_id, student_id FROM records.withheld WHERE target = $1 AND {IN_FORCE}",  # noqa: S608 - constant
            target,
        )
        known = {row["student_id"]: row["row_id"] for row in rows}
        mended = [row_id for student, row_id in known.items() if student not in difference.withheld]
        broken = difference.withheld - set(known)
        changed = changed or bool(mended or broken)
        await connection.execute(
            "UPDATE records.withheld SET to_batch = $1 WHERE row_id = ANY($2::bigint[])", batch, mended
        )
        await connection.copy_records_to_table(
            "withheld",
            schema_name="records",
            records=[(student, target, bytes(16), batch) for student in broken],
            columns=["student_id", "target", "digest", "from_batch"],
        )
    return changed
