"""
What stands between students and partners: who is covered by which agreement, under which code, counted as whom.

The population is derived and can be rebuilt; codes and subject numbers are random and cannot.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE

from gateway.records.columns import LINE_FORM, metadata, student, words

population = Table(
    "population",
    metadata,
    Column("row_id", BigInteger, Identity(always=True), nullable=False),
    Column("agreement", words(), nullable=False),
    student(),
    Column("code", words(), nullable=False),
    Column("covers", BigInteger),
    Column("valid", DATEMULTIRANGE, nullable=False),
    Column("from_idx", BigInteger, nullable=False),
    Column("to_idx", BigInteger),
    PrimaryKeyConstraint("row_id", name="population_pk"),
    CheckConstraint("NOT isempty(valid)", name="population_is_valid_some_day"),
    CheckConstraint("covers <> 0", name="population_covers_something"),
    CheckConstraint("to_idx > from_idx", name="population_ends_after_it_began"),
    Index(
        "population_page_ix",
        "agreement",
        "code",
        "covers",
        unique=True,
        postgresql_where=text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("population_student_ix", "agreement", "student_id", postgresql_where=text("to_idx IS NULL")),
    Index("population_ended_ix", "agreement", "student_id", postgresql_where=text("to_idx IS NOT NULL")),
    Index("population_from_idx_ix", "from_idx"),
    Index("population_to_idx_ix", "to_idx", postgresql_where=text("to_idx IS NOT NULL")),
)
"""
The days on which one version of an agreement covers a student, and the elements it covers then.

`covers` is a bit mask over the agreement's sorted element ids; NULL covers all. INVARIANT: consents that cover
different elements at different times give one row for each mask, and the days of a student's rows never overlap, so
that no day borrows the coverage of another.
"""

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
    Column("from_idx", BigInteger, nullable=False, server_default=text("-1")),
    PrimaryKeyConstraint("line", "student_id", name="code_pk"),
    UniqueConstraint("line", "code", name="code_key"),
    CheckConstraint(LINE_FORM, name="code_line_has_its_form"),
    CheckConstraint("code ~ '^rc_[a-z2-7]{26}$'", name="code_has_its_form"),
    Index("code_from_idx_ix", "from_idx"),
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
    CheckConstraint("octet_length(sealed) = 16", name="subject_sealed_is_one_block"),
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
    PrimaryKeyConstraint("row_id", name="erased_row_pk"),
    CheckConstraint("octet_length(row_digest) = 32", name="erased_row_digest_is_a_digest"),
    Index("erased_row_at_ix", "at"),
    Index("erased_row_erased_idx_ix", "erased_idx"),
)
"""
What is left of the rows of students who were erased: the digest by which the entry or load `at` commits to each.

INVARIANT: it counts from the erasure's entry `erased_idx` on, which commits to it; it says nothing about anybody.
"""
