"""
A page is found by one index and a student by another, whatever the planner knows; loads renew what it knows.

Revises: 0026.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for index in ("population_page_ix", "population_student_ix"):
        op.drop_index(index, "population", schema="records")
    # True of every row, and so of no use but to be asked for: who does not ask is not given this index.
    op.create_index(
        "population_page_ix",
        "population",
        ["agreement", "code", "covers", "from_batch", "to_batch"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL AND code >= ''"),
        postgresql_nulls_not_distinct=True,
    )
    # The student first: who asks for an agreement alone has no use for this one.
    op.create_index(
        "population_student_ix",
        "population",
        ["student_id", "agreement"],
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
    )
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
