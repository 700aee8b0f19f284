"""
Disclosures made outside the gateway, recorded by hand.

Revises: 0009.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "outside_disclosure",
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("corrects", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("idx >= 0", name="outside_disclosure_has_an_entry"),
        sa.CheckConstraint("octet_length(digest) = 32", name="outside_disclosure_digest_is_a_digest"),
        sa.CheckConstraint("corrects < idx", name="outside_disclosure_corrects_an_earlier_one"),
        sa.PrimaryKeyConstraint("idx", name="outside_disclosure_pk"),
        sa.UniqueConstraint("digest", name="outside_disclosure_digest_key"),
        schema="gateway",
    )
    op.create_index("outside_disclosure_corrects_ix", "outside_disclosure", ["corrects"], schema="gateway")
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
