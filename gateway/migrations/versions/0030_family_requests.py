"""
Requests of families and what answers them, and retention that keeps what a family has asked to inspect.

Revises: 0029.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "family_document",
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("idx >= 0", name="family_document_has_an_entry"),
        sa.CheckConstraint("octet_length(digest) = 32", name="family_document_digest_is_a_digest"),
        sa.CheckConstraint(
            "kind IN ('family_request', 'family_step', 'withholding', 'telling_partners')",
            name="family_document_kind_is_known",
        ),
        sa.PrimaryKeyConstraint("idx", name="family_document_pk"),
        sa.UniqueConstraint("digest", name="family_document_digest_key"),
        schema="gateway",
    )
    run_sql(revision, "gateway")
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
