"""
Drafts of agreements that somebody is writing on the pages: nothing counts by standing there.

Revises: 0032.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="draft_pk"),
        sa.CheckConstraint("revision > 0", name="draft_revision_counts"),
        sa.CheckConstraint("octet_length(content) <= 1000000", name="draft_content_is_bounded"),
        sa.CheckConstraint("octet_length(ready) = 32", name="draft_ready_is_a_digest"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
