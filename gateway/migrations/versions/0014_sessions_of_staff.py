"""
Sessions of the people who sign in, and what they signed in again for.

Revises: 0013.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "staff_session",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("login", sa.LargeBinary(), nullable=False),
        sa.Column("realm", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acr", sa.Text()),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("most_roles", sa.ARRAY(sa.Text())),
        sa.PrimaryKeyConstraint("number", name="staff_session_pk"),
        sa.UniqueConstraint("id", name="staff_session_id_key"),
        sa.UniqueConstraint("login", name="staff_session_login_key"),
        sa.CheckConstraint("octet_length(id) = 32", name="staff_session_id_is_a_digest"),
        sa.CheckConstraint("octet_length(login) = 32", name="staff_session_login_is_a_digest"),
        sa.CheckConstraint("realm IN ('district', 'partner')", name="staff_session_realm_is_known"),
        sa.CheckConstraint("began_at <= seen_at AND began_at < ends_at", name="staff_session_has_a_span"),
        schema="gateway",
    )
    op.create_index("staff_session_ends_at", "staff_session", ["ends_at"], unique=False, schema="gateway")
    op.create_index("staff_session_subject_ix", "staff_session", ["issuer", "subject"], unique=False, schema="gateway")
    op.create_table(
        "staff_step_up",
        sa.Column("login", sa.LargeBinary(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("concerns", sa.Text(), nullable=False),
        sa.Column("acr", sa.Text()),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("login", name="staff_step_up_pk"),
        sa.ForeignKeyConstraint(
            ["session"], ["gateway.staff_session.number"], name="staff_step_up_session_fk", ondelete="CASCADE"
        ),
        sa.CheckConstraint("octet_length(login) = 32", name="staff_step_up_login_is_a_digest"),
        sa.CheckConstraint("concerns ~ '^sha256:[0-9a-f]{64}$'", name="staff_step_up_concerns_a_document"),
        schema="gateway",
    )
    op.create_index("staff_step_up_session_ix", "staff_step_up", ["session"], unique=False, schema="gateway")
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
