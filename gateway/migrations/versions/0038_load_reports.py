"""
What became of each load is kept, for the stewards' pages.

Revises: 0037.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gateway.migrations.rooms import run_sql

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "load_report",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("entries", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="load_report_pk"),
        sa.CheckConstraint("state IN ('loaded', 'held', 'refused')", name="load_report_state_is_known"),
        sa.CheckConstraint("(state = 'loaded') = (code IS NULL)", name="load_report_says_why_not"),
        sa.CheckConstraint("code ~ '^[a-z_]{1,60}$'", name="load_report_code_has_its_form"),
        sa.CheckConstraint("char_length(mapping) <= 300", name="load_report_mapping_is_short"),
        sa.CheckConstraint("octet_length(source) = 32", name="load_report_source_is_a_digest"),
        sa.CheckConstraint("least(added, changed, ended, refused) >= 0", name="load_report_counts"),
        sa.CheckConstraint("octet_length(content::text) <= 2000000", name="load_report_content_is_bounded"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
