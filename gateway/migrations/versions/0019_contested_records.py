"""
What families state about contested records, so that it leaves wherever the contested part does.

Revises: 0018.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gateway.migrations.rooms import run_sql

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "contested",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("elements", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("statement", sa.Text(collation="C"), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("row_id", name="contested_pk"),
        sa.CheckConstraint("cardinality(elements) > 0", name="contested_names_an_element"),
        sa.CheckConstraint("length(statement) BETWEEN 1 AND 4000", name="contested_statement_has_its_length"),
        sa.CheckConstraint("octet_length(digest) = 16", name="contested_digest_has_its_size"),
        sa.CheckConstraint("to_idx > from_idx", name="contested_ends_after_it_began"),
        schema="records",
    )
    in_force, ended = sa.text("to_idx IS NULL"), sa.text("to_idx IS NOT NULL")
    op.create_index(
        "contested_key",
        "contested",
        ["student_id", "elements"],
        unique=True,
        schema="records",
        postgresql_where=in_force,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("contested_from_idx_ix", "contested", ["from_idx"], schema="records")
    op.create_index("contested_to_idx_ix", "contested", ["to_idx"], schema="records", postgresql_where=ended)
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
