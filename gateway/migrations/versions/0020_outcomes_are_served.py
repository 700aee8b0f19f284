"""
Courses, assessments and discipline can be read by the app role, as far as an agreement covers their students.

Revises: 0019.
"""

from collections.abc import Sequence

from gateway.migrations.rooms import run_sql

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
