"""
The names in rosters go when their time is over, by what a running gateway does beside serving.

Revises: 0031.
"""

from collections.abc import Sequence

from gateway.migrations.rooms import run_sql

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
