"""
An invitation says who invited: the entry of whoever takes it up names them, and the role is prepared by somebody else.

Null for what a command made, and for invitations that were open when this came.

Revises: 0032.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("staff_invitation", sa.Column("invited_by", sa.Text), schema="gateway")
    op.create_check_constraint(
        "staff_invitation_invited_by_has_its_form",
        "staff_invitation",
        "invited_by ~ '^user:[0-9a-f-]{36}$'",
        schema="gateway",
    )


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
