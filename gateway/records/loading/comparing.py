"""The SQL in which rows are compared: which are in force, and when two have the same key. Our own names only."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Text

from gateway.records.loading.targets import EXIT, TARGETS, key_of

IN_FORCE: Final = (
    "from_batch <= (SELECT f.batch FROM records.frontier AS f)"
    " AND (to_batch IS NULL OR to_batch > (SELECT f.batch FROM records.frontier AS f))"
)
"""Of a table without an alias: rows that are visible. Also those that a load being prepared will end."""


def visible(target: str, more: Iterable[str] = ()) -> str:
    """Return the rows in force that a load of `target` may change, with these columns beside their keys."""
    kind = TARGETS[target]
    names = ["row_id", "digest", *key_of(target), *more]
    names += [name for name in ("student_id", EXIT, "by_hand") if name in kind.table.c]
    where = "to_idx IS NULL" if kind.is_dated_by_entry else IN_FORCE
    if "stated" in kind.table.c:
        where += " AND NOT stated"
    return f"(SELECT {', '.join(dict.fromkeys(names))} FROM {kind.table.fullname} WHERE {where})"


def same(target: str, names: Iterable[str], one: str, other: str) -> str:
    """Return the condition that `one` and `other` have the same values in these columns; nothing is like nothing."""
    pairs = [(_comparable(target, name, one), _comparable(target, name, other)) for name in names]
    return " AND ".join(f"{left} = {right}" for left, right in pairs) or "true"


def begins(target: str) -> str:
    """Return the condition that a staged row `s` is not in force already, as it is."""
    held = f"NOT EXISTS (SELECT FROM {visible(target)} AS v WHERE v.digest = s.digest AND {matched(target)})"
    if "stated" not in TARGETS[target].table.c:
        return held
    return f"{held} AND NOT {settled(target)}"


def matched(target: str) -> str:
    """Return the condition that a row in force `v` and a staged row `s` have the same key."""
    return same(target, key_of(target), "v", "s")


def settled(target: str) -> str:
    """Return the condition that a person has entered what the staged row `s` says: no load moves or ends that."""
    table = TARGETS[target].table.fullname
    key = same(target, key_of(target), "o", "s")
    return f"EXISTS (SELECT FROM {table} AS o WHERE o.stated AND o.to_idx IS NULL AND {key})"


def _comparable(target: str, name: str, alias: str) -> str:
    column = TARGETS[target].table.c[name]
    if not column.nullable:
        return f"{alias}.{name}"
    # Equality that can be hashed. No stored text is empty where it may be missing.
    value = f"{alias}.{name}" if isinstance(column.type, Text) else f"{alias}.{name}::text"
    return f"coalesce({value}, '')"
