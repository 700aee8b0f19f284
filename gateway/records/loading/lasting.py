"""
How long the rows of a loaded roster count, where its mapping says so: a list that nobody loads again ends by itself.

Row R3, as for rosters that partners hand in: time passes without an entry, so whatever ends a row stands in the row.
A load that finds the same list again puts the days off, but only once half of them are over: until then no row changes.
"""

import datetime as dt
from typing import Final

from gateway.records.loading.comparing import matched, visible
from gateway.records.loading.mapping import Load
from gateway.records.loading.staging import row_digests
from gateway.records.loading.targets import columns_of
from gateway.records.loading.workspace import ROWS, Workspace

LAST_DAY: Final = "to_date"
_TODAY: Final = "SELECT CAST(timezone('UTC', gateway.clock()) AS date)"
_TOO_LATE: Final = "it begins after the days are over for which this load lets a roster count: load it again later"


async def let_end(work: Workspace, number: int, load: Load) -> None:
    """Let the staged rows of a roster end `load.counts_days` after today at the latest. Nothing if it says none."""
    if load.counts_days is None:
        return
    target, columns = load.target, columns_of(load.target)
    today = await work.connection.fetchval(_TODAY)
    until = today + dt.timedelta(days=load.counts_days)
    soon = today + dt.timedelta(days=load.counts_days // 2)
    await work.refuse(
        number,
        f"WITH gone AS (DELETE FROM pg_temp.staged_{number} AS s WHERE s.from_date > DATE '{until}'"
        " RETURNING s.student_id, s.at_line)"
        " INSERT INTO pg_temp.refused (load, at_line, reason, field, shape, student_id)"
        f" SELECT {number}, at_line, $1, '', '', student_id FROM gone",
        _TOO_LATE,
    )
    lasting = f"s.{LAST_DAY} IS NULL OR s.{LAST_DAY} > DATE '{until}'"
    async with work.connection.transaction():
        await work.connection.execute(
            f"CREATE TEMP TABLE ending_{number} AS TABLE pg_temp.staged_{number} WITH NO DATA"
        )
        found = await work.connection.cursor(
            f"SELECT {', '.join(f's.{name}' for name in columns)}, s.at_line, v.{LAST_DAY} AS standing"
            f" FROM pg_temp.staged_{number} AS s LEFT JOIN {visible(target, [LAST_DAY])} AS v ON {matched(target)}"
            f" WHERE {lasting}"
        )
        while rows := await found.fetch(ROWS):
            ends = [_end(row["standing"], soon, until) for row in rows]
            values = [ends if name == LAST_DAY else [row[name] for row in rows] for name in columns]
            records = [
                *zip(*values, row_digests(target, columns, values), [row["at_line"] for row in rows], strict=True)
            ]
            await work.copy(f"ending_{number}", (*columns, "digest", "at_line"), records)
        await work.connection.execute(
            f"DELETE FROM pg_temp.staged_{number} AS s WHERE {lasting};"
            f" INSERT INTO pg_temp.staged_{number} TABLE pg_temp.ending_{number}"
        )


def _end(standing: dt.date | None, soon: dt.date, until: dt.date) -> dt.date:
    """Return a row's last day: the one that it has while that is far enough, or else the latest one."""
    return standing if standing is not None and soon <= standing <= until else until
