"""Refused rows of a load, read from its workspace: the first of them for a report, all of them for a file."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import asyncpg

from gateway.records.loading.batches import Refused
from gateway.records.loading.places import part_and_line
from gateway.records.loading.workspace import ROWS, Workspace

EXAMPLES: Final = 100
"""How many refused rows a report names; a file can have them all."""
REASONS: Final = 100
"""How many reasons it counts."""
_FIRST: Final = 10
"""So many rows of each reason come before more of one."""


async def reasons(work: Workspace, number: int) -> dict[str, int]:
    """Return how many rows of a load were refused for each of the commonest reasons."""
    if not work.refused[number]:
        return {}
    rows = await work.connection.fetch(
        "SELECT reason, sum(rows) AS rows FROM pg_temp.refused WHERE load = $1 GROUP BY reason"
        " ORDER BY sum(rows) DESC, reason LIMIT $2",
        number,
        REASONS,
    )
    return {row["reason"]: row["rows"] for row in rows}


async def examples(work: Workspace, number: int, files: Sequence[str]) -> tuple[Refused, ...]:
    """Return the first refused rows of a load: some of each reason, in the order of the file."""
    if not work.refused[number]:
        return ()
    rows = await work.connection.fetch(
        "SELECT at_line, reason, field, shape FROM"
        " (SELECT *, row_number() OVER (PARTITION BY reason ORDER BY at_line) AS place FROM pg_temp.refused"
        " WHERE load = $1) AS r ORDER BY place > $2, at_line LIMIT $3",
        number,
        _FIRST,
        EXAMPLES,
    )
    return tuple(sorted((_refused(files, row) for row in rows), key=lambda refused: (refused.part, refused.line)))


async def all_refused(work: Workspace, number: int, files: Sequence[str]) -> AsyncIterator[Refused]:
    """Yield every refused row of a load in the order of the file. Only in a transaction."""
    found = work.connection.cursor(
        "SELECT at_line, reason, field, shape FROM pg_temp.refused WHERE load = $1 ORDER BY at_line",
        number,
        prefetch=ROWS,
    )
    async for row in found:
        yield _refused(files, row)


def _refused(files: Sequence[str], row: asyncpg.Record) -> Refused:
    part, line = part_and_line(row["at_line"])
    return Refused(files[part], line, row["reason"], row["field"], row["shape"], part)
