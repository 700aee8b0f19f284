"""
Erasures and recoveries are signed documents; a student can be erased.

Revises: 0006.
"""

from collections.abc import Sequence

from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', 'officer', "
    "'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', 'hold', 'release', "
    "'debarment', 'succession', 'review', 'emergency_release', 'erasure', 'recovery')"
)


def upgrade() -> None:
    op.drop_constraint("document_kind_is_known", "document", schema="agreements", type_="check")
    op.create_check_constraint("document_kind_is_known", "document", _KINDS, schema="agreements")
    run_sql(revision, "records")
    run_sql(revision, "audit")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
