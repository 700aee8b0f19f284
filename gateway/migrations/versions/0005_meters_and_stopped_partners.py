"""
Meters that the log spends with its entries, and the stop of a whole partner.

Revises: 0004.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "meter",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(id) = 32", name="meter_id"),
        sa.CheckConstraint("spent > 0", name="meter_spent"),
        sa.PrimaryKeyConstraint("id", name="meter_pk"),
        schema="audit",
        comment="What was counted so far for one period; deleted when the period is over.",
    )
    op.create_index("meter_expires_at", "meter", ["expires_at"], unique=False, schema="audit")
    op.create_table(
        "partner_status",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("partner ~ '^partner:[a-z0-9-]+$'", name="partner_status_partner_has_its_form"),
        sa.CheckConstraint("status IN ('active', 'suspended')", name="partner_status_is_known"),
        sa.CheckConstraint("idx >= 0", name="partner_status_has_an_entry"),
        sa.PrimaryKeyConstraint("partner", "idx", name="partner_status_pk"),
        schema="gateway",
    )
    run_sql(revision, "audit")
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
