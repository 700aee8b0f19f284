"""
Releases by emergency orders are signed documents, and an order can be ended.

Revises: 0005.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', "
    "'officer', 'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', "
    "'hold', 'release', 'debarment', 'succession', 'review', 'emergency_release')"
)


def upgrade() -> None:
    op.drop_constraint("document_kind_is_known", "document", schema="agreements", type_="check")
    op.create_check_constraint("document_kind_is_known", "document", _KINDS, schema="agreements")
    op.alter_column(
        "status",
        "agreement",
        existing_type=sa.LargeBinary(),
        existing_nullable=False,
        existing_comment="digest of the agreement",
        comment="digest of the agreement, or of the emergency order",
        schema="agreements",
    )


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
