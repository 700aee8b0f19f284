"""
Rosters that partners submit: what came in, what its lines mean, what the district decided.

That a partner asked about its roster changes nothing: it is left out where the entries that change anything are looked
for.

Revises: 0027.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_REQUESTS = (
    *("disclosure", "token.issued", "refusal", "grant.read", "receipt.read", "token.refused"),
    *("strangers.refused", "explanation.read", "analysis.read", "token.inspected", "roster.read"),
)
_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', 'officer', "
    "'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', 'hold', 'release', "
    "'debarment', 'succession', 'review', 'emergency_release', 'erasure', 'recovery', 'witnesses', "
    "'log_key', 'staff_role', 'roster_decision')"
)
_IS_CHANGE = " AND ".join(f'position(\'"event":"{event}"\'::bytea in leaf) = 0' for event in _REQUESTS)


def upgrade() -> None:
    # An index over every leaf takes as long as it takes; nobody is connected meanwhile.
    op.execute("SET LOCAL statement_timeout = 0")
    op.drop_index("entry_change", table_name="entry", schema="audit")
    op.create_index("entry_change", "entry", ["idx"], schema="audit", postgresql_where=sa.text(_IS_CHANGE))
    op.drop_constraint("document_kind_is_known", "document", schema="agreements", type_="check")
    op.create_check_constraint("document_kind_is_known", "document", _KINDS, schema="agreements")
    _submissions()
    _lines()
    _decisions()
    run_sql(revision, "gateway")
    run_sql(revision, "records")


def _submissions() -> None:
    op.create_table(
        "roster_submission",
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("covers", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("idx >= 0", name="roster_submission_has_an_entry"),
        sa.CheckConstraint("line ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$'", name="roster_submission_line_has_its_form"),
        sa.CheckConstraint("covers IN ('whole', 'additions')", name="roster_submission_covers_is_known"),
        sa.CheckConstraint("format IN ('json', 'csv')", name="roster_submission_format_is_known"),
        sa.CheckConstraint("lines > 0", name="roster_submission_has_lines"),
        sa.CheckConstraint("octet_length(digest) = 32", name="roster_submission_digest_is_a_digest"),
        sa.PrimaryKeyConstraint("idx", name="roster_submission_pk"),
        sa.UniqueConstraint("line", "client", "once", name="roster_submission_once_key"),
        schema="gateway",
    )
    op.create_index("roster_submission_line_ix", "roster_submission", ["line"], schema="gateway")


def _lines() -> None:
    op.create_table(
        "roster_line",
        sa.Column("submission", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("found_by", sa.Text(), nullable=True),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'open'")),
        sa.CheckConstraint("number > 0", name="roster_line_number_counts"),
        sa.CheckConstraint("state IN ('open', 'set_aside', 'accepted', 'over')", name="roster_line_state_is_known"),
        sa.CheckConstraint("state <> 'accepted' OR student_id IS NOT NULL", name="roster_line_accepted_is_somebody"),
        sa.CheckConstraint("(student_id IS NULL) = (found_by IS NULL)", name="roster_line_found_by_a_rule"),
        sa.PrimaryKeyConstraint("submission", "number", name="roster_line_pk"),
        schema="gateway",
    )
    known = sa.text("student_id IS NOT NULL")
    op.create_index("roster_line_student_ix", "roster_line", ["student_id"], schema="gateway", postgresql_where=known)


def _decisions() -> None:
    op.create_table(
        "roster_decision",
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("submission", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("fresh_until", sa.Date(), nullable=True),
        sa.CheckConstraint("idx > submission", name="roster_decision_comes_after"),
        sa.CheckConstraint("decision IN ('accept', 'refuse', 'confirm')", name="roster_decision_is_known"),
        sa.CheckConstraint("(fresh_until IS NULL) = (decision = 'refuse')", name="roster_decision_lasts"),
        sa.PrimaryKeyConstraint("idx", name="roster_decision_pk"),
        schema="gateway",
    )
    op.create_index("roster_decision_submission_ix", "roster_decision", ["submission"], schema="gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
