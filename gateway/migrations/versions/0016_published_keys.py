"""
The keys that clients publish, as they were fetched, and who was reminded of a client's end.

Revises: 0015.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "fetched_keys",
        sa.Column("binding", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(binding) = 32", name="fetched_keys_binding_is_a_digest"),
        sa.CheckConstraint("octet_length(content) BETWEEN 1 AND 65536", name="fetched_keys_size"),
        sa.CheckConstraint("idx >= 0", name="fetched_keys_has_an_entry"),
        sa.PrimaryKeyConstraint("binding", "idx", name="fetched_keys_pk"),
        schema="gateway",
    )
    op.create_table(
        "client_reminder",
        sa.Column("binding", sa.LargeBinary(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("octet_length(binding) = 32", name="client_reminder_binding_is_a_digest"),
        sa.CheckConstraint("idx >= 0", name="client_reminder_has_an_entry"),
        sa.PrimaryKeyConstraint("binding", "days", name="client_reminder_pk"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
