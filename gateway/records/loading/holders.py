"""
Whether a number still means the child whom it meant before, asked when rows come.

Source systems give a number to another child, sometimes years later. INVARIANT: no row, roster line, consent or
placement reaches a child by a number that another child had when it was made. A number that comes with another name and
birth date is a question: whoever had it is withheld, and its rows are refused, until a person says whose it is.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from gateway.records.loading.cells import Value
from gateway.records.loading.comparing import IN_FORCE
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import TARGETS
from gateway.records.loading.workspace import KNOWN, ROWS, STUDENTS, Workspace, rows_of
from gateway.records.numbers import NO_ROW, QUESTIONED, Said

GIVEN_ON: Final = {"rosters": "from_date", "consents": "signed_on", "placements": "from_date"}
"""Targets that give a partner something, with the day that tells for which child it was."""
_ASK: Final = (
    "its number came with another name and birth date: say whether it is the same child's (records number-kept)"
    " or another's now (records number-reused); until then none of its rows is taken"
)
_ANOTHERS: Final = "on that day its number was another child's"
_TOLD: Final = ("first_name", "last_name", "birthdate")
_VISIBLE: Final = "from_batch <= (SELECT f.batch FROM records.frontier AS f)"
_STOOD: Final = (
    f"(SELECT DISTINCT ON (student_id) student_id, {', '.join(_TOLD)}, digest FROM records.student WHERE {_VISIBLE}"
    " ORDER BY student_id, from_batch DESC)"
)
"""The last row that was known of each student, however old."""
_NOW: Final = f"(SELECT student_id FROM records.withheld WHERE target = '{QUESTIONED}' AND {IN_FORCE})"
_FRESH: Final = (
    "SELECT count(*) FROM pg_temp.asked AS a"
    f" WHERE NOT EXISTS (SELECT FROM {_NOW} AS n WHERE n.student_id = a.student_id)"
)


async def ask(work: Workspace, stagings: Sequence[Staging]) -> int:
    """
    Refuse the staged rows whose number may mean, or meant, another child.

    Return how many students this load asks about first: if they are many, it is the export that is broken. The tables
    `asked` and `answered` hold whose numbers are a question, and whose are none any more: a row came that is theirs.
    """
    connection = work.connection
    told = [number for number, staging in enumerate(stagings) if staging.load.target == STUDENTS]
    async with connection.transaction():
        await connection.execute("SET LOCAL work_mem = '64MB'")
        for number in told:
            await _ask_of_forgotten(connection, number)
            await _ask_of_others(connection, number)
        fresh = int(await connection.fetchval(_FRESH))
        for number in told:
            await connection.execute(
                f"INSERT INTO pg_temp.answered SELECT n.student_id FROM {_NOW} AS n WHERE"
                f" EXISTS (SELECT FROM pg_temp.staged_{number} AS s WHERE s.student_id = n.student_id) AND NOT EXISTS"
                " (SELECT FROM pg_temp.asked AS a WHERE a.student_id = n.student_id) ON CONFLICT DO NOTHING"
            )
        await connection.execute(
            f"INSERT INTO pg_temp.asked SELECT n.student_id FROM {_NOW} AS n WHERE NOT EXISTS"
            " (SELECT FROM pg_temp.answered AS a WHERE a.student_id = n.student_id) ON CONFLICT DO NOTHING"
        )
        is_asked = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_temp.asked)")
        for number, staging in enumerate(stagings):
            target = staging.load.target
            if is_asked and TARGETS[target].is_about_students:
                await _refuse(work, number)
            if target in GIVEN_ON:
                await _refuse_earlier(work, number, GIVEN_ON[target])
    return fresh


async def withhold_questioned(connection: asyncpg.Connection, batch: int) -> bool:
    """Date who is withheld because of a number; return whether that is anybody else than before."""
    ended = await connection.execute(
        f"UPDATE records.withheld SET to_batch = $1 WHERE target = '{QUESTIONED}' AND {IN_FORCE}"
        " AND student_id IN (SELECT a.student_id FROM pg_temp.answered AS a)",
        batch,
    )
    begun = await connection.execute(
        "INSERT INTO records.withheld (student_id, target, digest, from_batch)"
        f" SELECT a.student_id, '{QUESTIONED}', $2::bytea, $1::bigint FROM pg_temp.asked AS a"
        f" WHERE NOT EXISTS (SELECT FROM {_NOW} AS n WHERE n.student_id = a.student_id)",
        batch,
        bytes(16),
    )
    return rows_of(ended) > 0 or rows_of(begun) > 0


def is_somebody_else(old: Mapping[str, Any], new: Mapping[str, Value]) -> bool:
    """
    Return whether two rows of one number speak of different children, as far as names and birth dates tell.

    Another birth date and another name: a corrected date alone, or a new name alone, is the same child. Where a birth
    date is not known, first and last name must both be others.
    """
    names = [(_plain(old[name]), _plain(new.get(name))) for name in ("first_name", "last_name")]
    differ = [before != after for before, after in names if before and after]
    born, told = old["birthdate"], new.get("birthdate")
    if born is None or told is None:
        return len(differ) == len(names) and all(differ)
    return bool(born != told and any(differ))


def _plain(name: object) -> str:
    return unicodedata.normalize("NFC", str(name or "")).strip().casefold()


async def _ask_of_forgotten(connection: asyncpg.Connection, number: int) -> None:
    """Ask of whom was covered once and is not known any more: whoever comes by this number may be somebody else."""
    await connection.execute(
        f"INSERT INTO pg_temp.asked SELECT DISTINCT s.student_id FROM pg_temp.staged_{number} AS s"
        " WHERE EXISTS (SELECT FROM records.code AS c WHERE c.student_id = s.student_id"
        f" AND (c.from_batch IS NULL OR c.{_VISIBLE}))"
        f" AND NOT EXISTS (SELECT FROM records.student AS k WHERE k.student_id = s.student_id AND k.{_VISIBLE})"
        f" AND {_not_kept('s.student_id', '$1::bytea')} ON CONFLICT DO NOTHING",
        NO_ROW,
    )


async def _ask_of_others(connection: asyncpg.Connection, number: int) -> None:
    """Ask of whom a row came that speaks of another child than the last row did; of several rows any is enough."""
    stood = ", ".join(f"k.{name} AS stood_{name}" for name in _TOLD)
    came = ", ".join(f"s.{name}" for name in _TOLD)
    changed = await connection.cursor(
        f"SELECT s.student_id, {stood}, {came} FROM pg_temp.staged_{number} AS s"
        f" JOIN {_STOOD} AS k ON k.student_id = s.student_id"
        f" WHERE k.digest <> s.digest AND {_not_kept('k.student_id', 'k.digest')}"
    )
    while rows := await changed.fetch(ROWS):
        others = [
            row["student_id"]
            for row in rows
            if is_somebody_else({name: row[f"stood_{name}"] for name in _TOLD}, {name: row[name] for name in _TOLD})
        ]
        await connection.execute("INSERT INTO pg_temp.asked SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", others)


def _not_kept(student: str, stood: str) -> str:
    """Return the condition that nobody has said the number is still the child's of whom `stood` is the last row."""
    return (
        "NOT EXISTS (SELECT FROM records.renumbered AS r"
        f" WHERE r.kind = '{Said.KEPT}' AND r.to_idx IS NULL AND r.student_id = {student} AND r.stood = {stood})"
    )


async def _refuse(work: Workspace, number: int) -> None:
    """Refuse, and count, every row of the numbers in question; each number is named once, by its first row."""
    await work.refuse(
        number,
        f"WITH gone AS (DELETE FROM pg_temp.staged_{number} AS s USING pg_temp.asked AS a"
        " WHERE a.student_id = s.student_id RETURNING s.student_id, s.at_line)"
        " INSERT INTO pg_temp.refused (load, at_line, reason, field, shape, student_id, rows)"
        f" SELECT {number}, min(at_line), $1, '', '', student_id, count(*) FROM gone GROUP BY student_id",
        _ASK,
    )
    more = "SELECT coalesce(sum(rows) - count(*), 0) FROM pg_temp.refused WHERE load = $1"
    work.refused[number] += int(await work.connection.fetchval(more, number))


async def _refuse_earlier(work: Workspace, number: int, day: str) -> None:
    """Refuse what was given before the number was this child's: it ends, and is entered again for whom it is meant."""
    await work.refuse(
        number,
        "WITH since AS (SELECT k.student_id, max(r.said_on) AS day FROM records.renumbered AS r"
        f" JOIN {KNOWN} AS k ON k.student_identifier = r.student_identifier"
        f" WHERE r.kind = '{Said.REUSED}' AND r.to_idx IS NULL GROUP BY k.student_id),"
        f" gone AS (DELETE FROM pg_temp.staged_{number} AS s USING since AS n"
        f" WHERE n.student_id = s.student_id AND s.{day} < n.day RETURNING s.student_id, s.at_line)"
        " INSERT INTO pg_temp.refused (load, at_line, reason, field, shape, student_id)"
        f" SELECT {number}, at_line, $1, '', '', student_id FROM gone",
        _ANOTHERS,
    )
