"""
The whole life of an agreement: more kinds of signed documents, and the moves that end a version or close an agreement.

Revises: 0001.
"""

from collections.abc import Sequence

from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', "
    "'officer', 'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', "
    "'hold', 'release', 'debarment', 'succession', 'review')"
)
_STATUSES = "status IN ('active', 'suspended', 'replaced', 'terminated', 'closed')"


def upgrade() -> None:
    for table, name, condition in (
        ("document", "document_kind_is_known", _KINDS),
        ("status", "status_is_known", _STATUSES),
    ):
        op.drop_constraint(name, table, schema="agreements", type_="check")
        op.create_check_constraint(name, table, condition, schema="agreements")
    run_sql(revision, "agreements")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
