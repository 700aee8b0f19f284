"""
What an entry commits to is computed in less time: rows are sorted by the beginning of their digests first.

Revises: 0031.
"""

from collections.abc import Sequence

from gateway.migrations.rooms import run_sql

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
