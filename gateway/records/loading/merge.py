"""
What a load changes: staged rows against the rows in force, compared by PostgreSQL. Only differences are written.

Rows are told apart by their keys and compared by their digests. Every set here is a table; what comes back is counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.records.loading.batches import Refused
from gateway.records.loading.comparing import matched, same, visible
from gateway.records.loading.mapping import Load
from gateway.records.loading.refusals import examples, reasons
from gateway.records.loading.settled import EVER, settle
from gateway.records.loading.spoken import end_unnamed
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import (
    DECIDING,
    ENDING_WIDENS,
    EXIT,
    LINE,
    OPT_OUTS,
    TARGETS,
    Target,
    key_of,
)
from gateway.records.loading.workspace import KNOWN, Workspace

ENDED_HELD: Final = 10
"""Percent of the rows in force that may end before a person must confirm."""
CHANGED_HELD: Final = 75
"""Percent of the rows in force that may change before a person must confirm."""
_LARGE: Final = 10_000
"""Tables of so many rows are looked at by the planner before it chooses how to join them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one target's load changes, in counts. `number` is its place in the load's workspace."""

    number: int
    load: Load
    files: tuple[str, ...]
    """What the files it was read from are called, by their numbers."""
    taken: int
    """How many rows were taken, changed or not: together they are the batch."""
    in_force: int
    changed: int
    narrowed: int
    """How many of the changed rows are exits: a stay that is over, or over earlier. Nobody waits for these."""
    ended: int
    unchanged: int
    withheld: int
    refused: int
    read: int
    """How many rows of its files were read: each is taken, refused or left out."""
    left_out: int
    questioned: int
    """How many rows would have changed a child into another (`holders`), and were refused."""
    reasons: Mapping[str, int]
    """How many rows were refused for each of the commonest reasons."""
    examples: tuple[Refused, ...]

    @property
    def target(self) -> str:
        """The target's name."""
        return self.load.target

    @property
    def kind(self) -> Target:
        """The target."""
        return TARGETS[self.target]

    @property
    def added(self) -> int:
        """How many rows are new."""
        return self.taken - self.unchanged - self.changed

    @property
    def changes_something(self) -> bool:
        """Whether a row begins or ends."""
        return bool(self.added or self.changed or self.ended)

    @property
    def ended_anew(self) -> int:
        """How many of the rows that end do not narrow by it."""
        return 0 if self.kind.ending_narrows else self.ended

    @property
    def changed_anew(self) -> int:
        """How many rows would be others, refused ones too, and not only end sooner."""
        # Where rows end by themselves, all of them are put off at once: a roster has no other value that could change.
        return 0 if self.load.counts_days is not None else self.changed + self.questioned - self.narrowed


async def compare(
    work: Workspace, number: int, staging: Staging, digest: Callable[[bytes], None], *, questioned: int = 0
) -> Difference:
    """
    Return what a staged load changes; its tables say which rows.

    `digest` is fed the digests of the rows taken, in order; `questioned` is how many of the rows that were refused
    before would have changed a child into another. Rows whose key appears twice, and what was settled otherwise, are
    refused here.
    """
    target = staging.load.target
    async with work.connection.transaction():
        await work.connection.execute("SET LOCAL work_mem = '64MB'")
        await _refuse_twice(work, number, target)
        await _identify_refused(work, number)
        entered = await settle(work, number, target)
        taken = await digest_taken(work, number, digest)
        if taken >= _LARGE:
            await work.connection.execute(f"ANALYZE pg_temp.staged_{number}")
        in_force, unchanged = await _meet(work, number, staging.load)
        await end_unnamed(work, number, staging)
        await _keep(work, number, target)
        counts = await work.connection.fetchrow(
            "SELECT count(*) FILTER (WHERE changed) AS changed, count(*) FILTER (WHERE narrowed) AS narrowed,"
            " count(*) FILTER (WHERE NOT changed) AS ended,"
            " (SELECT count(*) FROM pg_temp.withheld AS w WHERE w.load = $1) AS withheld"
            " FROM pg_temp.leaving WHERE load = $1",
            number,
        )
        assert counts is not None
        return Difference(
            number=number,
            load=staging.load,
            files=staging.file.names,
            taken=taken,
            in_force=in_force,
            unchanged=unchanged + entered,
            **dict(counts),
            refused=work.refused[number],
            read=work.read[number],
            left_out=work.left_out[number],
            questioned=questioned,
            reasons=await reasons(work, number),
            examples=await examples(work, number, staging.file.names),
        )


async def _refuse_twice(work: Workspace, number: int, target: str) -> None:
    """Refuse every row of a key that appears more than once: which one was meant cannot be told."""
    key = key_of(target)
    kind = TARGETS[target]
    student = "s.student_id" if kind.is_about_students else "NULL::uuid AS student_id"
    line = f"s.{LINE}" if LINE in kind.table.c else f"NULL::text AS {LINE}"
    await work.refuse(
        number,
        f"WITH twice AS (SELECT {', '.join(key)} FROM pg_temp.staged_{number}"
        f" GROUP BY {', '.join(key)} HAVING count(*) > 1),"
        f" gone AS (DELETE FROM pg_temp.staged_{number} AS s USING twice AS t WHERE {same(target, key, 's', 't')}"
        f" RETURNING s.at_line, {student}, {line})"
        " INSERT INTO pg_temp.refused (load, at_line, reason, field, shape, student_id, line)"
        f" SELECT {number}, at_line, 'its key appears more than once', '', '', student_id, {LINE} FROM gone",
    )


async def _identify_refused(work: Workspace, number: int) -> None:
    if not work.refused[number]:
        return
    await work.connection.execute(
        f"UPDATE pg_temp.refused AS r SET student_id = k.student_id FROM {KNOWN} AS k"
        f" WHERE r.load = {number} AND r.student_id IS NULL AND k.student_identifier = r.number"
    )


async def digest_taken(work: Workspace, number: int, feed: Callable[[bytes], None]) -> int:
    """Feed the sorted digests of all rows taken, a part at a time; return how many rows there are."""
    taken = 0
    packed = work.connection.cursor(
        "SELECT count(*) AS rows, string_agg(digest, ''::bytea ORDER BY digest) AS digests"
        f" FROM pg_temp.staged_{number} GROUP BY get_byte(digest, 0) ORDER BY get_byte(digest, 0)",
        prefetch=1,
    )
    async for part in packed:
        feed(part["digests"])
        taken += part["rows"]
    return taken


async def _meet(work: Workspace, number: int, load: Load) -> tuple[int, int]:
    """Note which rows in force end or change; return how many are in force, and how many stay as they are."""
    target, scope = load.target, load.scope_columns
    kind = TARGETS[target]
    student = "v.student_id" if kind.is_about_students else "NULL::uuid"
    # A changed row that only shortens a stay, as far as its days go.
    exits = f"s.{EXIT} IS NOT NULL AND (v.{EXIT} IS NULL OR s.{EXIT} < v.{EXIT})" if EXIT in kind.table.c else "false"
    if load.scope == ():
        spoken_of = "false"
    elif scope:
        place = same(target, scope, "p", "v")
        spoken_of = f"EXISTS (SELECT FROM pg_temp.places_{number} AS p WHERE {place})"
    else:
        spoken_of = "true"
    if target == OPT_OUTS and scope and "student_id" not in scope:
        # A no to everything that stands in for a row: of which agreement that was, nobody knows any more.
        scope = (*scope, "from_date")
        spoken_of = f"{spoken_of} AND v.from_date <> DATE '{EVER}'"
    if "by_hand" in kind.table.c:  # what a person entered ends by hand, or is changed by a list that names it
        spoken_of = f"({spoken_of}) AND NOT v.by_hand"
    counts = await work.connection.fetchrow(
        "WITH met AS (SELECT v.row_id,"
        f" {student} AS student_id, s.digest IS NOT NULL AS found, s.digest = v.digest AS equal,"
        f" s.digest IS NOT NULL AND {exits} AS narrowed, s.digest IS NOT NULL OR {spoken_of} AS meant"
        f" FROM {visible(target, scope)} AS v LEFT JOIN pg_temp.staged_{number} AS s ON {matched(target)}),"
        " noted AS (INSERT INTO pg_temp.leaving (load, row_id, student_id, changed, narrowed)"
        f" SELECT {number}, row_id, student_id, found, narrowed FROM met WHERE equal IS NOT TRUE AND meant)"
        " SELECT count(*) AS in_force, count(*) FILTER (WHERE equal) AS unchanged FROM met"
    )
    assert counts is not None
    return counts["in_force"], counts["unchanged"]


async def _keep(work: Workspace, number: int, target: str) -> None:
    """
    Let nothing end that a refused row may have meant, and note whose rows are withheld for it.

    INVARIANT: no family's no ends while a row of its file is refused that may have said it: not the no of the student
    whose row it is, and nobody's where that cannot be told.
    """
    connection = work.connection
    told = f"SELECT DISTINCT student_id FROM pg_temp.refused WHERE load = {number} AND student_id IS NOT NULL"
    if not work.refused[number] or not TARGETS[target].is_about_students:
        return
    if TARGETS[target].ending_narrows:
        await _end_unread(work, number, target)
        return
    await connection.execute(
        f"DELETE FROM pg_temp.leaving AS l USING ({told}) AS k"
        f" WHERE l.load = {number} AND NOT l.changed AND l.student_id = k.student_id"
    )
    if target not in DECIDING | ENDING_WIDENS:
        return
    await connection.execute(f"INSERT INTO pg_temp.withheld SELECT {number}, student_id FROM ({told}) AS k")
    if await _is_unreadable(work, number, target):
        # Some row could not be told whose it is: whoever is missing may be meant, so nothing of anybody's ends.
        await connection.execute(
            f"WITH kept AS (DELETE FROM pg_temp.leaving WHERE load = {number} AND NOT changed RETURNING student_id)"
            f" INSERT INTO pg_temp.withheld SELECT DISTINCT {number}, k.student_id FROM kept AS k WHERE NOT EXISTS"
            f" (SELECT FROM pg_temp.withheld AS w WHERE w.load = {number} AND w.student_id = k.student_id)"
        )


async def _end_unread(work: Workspace, number: int, target: str) -> None:
    """
    End what is in force of a refused row's student under its agreement, unless another row of the file says it.

    INVARIANT: where a row's end narrows, a refused row keeps nothing in force, for an end may have stood in it. So it
    is too where all rows about an agreement were refused, and the file seems to speak of none.
    """
    by_hand = "AND NOT v.by_hand" if "by_hand" in TARGETS[target].table.c else ""
    await work.connection.execute(
        "INSERT INTO pg_temp.leaving (load, row_id, student_id, changed, narrowed)"
        f" SELECT DISTINCT {number}, v.row_id, v.student_id, false, false FROM {visible(target)} AS v"
        f" JOIN pg_temp.refused AS r ON r.load = {number} AND r.student_id = v.student_id AND r.line = v.line"
        f" WHERE NOT EXISTS (SELECT FROM pg_temp.staged_{number} AS s WHERE {matched(target)}) {by_hand}"
        f" AND NOT EXISTS (SELECT FROM pg_temp.leaving AS l WHERE l.load = {number} AND l.row_id = v.row_id)"
    )


async def _is_unreadable(work: Workspace, number: int, target: str) -> bool:
    """Return whether a refused row may be anybody's: nobody is found for it, or two of them say the same student."""
    # A number that finds nobody is a new student's where students come, and may be anybody's with a slip elsewhere.
    nobody = "bool_or(student_id IS NULL)" if target in ENDING_WIDENS else "false"
    return bool(
        await work.connection.fetchval(
            f"SELECT {nobody} OR count(*) > count(DISTINCT coalesce(student_id::text, number))"
            f" FROM pg_temp.refused WHERE load = {number}"
        )
    )
