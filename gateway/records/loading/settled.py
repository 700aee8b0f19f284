"""
What persons have settled, and what is done about a family's no that cannot be read.

INVARIANT: no load brings back a consent that was withdrawn after it was signed, and none moves or ends an opt-out that
a person entered; undoing these is an act of its own. What was withdrawn under one number of a child is withdrawn for
the child.
"""

import datetime as dt
from typing import Any, Final

from gateway.records.loading.comparing import same, settled
from gateway.records.loading.consented import refuse_invalid
from gateway.records.loading.staging import digest_of
from gateway.records.loading.targets import CONSENTS, LINE, OPT_OUTS, columns_of, key_of
from gateway.records.loading.workspace import ROWS, Workspace
from gateway.records.numbers import Said

EVER: Final = dt.date(1899, 12, 31)
"""The day from which a no counts that stands in for a row which cannot be read: no cell of a file can say it."""


async def settle(work: Workspace, number: int, target: str) -> int:
    """Take out what was settled otherwise, put in what doubt demands; return how many rows a person has entered."""
    if target == CONSENTS:
        await _drop_withdrawn(work, number)
        await refuse_invalid(work, number)
    if target == OPT_OUTS:
        await _say_no_to_everything(work, number)
        return int(
            await work.connection.fetchval(f"SELECT count(*) FROM pg_temp.staged_{number} AS s WHERE {settled(target)}")
        )
    return 0


async def _drop_withdrawn(work: Workspace, number: int) -> None:
    await work.refuse(
        number,
        "WITH ended AS (SELECT c.line, coalesce(m.other_id, c.student_id) AS student_id, max(c.withdrawn_on) AS day"
        " FROM records.consent AS c LEFT JOIN records.renumbered AS m"
        f" ON m.student_id = c.student_id AND m.kind = '{Said.MERGED}' AND m.to_idx IS NULL"
        " WHERE c.withdrawn_on IS NOT NULL GROUP BY 1, 2),"
        f" gone AS (DELETE FROM pg_temp.staged_{number} AS s USING ended AS e"
        " WHERE e.line = s.line AND e.student_id = s.student_id AND s.signed_on <= e.day RETURNING s.at_line)"
        f" INSERT INTO pg_temp.refused (load, at_line, reason, field, shape)"
        f" SELECT {number}, at_line, 'this consent was withdrawn after it was signed', '', '' FROM gone",
    )


async def _say_no_to_everything(work: Workspace, number: int) -> None:
    """
    Stage an opt-out from everything for each student of a refused row.

    INVARIANT: a family's no that cannot be read is a no to everything, until the row is mended.
    """
    columns = columns_of(OPT_OUTS)
    strictest = {"student_id": "r.student_id", LINE: "NULL::text", "scope": "'sharing'"}
    key = same(OPT_OUTS, key_of(OPT_OUTS), "s", "n")
    named = ", ".join(f"{value} AS {name}" for name, value in strictest.items())
    found = work.connection.cursor(
        f"SELECT n.student_id FROM (SELECT DISTINCT {named} FROM pg_temp.refused AS r"
        f" WHERE r.load = {number} AND r.student_id IS NOT NULL) AS n"
        f" WHERE NOT EXISTS (SELECT FROM pg_temp.staged_{number} AS s WHERE {key})",
        prefetch=ROWS,
    )
    records: list[tuple[Any, ...]] = []
    async for row in found:
        said = {"student_id": row["student_id"], LINE: None, "scope": "sharing", "from_date": EVER}
        values = tuple(said[name] for name in columns)
        records.append((*values, digest_of(values), 0))
        if len(records) >= ROWS:
            await work.copy(f"staged_{number}", (*columns, "digest", "at_line"), records)
            records = []
    await work.copy(f"staged_{number}", (*columns, "digest", "at_line"), records)
