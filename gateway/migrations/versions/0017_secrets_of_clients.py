"""
Secrets of clients that know nothing better: the salts of the log's commitments to them.

Revises: 0016.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "client_secret",
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("idx >= 0", name="client_secret_has_an_entry"),
        sa.CheckConstraint("octet_length(salt) = 32", name="client_secret_salt_size"),
        sa.PrimaryKeyConstraint("idx", name="client_secret_pk"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
