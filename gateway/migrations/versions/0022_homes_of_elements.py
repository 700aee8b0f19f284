"""
Homes of the elements that had none, and what persons say about student numbers that were merged or reused.

Revises: 0020.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0022"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_LATER: Sequence[tuple[str, sa.Column[object]]] = (
    ("academic_summary", sa.Column("session_identifier", sa.Text(collation="C"), nullable=False, server_default="")),
    ("academic_summary", sa.Column("on_track_to_graduate", sa.Boolean())),
    ("attendance", sa.Column("section_identifier", sa.Text(collation="C"))),
    ("course_grade", sa.Column("grade_level_when_course_taken", sa.Text(collation="C"))),
    ("assessment", sa.Column("assessment_percentile", sa.Double())),
    ("program", sa.Column("intervention", sa.Text(collation="C"))),
    ("program", sa.Column("support_minutes_per_week", sa.Integer())),
)
"""None of them rewrites its table."""


def upgrade() -> None:
    for table, column in _LATER:
        op.add_column(table, column, schema="records")
    key = ["student_id", "school_year", "session_identifier", "from_batch"]
    op.drop_index("academic_summary_key", "academic_summary", schema="records")
    op.create_index("academic_summary_key", "academic_summary", key, unique=True, schema="records")
    op.create_table(
        "renumbered",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("student_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("stood", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("row_id", name="renumbered_pk"),
        sa.CheckConstraint("kind IN ('merged', 'reused', 'kept')", name="renumbered_kind_is_known"),
        sa.CheckConstraint("(kind = 'merged') = (other_id IS NOT NULL)", name="renumbered_merged_into_somebody"),
        sa.CheckConstraint("(kind = 'kept') = (stood IS NOT NULL)", name="renumbered_kept_beside_a_row"),
        sa.CheckConstraint("student_id <> other_id", name="renumbered_is_not_merged_into_itself"),
        sa.CheckConstraint("octet_length(digest) = 16", name="renumbered_digest_has_its_size"),
        sa.CheckConstraint("to_idx > from_idx", name="renumbered_ends_after_it_began"),
        schema="records",
    )
    in_force, ended = sa.text("to_idx IS NULL"), sa.text("to_idx IS NOT NULL")
    op.create_index(
        "renumbered_key",
        "renumbered",
        ["student_id", "kind"],
        unique=True,
        schema="records",
        postgresql_where=in_force,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("renumbered_from_idx_ix", "renumbered", ["from_idx"], schema="records")
    op.create_index("renumbered_to_idx_ix", "renumbered", ["to_idx"], schema="records", postgresql_where=ended)
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
