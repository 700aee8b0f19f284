"""
What decisions rest on besides signed documents, by digest, and which entries recorded it.

Revises: 0012.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "input",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("digest = sha256(content)", name="input_digest_is_that_of_its_content"),
        sa.CheckConstraint("octet_length(content) BETWEEN 1 AND 8388608", name="input_size"),
        sa.PrimaryKeyConstraint("digest", name="input_pk"),
        schema="gateway",
    )
    op.create_table(
        "configuration",
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.CheckConstraint("idx >= 0", name="configuration_has_an_entry"),
        sa.PrimaryKeyConstraint("idx", name="configuration_pk"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
