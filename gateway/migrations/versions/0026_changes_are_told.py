"""
The app role can read what a partner was shown before, as far as its agreement covered the students then.

Revises: 0025.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    ended = sa.text("to_idx IS NOT NULL")
    columns = ["agreement", "student_id"]
    op.create_index("population_ended_ix", "population", columns, schema="records", postgresql_where=ended)
    for table in ("roster", "placement", "contested"):
        op.create_index(f"{table}_student_ix", table, ["student_id"], schema="records")
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
