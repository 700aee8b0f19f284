"""
Loads prepare populations and codes unseen; old versions of records are kept for a time only.

Revises: 0022.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEGAN_ONCE = "num_nonnulls(from_idx, from_batch) = 1"


def upgrade() -> None:
    for table, column in (
        ("population", "from_batch"),
        ("population", "to_batch"),
        ("code", "from_batch"),
        ("erased_row", "erased_batch"),
    ):
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True), schema="records")
        op.create_index(
            f"{table}_{column}_ix",
            table,
            [column],
            schema="records",
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    for table in ("population", "code"):
        op.alter_column(table, "from_idx", nullable=True, schema="records")
        op.create_check_constraint(f"{table}_began_once", table, _BEGAN_ONCE, schema="records")
    for index in ("population_page_ix", "population_student_ix"):
        op.drop_index(index, "population", schema="records")
    op.create_index(
        "population_page_ix",
        "population",
        ["agreement", "code", "covers", "from_batch", "to_batch"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    # After the other one: to the planner both cost the same for one student, and of such it takes the newer.
    op.create_index(
        "population_student_ix",
        "population",
        ["agreement", "student_id"],
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
    )
    op.create_table(
        "readable_from",
        sa.Column("only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"only"', name="readable_from_has_one_row"),
        sa.PrimaryKeyConstraint("only", name="readable_from_pk"),
        schema="records",
    )
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
