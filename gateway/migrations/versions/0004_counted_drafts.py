"""
What was answered about how many students a draft covers, so that many drafts tell no more than one.

Revises: 0003.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gateway.migrations.rooms import run_sql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "draft_count",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=True),
        sa.Column("left_out", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("sketch", postgresql.BIT(1024), nullable=True),
        sa.Column("reach", sa.SmallInteger(), nullable=True),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name="draft_count_digest_is_a_digest"),
        sa.CheckConstraint("line ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$'", name="draft_count_line_has_its_form"),
        sa.CheckConstraint("students >= 10 AND students % 10 = 0", name="draft_count_is_rounded"),
        sa.CheckConstraint("(sketch IS NULL) = (reach IS NULL)", name="draft_count_sketch_has_a_reach"),
        sa.CheckConstraint("idx >= 0", name="draft_count_has_an_entry"),
        sa.PrimaryKeyConstraint("digest", "day", name="draft_count_pk"),
        schema="gateway",
    )
    op.create_index("draft_count_day_ix", "draft_count", ["day", "line"], unique=False, schema="gateway")
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
