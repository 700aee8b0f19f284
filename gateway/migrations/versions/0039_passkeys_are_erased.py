"""
Erasing who a person is takes along which passkeys they made here.

Revises: 0037.
"""

from collections.abc import Sequence

from gateway.migrations.rooms import run_sql

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
