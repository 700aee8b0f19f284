"""
What stands between students and partners: who is covered by which agreement, under which code, counted as whom.

The population is derived and can be rebuilt; codes and subject numbers are random and cannot.

A load prepares rows of the population and codes unseen, under its batch (`gateway.records.prepared`). They count from
the moment the frontier shows the batch, that is from its entry, and are dated by that entry soon afterwards.
INVARIANT: a row that a batch dates and the same row dated by the batch's entry are one and the same to every reader.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE

from gateway.records.columns import LINE_FORM, metadata, student, words
from gateway.records.facts import batch, frontier

population = Table(
    "population",
    metadata,
    Column("row_id", BigInteger, Identity(always=True), nullable=False),
    Column("agreement", words(), nullable=False),
    student(),
    Column("code", words(), nullable=False),
    Column("covers", BigInteger),
    Column("valid", DATEMULTIRANGE, nullable=False),
    Column("from_idx", BigInteger),
    Column("to_idx", BigInteger),
    Column("from_batch", BigInteger),
    Column("to_batch", BigInteger),
    PrimaryKeyConstraint("row_id", name="population_pk"),
    CheckConstraint("num_nonnulls(from_idx, from_batch) = 1", name="population_began_once"),
    CheckConstraint("NOT isempty(valid)", name="population_is_valid_some_day"),
    CheckConstraint("covers <> 0", name="population_covers_something"),
    CheckConstraint("to_idx > from_idx", name="population_ends_after_it_began"),
    Index(
        "population_page_ix",
        "agreement",
        "code",
        "covers",
        "from_batch",
        "to_batch",
        unique=True,
        postgresql_where=text("to_idx IS NULL AND code >= ''"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("population_student_ix", "student_id", "agreement", postgresql_where=text("to_idx IS NULL")),
    Index("population_ended_ix", "agreement", "student_id", postgresql_where=text("to_idx IS NOT NULL")),
    Index("population_from_idx_ix", "from_idx"),
    Index("population_to_idx_ix", "to_idx", postgresql_where=text("to_idx IS NOT NULL")),
    Index("population_from_batch_ix", "from_batch", postgresql_where=text("from_batch IS NOT NULL")),
    Index("population_to_batch_ix", "to_batch", postgresql_where=text("to_batch IS NOT NULL")),
)
"""
The days on which one version of an agreement covers a student, and the elements it covers then.

`covers` is a bit mask over the agreement's sorted element ids; NULL covers all. INVARIANT: consents that cover
different elements at different times give one row for each mask, and the days of a student's rows never overlap, so
that no day borrows the coverage of another.

Pages walk `population_page_ix`, and nobody else is given it: its condition on the code is true of every row, and a
statement that does not say it too cannot use it. One student is found by `population_student_ix`.
"""

IN_ORDER: Final = population.c.code >= literal_column("''")
"""True of every row: for statements that go through a whole population, so that they may walk the index of pages."""

scope = Table(
    "scope",
    metadata,
    Column("agreement", words(), nullable=False),
    Column("line", words(), nullable=False),
    Column("time_zone", words(), nullable=False),
    PrimaryKeyConstraint("agreement", name="scope_pk"),
    CheckConstraint(LINE_FORM, name="scope_line_has_its_form"),
)
"""The versions of agreements that have a population, the line of each, and the zone in which its days begin."""

code = Table(
    "code",
    metadata,
    Column("line", words(), nullable=False),
    student(),
    Column("code", words(), nullable=False),
    Column("from_idx", BigInteger, server_default=text("-1")),
    Column("from_batch", BigInteger),
    PrimaryKeyConstraint("line", "student_id", name="code_pk"),
    CheckConstraint("num_nonnulls(from_idx, from_batch) = 1", name="code_began_once"),
    UniqueConstraint("line", "code", name="code_key"),
    CheckConstraint(LINE_FORM, name="code_line_has_its_form"),
    CheckConstraint("code ~ '^rc_[a-z2-7]{26}$'", name="code_has_its_form"),
    Index("code_from_idx_ix", "from_idx"),
    Index("code_from_batch_ix", "from_batch", postgresql_where=text("from_batch IS NOT NULL")),
)
"""
Record codes: random, one a line and student, for good (34 CFR 99.31(b)(2): never derived).

`from_idx` is the entry that brought it; -1 for those that are older than the column.

A partner goes on knowing a student by the same code when its agreement is amended or renewed.
"""

subject = Table(
    "subject",
    metadata,
    student(),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("student_id", name="subject_pk"),
    UniqueConstraint("sealed", name="subject_sealed_key"),
    CheckConstraint("octet_length(sealed) IN (16, 24)", name="subject_sealed_is_a_link"),
)
"""The one link from a student to the number the log lists; erasing the row erases the link."""

erased_row = Table(
    "erased_row",
    metadata,
    Column("row_id", BigInteger, Identity(always=True), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("loaded", Boolean, nullable=False),
    Column("part", words(), nullable=False),
    Column("concerns", words(), nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
    Column("erased_idx", BigInteger),
    Column("erased_batch", BigInteger),
    PrimaryKeyConstraint("row_id", name="erased_row_pk"),
    CheckConstraint("octet_length(row_digest) = 32", name="erased_row_digest_is_a_digest"),
    Index("erased_row_at_ix", "at"),
    Index("erased_row_erased_idx_ix", "erased_idx"),
    Index("erased_row_erased_batch_ix", "erased_batch", postgresql_where=text("erased_batch IS NOT NULL")),
)
"""
What is left of rows that were deleted, because their student was erased or because the time for which old versions are
kept was over: the digest by which the entry or load `at` commits to each.

INVARIANT: it counts from the entry `erased_idx` on (or the entry of `erased_batch`), which commits to it; it says
nothing about anybody.
"""

readable_from = Table(
    "readable_from",
    metadata,
    Column("only", Boolean, nullable=False, server_default=text("true")),
    Column("batch", BigInteger, nullable=False),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("only", name="readable_from_pk"),
    CheckConstraint('"only"', name="readable_from_has_one_row"),
)
"""
The oldest state that can still be read: that of the load `batch`, which the entry `idx` made visible. One row.

What that load ended, or one before it, is deleted. -1 while nothing is.
"""


def in_force() -> ColumnElement[bool]:
    """Return the condition that a row of the population counts now."""
    newest = select(frontier.c.batch).scalar_subquery()
    own = population.c
    return and_(
        own.to_idx.is_(None),
        or_(own.from_batch.is_(None), own.from_batch <= newest),
        or_(own.to_batch.is_(None), own.to_batch > newest),
    )


def began() -> ColumnElement[int]:
    """Return the entry that began a row of the population; NULL for one that nobody sees yet."""
    shown = select(batch.c.idx).where(batch.c.id == population.c.from_batch).scalar_subquery()
    return func.coalesce(population.c.from_idx, shown)


def ended() -> ColumnElement[int]:
    """Return the entry that ended a row of the population; NULL if it counts, as far as anybody sees."""
    shown = select(batch.c.idx).where(batch.c.id == population.c.to_batch).scalar_subquery()
    return func.coalesce(population.c.to_idx, shown)


def counted_at(epoch: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a row of the population counted after entry `epoch`."""
    return and_(began() <= epoch, or_(ended().is_(None), ended() > epoch))


def ending(idx: int) -> Mapping[str, object]:
    """Return what a row in force is set to when entry `idx` ends it: a load's row is dated by its entry by the way."""
    return {"to_idx": idx, "from_idx": began(), "from_batch": null()}
