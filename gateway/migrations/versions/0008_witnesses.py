"""
Witnesses are named by a signed document, and the newest cosignature of each is remembered.

Revises: 0007.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', 'officer', "
    "'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', 'hold', 'release', "
    "'debarment', 'succession', 'review', 'emergency_release', 'erasure', 'recovery', 'witnesses')"
)


def upgrade() -> None:
    op.drop_constraint("document_kind_is_known", "document", schema="agreements", type_="check")
    op.create_check_constraint("document_kind_is_known", "document", _KINDS, schema="agreements")
    op.create_table(
        "cosigned",
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("signer", name="cosigned_pk"),
        schema="audit",
        comment="The newest cosignature of each witness; a size cosigned again has a newer time. Verified whenever read.",
    )
    run_sql(revision, "audit")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
