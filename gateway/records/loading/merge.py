"""
What a load changes: staged rows against the rows in force. Only differences are written.

Rows are compared by their digests, so that a nightly export of everything costs one read of keys and digests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from gateway.records.loading.csvfile import Refused
from gateway.records.loading.keys import OPT_OUTS, Key, keyed
from gateway.records.loading.staging import Staged, StagedRow
from gateway.records.loading.targets import DECIDING, LINE, NUMBER, TARGETS, Target, columns_of, field_of, key_of

ENDED_HELD: Final = 10
"""Percent of the rows in force that may end before a person must confirm."""
CHANGED_HELD: Final = 75
"""Percent of the rows in force that may change before a person must confirm."""

IN_FORCE: Final = (
    "from_batch <= (SELECT f.batch FROM records.frontier AS f)"
    " AND (to_batch IS NULL OR to_batch > (SELECT f.batch FROM records.frontier AS f))"
)
EXIT: Final = "exit_date"

FINAL: Final = {
    "consents": "SELECT c.line, coalesce(m.other_id, c.student_id), max(c.withdrawn_on) FROM records.consent AS c"
    " LEFT JOIN records.renumbered AS m ON m.student_id = c.student_id AND m.kind = 'merged' AND m.to_idx IS NULL"
    " WHERE c.withdrawn_on IS NOT NULL GROUP BY 1, 2",
    "opt_outs": "SELECT student_id, line, scope, NULL FROM records.opt_out WHERE stated AND to_idx IS NULL",
}
"""
What persons have settled, by the start of the key; loads leave it alone. What was withdrawn under one number of a child
is withdrawn for the child.
"""


@dataclass(slots=True)
class Difference:
    """What one target's load changes. `begin` are rows for COPY, in the order of `columns`; `end` are row ids."""

    staged: Staged
    columns: tuple[str, ...]
    begin: list[tuple[Any, ...]] = field(default_factory=list, repr=False)
    end: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list, repr=False)
    """One a row taken, changed or not: together they are the batch."""
    withheld: set[UUID] = field(default_factory=set, repr=False)
    in_force: int = 0
    changed: int = 0
    narrowed: int = 0
    """How many of the changed rows are exits: a stay that is over, or over earlier. Nobody waits for these."""
    unchanged: int = 0
    questioned: int = 0
    """How many rows would have changed a child into another (`holders`), and were refused."""

    @property
    def target(self) -> str:
        """The target's name."""
        return self.staged.load.target

    @property
    def kind(self) -> Target:
        """The target."""
        return TARGETS[self.target]

    @property
    def added(self) -> int:
        """How many rows are new."""
        return len(self.begin) - self.changed

    @property
    def ended(self) -> int:
        """How many rows end without a successor."""
        return len(self.end) - self.changed

    @property
    def is_suspicious(self) -> bool:
        """Whether so much would end or change that the export is more likely broken than right."""
        ended = 0 if self.kind.ending_narrows else self.ended
        return (
            ended * 100 > ENDED_HELD * self.in_force
            or (self.changed + self.questioned - self.narrowed) * 100 > CHANGED_HELD * self.in_force
        )


async def compare(connection: asyncpg.Connection, staged: Staged, students: Mapping[str, UUID]) -> Difference:
    """
    Return what `staged` changes. `students` gives the id of each student number, those about to be added included.

    Rows of unknown students and rows whose key appears twice are refused into `staged`.
    """
    target, load = staged.load.target, staged.load
    difference = Difference(staged, (*columns_of(target), "digest"))
    taken, lines = keyed(staged, students)
    if target in FINAL:
        await _drop_final(connection, staged, taken, lines, difference)
    scope = _scope(staged)
    found = await connection.fetch(_visible_sql(target, scope))
    difference.in_force = len(found)
    spoken_of = {_place(row, scope, students) for row in staged.rows} | _constant_places(staged, scope)
    # Where a row's end narrows, a refused row keeps nothing in force: an end may have stood in it.
    kept = set() if TARGETS[target].ending_narrows else {students[n] for n in staged.withheld if n in students}
    unreadable = target in DECIDING and len(staged.refused) > len(staged.withheld)
    if target in DECIDING or target == OPT_OUTS:
        difference.withheld |= kept
    key_size = len(key_of(target))
    about_students = TARGETS[target].is_about_students
    for row in found:
        key = tuple(row[2 : 2 + key_size])
        staged_row = taken.pop(key, None)
        if staged_row is not None:
            difference.digests.append(staged_row[-1])
            if staged_row[-1] == row[1]:
                difference.unchanged += 1
                continue
            difference.changed += 1
            difference.narrowed += _is_exit(difference, row, staged_row)
            difference.begin.append(staged_row)
            difference.end.append(row[0])
            continue
        if load.scope == () or (scope and tuple(row[2 + key_size : 2 + key_size + len(scope)]) not in spoken_of):
            continue
        student = row["student_id"] if about_students else None
        if student in kept:
            continue
        if unreadable and student is not None:
            # Some row could not be told whose it is: whoever is missing may be meant, so nobody is deleted.
            difference.withheld.add(student)
            continue
        difference.end.append(row[0])
    difference.begin.extend(taken.values())
    difference.digests.extend(row[-1] for row in taken.values())
    return difference


async def _drop_final(
    connection: asyncpg.Connection,
    staged: Staged,
    taken: dict[Key, tuple[Any, ...]],
    lines: Mapping[Key, int],
    difference: Difference,
) -> None:
    """
    Drop what a person has settled.

    INVARIANT: no load brings back a consent that was withdrawn after it was signed, and none moves or ends an opt-out
    that a person entered; undoing these is an act of its own.
    """
    settled = {tuple(row[:-1]): row[-1] for row in await connection.fetch(FINAL[staged.load.target])}
    size = len(next(iter(settled), ()))
    for key in [key for key in taken if key[:size] in settled]:
        withdrawn_on = settled[key[:size]]
        if withdrawn_on is None:
            difference.digests.append(taken.pop(key)[-1])
            difference.unchanged += 1
        elif taken[key][difference.columns.index("signed_on")] <= withdrawn_on:
            staged.refused.append(Refused(staged.file, lines[key], "this consent was withdrawn after it was signed"))
            del taken[key]


def _is_exit(difference: Difference, old: asyncpg.Record, new: tuple[Any, ...]) -> bool:
    """Return whether a changed row only shortens a stay, as far as its days go."""
    if EXIT not in difference.columns:
        return False
    before, after = old[EXIT], new[difference.columns.index(EXIT)]
    return after is not None and (before is None or after < before)


def _scope(staged: Staged) -> tuple[str, ...]:
    """Return the columns that say what the file is the whole truth about; one agreement's file is not another's."""
    columns = columns_of(staged.load.target)
    if staged.load.scope is None:
        return (LINE,) if LINE in columns and not TARGETS[staged.load.target].table.c[LINE].nullable else ()
    stored = {field_of(column): column for column in reversed(columns)}
    return tuple(stored[name] for name in staged.load.scope)


def _place(row: StagedRow, scope: tuple[str, ...], students: Mapping[str, UUID]) -> Key:
    return tuple(
        students.get(str(row.values.get(NUMBER))) if name == "student_id" else row.values.get(field_of(name))
        for name in scope
    )


def _constant_places(staged: Staged, scope: tuple[str, ...]) -> set[Key]:
    """Return the scope of a file that names it in constants: such a file speaks of it even when it has no rows."""
    rules = staged.load.rules()
    values = [rules[field_of(name)].constant if field_of(name) in rules else None for name in scope]
    return {tuple(values)} if scope and all(value is not None for value in values) else set()


def _visible_sql(target: str, scope: tuple[str, ...]) -> str:
    kind = TARGETS[target]
    names = ["row_id", "digest", *key_of(target), *scope]
    if kind.is_about_students:
        names.append("student_id")
    if EXIT in kind.table.c:
        names.append(EXIT)
    where = "to_idx IS NULL" if kind.is_dated_by_entry else IN_FORCE
    if "stated" in kind.table.c:
        where += " AND NOT stated"
    return f"SELECT {', '.join(names)} FROM {kind.table.fullname} WHERE {where}"  # noqa: S608 - our own names
