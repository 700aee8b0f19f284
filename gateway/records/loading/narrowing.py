"""
What of a held load applies at once: whatever takes something from a partner, and nothing else.

A load that would end or change suspiciously much waits for two people. INVARIANT: narrowing is never held. A stay or a
listing that is over, or over earlier, ends on its new last day; a consent to less covers less; what a list leaves out
ends; a family's no counts; whose rows cannot be read is withheld, and so is, from agreements that ask who is in none of
some programs, whoever a new row puts into one. Other rows that begin, other values and the end of a withholding wait.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from audit.events import Event
from gateway.records.loading.comparing import IN_FORCE, begins, matched
from gateway.records.loading.merge import Difference, digest_taken
from gateway.records.loading.prepare import HELD, MENDED_BY, mends
from gateway.records.loading.staging import row_digest
from gateway.records.loading.targets import DECIDING, EXIT, OPT_OUTS, TARGETS, columns_of
from gateway.records.loading.workspace import ROWS, Workspace
from gateway.records.meanings import ALL

COVERS: Final = "covers"
"""What a consent covers."""
SIGNED: Final = "signed_on"
"""The day a consent was signed: the earlier it is, the less of later versions it covers (`meanings`)."""
LAST_DAY: Final = "to_date"
"""The last day of a listing; of a stay it is `EXIT`."""
PROGRAMS: Final = "programs"
PROGRAM_EXIT: Final = "program_exit_date"
_NOT_YET: Final = "NOT EXISTS (SELECT FROM pg_temp.withheld AS w WHERE w.load = {0} AND w.student_id = s.student_id)"
"""Of the student of a row `s`: this load withholds it not yet."""
_DAYS_IN_PROGRAM: Final = "daterange({0}.program_start_date, {0}.program_exit_date, '[]')"


async def keep_narrowing(
    work: Workspace, differences: Sequence[Difference], digests: Mapping[Event, "hashlib._Hash"]
) -> list[Difference]:
    """
    Leave in the workspace only what narrows; return what the load changes then.

    `digests`, one for each entry, are fed with what is left of its targets.
    """
    async with work.connection.transaction():
        # Nothing narrows about somebody of whom nothing is known. Nor does a question: an export that turns many
        # children into others is broken, and none of its rows reaches anybody yet.
        for table in ("fresh", "asked"):
            await work.connection.execute(
                f"DELETE FROM pg_temp.withheld AS w USING pg_temp.{table} AS f WHERE f.student_id = w.student_id;"
                f" DELETE FROM pg_temp.{table}"
            )
        # Whose question would be answered waits on: the rows that answer it do not count yet.
        await work.connection.execute("DELETE FROM pg_temp.answered")
        left = []
        for each in differences:
            digests[each.kind.event].update(each.target.encode() + b"\0")
            left.append(await _narrowed(work, each, digests[each.kind.event]))
        return left


async def _narrowed(work: Workspace, difference: Difference, digest: "hashlib._Hash") -> Difference:
    connection, number, target = work.connection, difference.number, difference.target
    if target in DECIDING:
        # Whoever is withheld stays so, although the rows of this load would mend it.
        await connection.execute(
            f"INSERT INTO pg_temp.withheld SELECT DISTINCT {number}, h.student_id FROM records.withheld AS h"
            f" WHERE h.target = '{target}' AND {HELD} AND {MENDED_BY.format('$1')} AND NOT EXISTS"
            f" (SELECT FROM pg_temp.withheld AS w WHERE w.load = {number} AND w.student_id = h.student_id)",
            mends(work.source, [difference.load]),
        )
    await connection.execute(
        f"CREATE TEMP TABLE narrow_{number} AS TABLE pg_temp.staged_{number} WITH NO DATA;"
        f" CREATE TEMP TABLE shorter_{number} (row_id bigint NOT NULL)"
    )
    if target == PROGRAMS:
        await _withhold_beginners(work, number)
    await _shorten(work, number, target)
    if target == PROGRAMS:
        await _withhold_leavers(work, number)
    if target == OPT_OUTS:
        await _take_noes(work, number)
    keeps_ended = "changed" if TARGETS[target].ending_narrows else "true"
    await connection.execute(
        f"DELETE FROM pg_temp.leaving AS l WHERE l.load = {number} AND {keeps_ended} AND NOT EXISTS"
        f" (SELECT FROM pg_temp.shorter_{number} AS s WHERE s.row_id = l.row_id);"
        f" DELETE FROM pg_temp.staged_{number}; INSERT INTO pg_temp.staged_{number} TABLE pg_temp.narrow_{number}"
    )
    counts = await connection.fetchrow(
        "SELECT count(*) FILTER (WHERE changed) AS changed, count(*) FILTER (WHERE NOT changed) AS ended"
        " FROM pg_temp.leaving WHERE load = $1",
        number,
    )
    assert counts is not None
    return replace(
        difference,
        taken=await digest_taken(work, number, digest.update),
        unchanged=0,
        changed=counts["changed"],
        narrowed=counts["changed"],
        ended=counts["ended"],
    )


async def _withhold_beginners(work: Workspace, number: int) -> None:
    """Withhold whoever the load puts into a program, or into one on more days, of which no row in force says it."""
    program = TARGETS[PROGRAMS].table.fullname
    await work.connection.execute(
        f"INSERT INTO pg_temp.withheld SELECT DISTINCT {number}, s.student_id FROM pg_temp.staged_{number} AS s"
        " JOIN records.identity AS i ON i.student_id = s.student_id"
        f" WHERE NOT EXISTS (SELECT FROM {program} AS v WHERE v.student_id = s.student_id"
        f" AND v.program_type = s.program_type AND {IN_FORCE}"
        f" AND {_DAYS_IN_PROGRAM.format('v')} @> {_DAYS_IN_PROGRAM.format('s')}) AND {_NOT_YET.format(number)}"
    )


async def _withhold_leavers(work: Workspace, number: int) -> None:
    """Withhold whose program is over earlier by this load: who must be in none is not let in by what is held."""
    program = TARGETS[PROGRAMS].table.fullname
    await work.connection.execute(
        f"INSERT INTO pg_temp.withheld SELECT DISTINCT {number}, s.student_id FROM {program} AS s"
        f" JOIN pg_temp.shorter_{number} AS k ON k.row_id = s.row_id WHERE {_NOT_YET.format(number)}"
    )


async def _shorten(work: Workspace, number: int, target: str) -> None:
    """Keep each row in force of which the load takes something: as it was, with what both rows have in common."""
    table, columns = TARGETS[target].table, columns_of(target)
    last = next((name for name in (EXIT, LAST_DAY, PROGRAM_EXIT) if name in columns), None)
    if last is None:
        return
    named = [name for name in (last, COVERS, SIGNED) if name in columns]
    found = await work.connection.cursor(
        f"SELECT v.row_id, {', '.join(f'v.{name}' for name in columns)},"
        f" {', '.join(f's.{name} AS new_{name}' for name in named)}"
        f" FROM pg_temp.leaving AS l JOIN {table.fullname} AS v ON v.row_id = l.row_id"
        f" JOIN pg_temp.staged_{number} AS s ON {matched(target)} WHERE l.load = {number} AND l.changed"
    )
    while rows := await found.fetch(ROWS):
        records: list[tuple[Any, ...]] = []
        shorter, over = [], []
        for row in rows:
            values = _common(dict(row), columns, named)
            if values is None:
                over.append(row["row_id"])
            elif values != [row[name] for name in columns]:
                shorter.append(row["row_id"])
                records.append((*values, row_digest(target, columns, values), 0))
        await work.copy(f"narrow_{number}", (*columns, "digest", "at_line"), records)
        await work.copy(f"shorter_{number}", ("row_id",), [(row,) for row in (*shorter, *over)])
        await work.connection.execute(
            f"UPDATE pg_temp.leaving SET changed = false WHERE load = {number} AND row_id = ANY ($1::bigint[])", over
        )


def _common(row: Mapping[str, Any], columns: Sequence[str], named: Sequence[str]) -> list[Any] | None:
    """Return a row in force as far as the new one leaves it: for what both cover, by the earlier day of each kind."""
    values = {name: row[name] for name in columns}
    for name in named:
        old, new = row[name], row[f"new_{name}"]
        if name != COVERS:
            values[name] = old if new is None else new if old is None else min(old, new)
        elif old == [ALL] or new == [ALL]:
            values[name] = new if old == [ALL] else old
        else:
            values[name] = [each for each in old if each in new]
            if not values[name]:
                return None
    return [values[name] for name in columns]


async def _take_noes(work: Workspace, number: int) -> None:
    """Keep each no that is new or counts earlier. One that ends, or counts later, waits."""
    left = f"pg_temp.leaving AS l JOIN {TARGETS[OPT_OUTS].table.fullname} AS v ON v.row_id = l.row_id"
    earlier = (
        f"SELECT v.row_id FROM {left} JOIN pg_temp.staged_{number} AS s ON {matched(OPT_OUTS)}"
        f" WHERE l.load = {number} AND s.from_date < v.from_date"
    )
    await work.connection.execute(
        f"INSERT INTO pg_temp.shorter_{number} {earlier};"
        f" INSERT INTO pg_temp.narrow_{number} SELECT s.* FROM pg_temp.staged_{number} AS s WHERE {begins(OPT_OUTS)}"
        f" AND NOT EXISTS (SELECT FROM {left} WHERE l.load = {number} AND {matched(OPT_OUTS)} AND NOT EXISTS"
        f" (SELECT FROM pg_temp.shorter_{number} AS k WHERE k.row_id = v.row_id))"
    )
