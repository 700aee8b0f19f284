"""
A decision on a roster by which many students would leave waits, on the pages, for a second person.

Revises: 0040.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "roster_held",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("submission", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="roster_held_pk"),
        sa.CheckConstraint("octet_length(document) = 32", name="roster_held_document_is_a_digest"),
        sa.CheckConstraint("removed BETWEEN 1 AND before", name="roster_held_somebody_would_leave"),
        sa.CheckConstraint("answer IN ('confirmed', 'turned_down')", name="roster_held_answer_is_known"),
        sa.CheckConstraint(
            "num_nulls(answer, answered_by, answered_at, reason) IN (0, 4)", name="roster_held_is_answered_whole"
        ),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="roster_held_reason_is_short"),
        sa.CheckConstraint("answered_by <> asked_by", name="roster_held_takes_two_people"),
        schema="gateway",
    )
    op.create_index("roster_held_submission_ix", "roster_held", ["submission"], schema="gateway")
    op.create_index(
        "roster_held_waits_ix",
        "roster_held",
        ["document"],
        unique=True,
        schema="gateway",
        postgresql_where=sa.text("answer IS NULL"),
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
