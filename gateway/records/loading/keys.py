"""Staged rows by their natural keys: a row of an unknown student, or with a key that comes twice, is refused."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from gateway.records.loading.cells import Value
from gateway.records.loading.csvfile import Refused
from gateway.records.loading.staging import Staged, StagedRow, digest_of
from gateway.records.loading.targets import LINE, NUMBER, TARGETS, columns_of, field_of, key_of

Key = tuple[Any, ...]

OPT_OUTS: Final = "opt_outs"
_EVER: Final = dt.date(1900, 1, 1)


def keyed(staged: Staged, students: Mapping[str, UUID]) -> tuple[dict[Key, tuple[Any, ...]], dict[Key, int]]:
    """Return the rows by key, as they will be stored, and the line each stands in."""
    target = staged.load.target
    columns, key = columns_of(target), key_of(target)
    at = [columns.index(name) for name in key]
    rows: dict[Key, tuple[Any, ...]] = {}
    lines: dict[Key, StagedRow] = {}
    twice: set[Key] = set()
    for row in staged.rows:
        number = row.values.get(NUMBER)
        student = students.get(str(number)) if TARGETS[target].is_about_students else None
        if student is None and TARGETS[target].is_about_students:
            staged.refused.append(Refused(staged.file, row.line, "its student is not there"))
            continue
        values = tuple(_stored(target, name, row, student) for name in columns)
        identity = tuple(values[place] for place in at)
        if identity in rows or identity in twice:
            _refuse_twice(staged, row)
            if (first := lines.pop(identity, None)) is not None:
                _refuse_twice(staged, first)
            rows.pop(identity, None)
            twice.add(identity)
            continue
        rows[identity] = (*values, digest_of(_said(target, columns, values)))
        lines[identity] = row
    if target == OPT_OUTS:
        rows = _unread_noes(staged, students, columns) | rows
    return rows, {key: row.line for key, row in lines.items()}


def _said(target: str, columns: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """
    Return what a row's digest stands for.

    INVARIANT: a row without a word in the columns that came later has the digest it had before they came. Otherwise
    the first load after an upgrade would change every row, and be held.
    """
    table = TARGETS[target].table.c
    said = dict(zip(columns, values, strict=True))
    later = [name for name in columns if table[name].info.get("later")]
    return [said[name] for name in columns if name not in later] + [
        [str(name), said[name]] for name in later if said[name] not in (None, "")
    ]


def _unread_noes(staged: Staged, students: Mapping[str, UUID], columns: Sequence[str]) -> dict[Key, tuple[Any, ...]]:
    """
    Return an opt-out from everything for each student of a refused row.

    INVARIANT: a family's no that cannot be read is a no to everything, until the row is mended.
    """
    found: dict[Key, tuple[Any, ...]] = {}
    for number in staged.withheld & students.keys():
        strictest = {"student_id": students[number], LINE: None, "scope": "sharing", "from_date": _EVER}
        values = tuple(strictest[name] for name in columns)
        found[tuple(strictest[name] for name in key_of(OPT_OUTS))] = (*values, digest_of(values))
    return found


def _refuse_twice(staged: Staged, row: StagedRow) -> None:
    staged.refused.append(Refused(staged.file, row.line, "its key appears more than once"))
    if row.values.get(NUMBER) is not None:
        staged.withheld.add(str(row.values[NUMBER]))


def _stored(target: str, name: str, row: StagedRow, student: UUID | None) -> Value | UUID:
    if name == "student_id":
        return student
    value = row.values.get(field_of(name))
    column = TARGETS[target].table.c[name]
    return "" if value is None and column.server_default is not None else value
