"""
The salt under which a release by an emergency order commits to students' numbers is kept as long as its paper waits.

Revises: 0039.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "paper_salt",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(salt) = 32", name="paper_salt_has_its_length"),
        sa.ForeignKeyConstraint(["digest"], ["gateway.paper.digest"], name="paper_salt_paper_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="paper_salt_pk"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
