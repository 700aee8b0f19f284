"""
What two stewards sign is kept as every signed document is: classifications of codes, confirmations of loads.

Revises: 0030.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', 'officer', "
    "'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', 'hold', 'release', "
    "'debarment', 'succession', 'review', 'emergency_release', 'erasure', 'recovery', 'witnesses', "
    "'log_key', 'staff_role', 'roster_decision', 'parental_rights', 'code_classification', "
    "'load_confirmation')"
)


def upgrade() -> None:
    op.drop_constraint("document_kind_is_known", "document", schema="agreements", type_="check")
    op.create_check_constraint("document_kind_is_known", "document", _KINDS, schema="agreements")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
