"""
A development sign-in for demos, and another key for links of students.

Why tokens were ended is kept too, and which keys sign tokens.

Revises: 0023.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "wrapping_key",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("octet_length(name) IN (0, 8)", name="wrapping_key_name_has_its_form"),
        sa.CheckConstraint("move IN ('introduced', 'retired')", name="wrapping_key_move_is_one"),
        sa.CheckConstraint("move = 'retired' OR name <> ''", name="wrapping_key_first_is_never_introduced"),
        sa.CheckConstraint("idx >= 0", name="wrapping_key_has_an_entry"),
        sa.PrimaryKeyConstraint("name", "move", name="wrapping_key_pk"),
        schema="gateway",
    )
    op.create_table(
        "token_end",
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("reason <> ''", name="token_end_reason_is_given"),
        sa.PrimaryKeyConstraint("idx", name="token_end_pk"),
        schema="gateway",
    )
    op.create_table(
        "token_key_held",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("signs_from", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("key ~ '^[A-Za-z0-9_-]{43}$'", name="token_key_held_is_a_thumbprint"),
        sa.CheckConstraint("signs_from >= 0", name="token_key_held_signs_from_an_instant"),
        sa.PrimaryKeyConstraint("key", name="token_key_held_pk"),
        schema="gateway",
    )
    op.drop_constraint("subject_sealed_is_one_block", "subject", schema="records")
    op.create_check_constraint(
        "subject_sealed_is_a_link", "subject", "octet_length(sealed) IN (16, 24)", schema="records"
    )
    run_sql(revision, "gateway")
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
