"""
What a file speaks of: what it leaves out of that ends, and nothing else does.

A roster, consents and placements belong to agreements, and the file about one agreement is not the truth about another
one. INVARIANT: the last row of an agreement that leaves its list ends as every row before it did.
"""

from collections.abc import Iterator
from typing import Final

from gateway.records.loading.comparing import visible
from gateway.records.loading.mapping import Load
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import LINE, TARGETS, field_of
from gateway.records.loading.workspace import Workspace

_BROUGHT: Final = "SELECT FROM records.batch AS b WHERE b.idx = v.from_idx AND b.kind = $1 AND b.source = $2"


async def note_spoken_of(work: Workspace, number: int, staging: Staging) -> None:
    """Note what a load speaks of by the rows that were read, of whichever some are refused: its scope."""
    scope = staging.load.scope_columns
    if not scope:
        return
    named = ", ".join(scope)
    await work.connection.execute(
        f"INSERT INTO pg_temp.places_{number} SELECT DISTINCT {named} FROM pg_temp.staged_{number}"
    )
    if _is_list(staging.load):
        # An end may have stood in what cannot be read: of that agreement, whoever is in no row has left its list.
        await work.connection.execute(
            f"INSERT INTO pg_temp.places_{number} SELECT DISTINCT line FROM pg_temp.refused"
            f" WHERE load = {number} AND line IS NOT NULL"
        )
    constants = staging.constants()
    if "student_id" not in scope and all(field_of(name) in constants for name in scope):
        # Such a file speaks of it even when it has no rows.
        await work.copy(f"places_{number}", scope, [tuple(constants[field_of(name)] for name in scope)])


async def end_unnamed(work: Workspace, number: int, staging: Staging) -> None:
    """
    End what this mapping has brought under agreements that its list was given by name, and of which no row speaks now.

    Only that: the same names may have been given for another list, and what others brought is theirs to end.
    """
    target = staging.load.target
    if not (staging.named and _is_list(staging.load)):
        return
    kind = TARGETS[target]
    by_hand = "AND NOT v.by_hand" if "by_hand" in kind.table.c else ""
    others = "".join(f" AND NOT EXISTS (SELECT FROM {each} AS p WHERE p.line = v.line)" for each in _told(work, target))
    await work.connection.execute(
        "INSERT INTO pg_temp.leaving (load, row_id, student_id, changed, narrowed)"
        f" SELECT {number}, v.row_id, v.student_id, false, false FROM {visible(target, [LINE, 'from_idx'])} AS v"
        f" WHERE v.line = ANY ($3::text[]) AND EXISTS ({_BROUGHT}) {by_hand}{others}"
        " AND NOT EXISTS (SELECT FROM pg_temp.leaving AS l WHERE l.row_id = v.row_id AND l.load = ANY ($4::int[]))",
        kind.event.value,
        work.source,
        sorted(staging.named),
        [each for each, _ in _loads(work, target)],
    )


def _is_list(load: Load) -> bool:
    """Return whether it is a list of agreements, which is the truth about each that it speaks of."""
    return TARGETS[load.target].ending_narrows and load.scope_columns == (LINE,)


def _loads(work: Workspace, target: str) -> Iterator[tuple[int, Load]]:
    """Yield the loads of the mapping that fill this target, with their numbers."""
    return ((number, each.load) for number, each in enumerate(work.stagings) if each.load.target == target)


def _told(work: Workspace, target: str) -> Iterator[str]:
    """Yield the tables that tell of which agreements some load of the mapping speaks for this target."""
    for number, load in _loads(work, target):
        yield f"pg_temp.{'places' if _is_list(load) else 'staged'}_{number}"
