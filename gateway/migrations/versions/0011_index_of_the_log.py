"""
The index by which the log is searched, beside the tree.

Revises: 0010.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "indexed",
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_time", sa.Text(collation="C"), nullable=False),
        sa.Column("last_time", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("block >= 0", name="indexed_block"),
        sa.PrimaryKeyConstraint("block", name="indexed_pk"),
        schema="audit",
        comment="Which blocks of 4,096 entries are indexed, and the earliest and latest time in each.",
    )
    op.create_table(
        "posting",
        sa.Column("term", sa.LargeBinary(), nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(term) = 8", name="posting_term"),
        sa.PrimaryKeyConstraint("term", "block", name="posting_pk"),
        schema="audit",
        comment="The entries of a block that say something: 512 bytes are one bit an entry, fewer are 2 bytes a place.",
    )
    op.create_table(
        "named",
        sa.Column("bucket", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("bucket BETWEEN 0 AND 1023", name="named_bucket"),
        sa.PrimaryKeyConstraint("bucket", "block", name="named_pk"),
        schema="audit",
        comment="Whom the entries of a block name, by the first 10 bits of the number: 2 bytes of it and 2 of the place.",
    )
    run_sql(revision, "audit")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
