"""
Consents say who signed, for what, to whom and how; parents whose rights a court has revoked are on file.

Revises: 0028.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SAID: Sequence[str] = (
    *("signer", "purpose", "party", "what_will_be_done", "form", "evidence"),
    *("authenticated_by", "approved_by", "notice", "notice_language"),
)
"""None of them rewrites the table."""
_CHECKS: Sequence[tuple[str, str]] = (
    (
        "is_whole_or_older",
        "num_nonnulls(signer, purpose, party, what_will_be_done, form, evidence, notice, notice_language) IN (0, 8)",
    ),
    (
        "is_proven_if_electronic",
        "num_nonnulls(authenticated_by, approved_by) = 2 * (form IS NOT DISTINCT FROM 'electronic')::integer",
    ),
    ("by_hand_is_whole", "NOT by_hand OR form IS NOT NULL"),
    ("form_is_known", "form IN ('paper', 'electronic')"),
    (
        "authentication_is_known",
        "authenticated_by IN ('district_account', 'code_sent', 'identity_document', 'certificate')",
    ),
    ("approval_is_known", "approved_by IN ('drawn_signature', 'typed_name', 'ticked_box', 'confirmed')"),
    ("signer_has_its_form", "length(signer) BETWEEN 1 AND 200"),
    ("purpose_has_its_form", "purpose ~ '^[a-z]+(_[a-z]+)*$'"),
    ("party_has_its_form", "party ~ '^partner:[a-z0-9]+(-[a-z0-9]+)*$'"),
    ("use_has_its_form", "length(what_will_be_done) BETWEEN 1 AND 1000"),
    ("evidence_has_its_form", "evidence ~ '^sha256:[0-9a-f]{64}$'"),
    ("notice_has_its_form", "notice ~ '^sha256:[0-9a-f]{64}$'"),
    ("notice_language_has_its_form", "notice_language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'"),
)


def upgrade() -> None:
    for name in _SAID:
        op.add_column("consent", sa.Column(name, sa.Text(collation="C")), schema="records")
    by_hand: sa.Column[bool] = sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("consent", by_hand, schema="records")
    for name, condition in _CHECKS:
        op.create_check_constraint(f"consent_{name}", "consent", condition, schema="records")
    op.create_table(
        "restriction",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("parent", sa.Text(collation="C"), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.Text(collation="C"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("row_id", name="restriction_pk"),
        sa.CheckConstraint("length(parent) BETWEEN 1 AND 200", name="restriction_parent_has_its_form"),
        sa.CheckConstraint("evidence ~ '^sha256:[0-9a-f]{64}$'", name="restriction_evidence_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="restriction_digest_has_its_size"),
        sa.CheckConstraint("to_idx > from_idx", name="restriction_ends_after_it_began"),
        schema="records",
    )
    in_force, ended = sa.text("to_idx IS NULL"), sa.text("to_idx IS NOT NULL")
    op.create_index(
        "restriction_key",
        "restriction",
        ["student_id", "parent"],
        unique=True,
        schema="records",
        postgresql_where=in_force,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("restriction_from_idx_ix", "restriction", ["from_idx"], schema="records")
    op.create_index("restriction_to_idx_ix", "restriction", ["to_idx"], schema="records", postgresql_where=ended)
    op.create_index("restriction_student_ix", "restriction", ["student_id"], schema="records")
    run_sql(revision, "agreements")
    run_sql(revision, "records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
