"""
Loads of any size: the loader works in temporary tables, and what an entry commits to is computed in bounded memory.

Revises: 0024.
"""

from collections.abc import Sequence

from gateway.migrations.rooms import run_sql

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
