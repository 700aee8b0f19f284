"""
What came while lists were loaded, and whether it is about somebody for whom these lists change something.

A stop for anybody else neither changes what the comparison found nor is undone by it: it is as if it had come after the
load. So a busy office does not let a long load begin anew again and again.
"""

from collections.abc import Sequence

import asyncpg

from gateway.records.errors import LoadOvertaken
from gateway.records.loading.entered import newest_entry
from gateway.records.loading.merge import Difference
from gateway.records.prepared import moved_since


async def require_of_others(connection: asyncpg.Connection, differences: Sequence[Difference], before: int) -> int:
    """
    Check that whatever was dated after entry `before` is about nobody whose rows begin or end by these lists.

    Returns the newest entry that dated something by now. Raises `LoadOvertaken`.
    """
    # In this order: what comes after it was asked for is found under the head.
    newest = await newest_entry(connection)
    moved = await moved_since(connection, before)
    lists = [each for each in differences if each.kind.is_dated_by_entry]
    own = [f"SELECT student_id FROM pg_temp.staged_{each.number}" for each in lists]
    own.append("SELECT student_id FROM pg_temp.leaving WHERE load = ANY ($2::int[])")
    found = f"SELECT EXISTS (SELECT FROM ({' UNION ALL '.join(own)}) AS o WHERE o.student_id = ANY ($1::uuid[]))"
    # INVARIANT: a stop is never overridden. What is staged or leaving of a student was compared before the stop.
    if await connection.fetchval(found, moved, [each.number for each in lists]):
        raise LoadOvertaken("a stop came about somebody whose rows this load changes")
    return newest
