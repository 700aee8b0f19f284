"""
How columns are declared in schema `records`: text compares by code point, student facts carry their CEDS element.

A column released to partners names its element in `info["element"]`; the reader finds columns only through that, so a
column without one cannot leave.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(schema="records")

SCHOOL_YEAR_FORM: Final = "school_year ~ '^[0-9]{4}-[0-9]{4}$'"
"""A school year is written `2025-2026`, as in agreements."""


LINE_FORM: Final = "line ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$'"
"""An agreement's line is its id, which all its versions share."""


def words() -> Text:
    """Return the type of every text column: sorted and compared by code point, the same on every server."""
    return Text(collation="C")


def held(name: str, kind: TypeEngine[Any] | None = None, element: str | None = None) -> Column[Any]:
    """Return a column for a fact that may be unknown. `element` is the CEDS id under which it may be released."""
    return Column(name, words() if kind is None else kind, info={} if element is None else {"element": element})


def later(name: str, kind: TypeEngine[Any] | None = None, element: str | None = None) -> Column[Any]:
    """
    Return a column that came with a later release, and holds nothing in rows that are older.

    INVARIANT: a row that says nothing in it has the digest it always had, so that the first load after an upgrade
    changes nothing, and what entries committed to before still stands.
    """
    column = held(name, kind, element)
    column.info["later"] = True
    return column


def needed(name: str, kind: TypeEngine[Any] | None = None, element: str | None = None) -> Column[Any]:
    """Return a column for a fact that is always known."""
    info = {} if element is None else {"element": element}
    return Column(name, words() if kind is None else kind, nullable=False, info=info)


def student() -> Column[Any]:
    """Return the column that says whose fact this is."""
    return Column("student_id", Uuid, nullable=False)


def versioned(name: str, key: tuple[str, ...], *columns: Column[Any] | CheckConstraint) -> Table:
    """
    Return a table whose rows are dated by the loads that brought and ended them.

    `key` is the natural key: among the rows visible at any time it is unique (the loader sees to it; the constraint
    here only keeps one load from bringing a key twice). `digest` stands for all the row's facts, so that a load can
    tell what changed.
    """
    return Table(
        name,
        metadata,
        Column("row_id", BigInteger, Identity(always=True), nullable=False),
        *columns,
        Column("digest", LargeBinary, nullable=False),
        Column("from_batch", BigInteger, nullable=False),
        Column("to_batch", BigInteger),
        PrimaryKeyConstraint("row_id", name=f"{name}_pk"),
        CheckConstraint("octet_length(digest) = 16", name=f"{name}_digest_has_its_size"),
        CheckConstraint("to_batch > from_batch", name=f"{name}_ends_after_it_began"),
        Index(f"{name}_key", *key, "from_batch", unique=True),
        Index(f"{name}_from_batch_ix", "from_batch"),
        Index(f"{name}_to_batch_ix", "to_batch", postgresql_where=text("to_batch IS NOT NULL")),
        info={"key": key},
    )


def dated(name: str, *columns: Column[object] | CheckConstraint, key: tuple[str, ...]) -> Table:
    """Return a table dated by log entries. Among the rows in force `key` is unique."""
    return Table(
        name,
        metadata,
        Column("row_id", BigInteger, Identity(always=True), nullable=False),
        *columns,
        Column("digest", LargeBinary, nullable=False),
        Column("from_idx", BigInteger, nullable=False),
        Column("to_idx", BigInteger),
        PrimaryKeyConstraint("row_id", name=f"{name}_pk"),
        CheckConstraint("octet_length(digest) = 16", name=f"{name}_digest_has_its_size"),
        CheckConstraint("to_idx > from_idx", name=f"{name}_ends_after_it_began"),
        Index(
            f"{name}_key",
            *key,
            unique=True,
            postgresql_where=text("to_idx IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(f"{name}_from_idx_ix", "from_idx"),
        Index(f"{name}_to_idx_ix", "to_idx", postgresql_where=text("to_idx IS NOT NULL")),
        info={"key": key},
    )


def is_loaded(table: Table) -> bool:
    """Whether the rows of this table are dated by the number of a load, for good, and not by entries of the log."""
    return "from_batch" in table.c and "from_idx" not in table.c
