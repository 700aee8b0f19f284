"""
What the log's entries commit to can be computed again from the rows they date; the entries that change anything are found.

Revises: 0008.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_DATED = ("consent", "opt_out", "placement", "population", "roster")
_LOADED = (
    *("academic_summary", "assessment", "attendance", "course_grade", "discipline", "enrollment", "program"),
    *("school", "session", "student", "withheld"),
)
_REQUESTS = (
    *("disclosure", "token.issued", "refusal", "grant.read", "receipt.read", "token.refused"),
    *("strangers.refused", "explanation.read", "analysis.read"),
)
_IS_CHANGE = " AND ".join(f'position(\'"event":"{event}"\'::bytea in leaf) = 0' for event in _REQUESTS)


def upgrade() -> None:
    # Indexes over every leaf and every row take as long as they take; nobody is connected meanwhile.
    op.execute("SET LOCAL statement_timeout = 0")
    op.add_column("code", sa.Column("from_idx", sa.BigInteger(), server_default="-1", nullable=False), schema="records")
    for table in (*_DATED, "code"):
        op.create_index(f"{table}_from_idx_ix", table, ["from_idx"], schema="records")
    for table in _DATED:
        ended = sa.text("to_idx IS NOT NULL")
        op.create_index(f"{table}_to_idx_ix", table, ["to_idx"], schema="records", postgresql_where=ended)
    for table in _LOADED:
        ended = sa.text("to_batch IS NOT NULL")
        op.create_index(f"{table}_to_batch_ix", table, ["to_batch"], schema="records", postgresql_where=ended)
    op.create_index("entry_change", "entry", ["idx"], schema="audit", postgresql_where=sa.text(_IS_CHANGE))
    op.create_table(
        "erased_row",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("loaded", sa.Boolean(), nullable=False),
        sa.Column("part", sa.Text(collation="C"), nullable=False),
        sa.Column("concerns", sa.Text(collation="C"), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.Column("erased_idx", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("row_id", name="erased_row_pk"),
        sa.CheckConstraint("octet_length(row_digest) = 32", name="erased_row_digest_is_a_digest"),
        schema="records",
    )
    op.create_index("erased_row_at_ix", "erased_row", ["at"], schema="records")
    op.create_index("erased_row_erased_idx_ix", "erased_row", ["erased_idx"], schema="records")
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
