"""
The four rooms: their schemas, tables, functions, triggers, views and grants.

Written out and never changed again: what comes later is a migration of its own, and so is its SQL.

Revises: nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gateway.migrations.rooms import ROOMS, run_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for room in ROOMS:
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {room}")
    _create_tables()
    for room in ROOMS:
        run_sql(revision, room)


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)


def _create_tables() -> None:
    op.create_table(
        "document",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the signed payload"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("concerns", sa.LargeBinary(), nullable=True, comment="digest of the document this one is about"),
        sa.Column("envelope", sa.Text(), nullable=False, comment="JWS general JSON serialization"),
        sa.Column("idx", sa.BigInteger(), nullable=False, comment="log entry that received it"),
        sa.CheckConstraint(
            "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement')",
            name="document_kind_is_known",
        ),
        sa.CheckConstraint("idx >= 0", name="document_idx_is_an_entry"),
        sa.CheckConstraint("octet_length(concerns) = 32", name="document_concerns_is_sha256"),
        sa.CheckConstraint("octet_length(digest) = 32", name="document_digest_is_sha256"),
        sa.PrimaryKeyConstraint("digest", name="document_pkey"),
        schema="agreements",
    )
    op.create_index("document_concerns", "document", ["concerns"], unique=False, schema="agreements")
    op.create_index("document_kind", "document", ["kind"], unique=False, schema="agreements")
    op.create_table(
        "status",
        sa.Column("agreement", sa.LargeBinary(), nullable=False, comment="digest of the agreement"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False, comment="log entry of the move"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("reason <> ''", name="status_reason_is_given"),
        sa.CheckConstraint("status IN ('active', 'suspended', 'terminated')", name="status_is_known"),
        sa.CheckConstraint("idx >= 0", name="status_idx_is_an_entry"),
        sa.ForeignKeyConstraint(["agreement"], ["agreements.document.digest"], name="status_agreement_fkey"),
        sa.PrimaryKeyConstraint("agreement", "idx", name="status_pkey"),
        schema="agreements",
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tree_head", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(tree_head) = 32", name="checkpoint_tree_head"),
        sa.CheckConstraint("size > 0", name="checkpoint_size"),
        sa.PrimaryKeyConstraint("size", name="checkpoint_pk"),
        schema="audit",
        comment="The tree head after each batch. One head a size, so that no two can be signed.",
    )
    op.create_table(
        "entry",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("leaf_hash = sha256('\\x00'::bytea || leaf)", name="entry_leaf_hash"),
        sa.CheckConstraint("idx >= 0", name="entry_idx"),
        sa.CheckConstraint("octet_length(leaf) BETWEEN 1 AND 65535", name="entry_leaf_fits_a_bundle"),
        sa.PrimaryKeyConstraint("idx", name="entry_pk"),
        schema="audit",
        comment="The leaves. INVARIANT: idx runs from 0 without a gap to head.size - 1.",
    )
    op.create_table(
        "head",
        sa.Column("only", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("range", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"only"', name="head_only_one"),
        sa.CheckConstraint("epoch BETWEEN -1 AND size - 1", name="head_epoch_is_an_entry"),
        sa.CheckConstraint("octet_length(range) = 32 * bit_count(size::bit(64))", name="head_range_fits_size"),
        sa.CheckConstraint("size >= 0", name="head_size"),
        sa.PrimaryKeyConstraint("only", name="head_pk"),
        schema="audit",
        comment="The right edge of the tree; epoch is the index of the last entry that changed what may leave, -1 before.",
    )
    op.create_table(
        "once",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(id) = 32", name="once_id"),
        sa.PrimaryKeyConstraint("id", name="once_pk"),
        schema="audit",
        comment="Replay ids that were spent; deleted when nobody could present them any more.",
    )
    op.create_index("once_expires_at", "once", ["expires_at"], unique=False, schema="audit")
    op.create_table(
        "private",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opening", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name="private_pk"),
        schema="audit",
        comment="What opens the commitments of a leaf. May be erased; the leaf stays valid.",
    )
    op.create_table(
        "signature",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "signer", name="signature_pk"),
        schema="audit",
        comment="Signature lines over checkpoints; signer is name+key id.",
    )
    op.create_table(
        "subject",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subjects", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(subjects) > 0 AND octet_length(subjects) % 16 = 0", name="subject_numbers"),
        sa.PrimaryKeyConstraint("idx", name="subject_pk"),
        schema="audit",
        comment="Random subject numbers, 16 bytes each, in the order of the rows that were disclosed.",
    )
    op.create_table(
        "academic_summary",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("gpa", sa.Double(), nullable=True),
        sa.Column("gpa_cumulative", sa.Double(), nullable=True),
        sa.Column("gpa_weighted", sa.Boolean(), nullable=True),
        sa.Column("credits_attempted", sa.Double(), nullable=True),
        sa.Column("credits_earned", sa.Double(), nullable=True),
        sa.Column("credits_attempted_cumulative", sa.Double(), nullable=True),
        sa.Column("credits_earned_cumulative", sa.Double(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="academic_summary_school_year_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="academic_summary_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="academic_summary_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="academic_summary_pk"),
        schema="records",
        info={"key": ("student_id", "school_year")},
    )
    op.create_index(
        "academic_summary_from_batch_ix", "academic_summary", ["from_batch"], unique=False, schema="records"
    )
    op.create_index(
        "academic_summary_key",
        "academic_summary",
        ["student_id", "school_year", "from_batch"],
        unique=True,
        schema="records",
    )
    op.create_table(
        "assessment",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_title", sa.Text(collation="C"), nullable=False),
        sa.Column("assessment_subject", sa.Text(collation="C"), nullable=False),
        sa.Column("assessment_start_date", sa.Date(), nullable=False),
        sa.Column("assessment_score_type", sa.Text(collation="C"), nullable=False),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("assessment_end_date", sa.Date(), nullable=True),
        sa.Column("assessment_score", sa.Text(collation="C"), nullable=True),
        sa.Column("performance_level_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("performance_level_label", sa.Text(collation="C"), nullable=True),
        sa.Column("grade_level_when_assessed", sa.Text(collation="C"), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="assessment_school_year_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="assessment_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="assessment_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="assessment_pk"),
        schema="records",
        info={
            "key": (
                "student_id",
                "assessment_title",
                "assessment_subject",
                "assessment_start_date",
                "assessment_score_type",
            )
        },
    )
    op.create_index("assessment_from_batch_ix", "assessment", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "assessment_key",
        "assessment",
        [
            "student_id",
            "assessment_title",
            "assessment_subject",
            "assessment_start_date",
            "assessment_score_type",
            "from_batch",
        ],
        unique=True,
        schema="records",
    )
    op.create_table(
        "attendance",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("attendance_event_date", sa.Date(), nullable=False),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("period", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("attendance_status", sa.Text(collation="C"), nullable=False),
        sa.Column("attendance_category", sa.Text(collation="C"), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "attendance_status IN ('Present', 'Absent', 'ExcusedAbsence', 'UnexcusedAbsence', 'Tardy', 'EarlyDeparture')",
            name="attendance_status_is_known",
        ),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="attendance_school_year_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="attendance_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="attendance_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="attendance_pk"),
        schema="records",
        info={"key": ("student_id", "attendance_event_date", "school_identifier", "period")},
    )
    op.create_index("attendance_from_batch_ix", "attendance", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "attendance_key",
        "attendance",
        ["student_id", "attendance_event_date", "school_identifier", "period", "from_batch"],
        unique=True,
        schema="records",
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 32", name="batch_digest_is_a_digest"),
        sa.PrimaryKeyConstraint("id", name="batch_pk"),
        sa.UniqueConstraint("idx", name="batch_entry_key"),
        schema="records",
    )
    op.create_table(
        "code",
        sa.Column("agreement", sa.Text(collation="C"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("code ~ '^rc_[a-z2-7]{26}$'", name="code_has_its_form"),
        sa.PrimaryKeyConstraint("agreement", "student_id", name="code_pk"),
        sa.UniqueConstraint("agreement", "code", name="code_key"),
        schema="records",
    )
    op.create_table(
        "consent",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement", sa.Text(collation="C"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("covers", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("signed_by", sa.Text(collation="C"), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("agreement ~ '^sha256:[0-9a-f]{64}$'", name="consent_agreement_has_its_form"),
        sa.CheckConstraint("signed_by IN ('parent', 'eligible_student')", name="consent_signer_is_known"),
        sa.CheckConstraint("cardinality(covers) > 0", name="consent_covers_something"),
        sa.CheckConstraint("octet_length(digest) = 16", name="consent_digest_has_its_size"),
        sa.CheckConstraint("signed_on <= from_date", name="consent_is_signed_before_it_counts"),
        sa.CheckConstraint("to_idx > from_idx", name="consent_ends_after_it_began"),
        sa.CheckConstraint("withdrawn_on IS NULL OR to_idx IS NOT NULL", name="consent_withdrawn_is_over"),
        sa.PrimaryKeyConstraint("row_id", name="consent_pk"),
        schema="records",
        info={"key": ("agreement", "student_id", "signed_by", "from_date")},
    )
    op.create_index(
        "consent_key",
        "consent",
        ["agreement", "student_id", "signed_by", "from_date"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "course_grade",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("session_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("section_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("course_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("course_title", sa.Text(collation="C"), nullable=True),
        sa.Column("grade_earned", sa.Text(collation="C"), nullable=True),
        sa.Column("final_mark", sa.Text(collation="C"), nullable=True),
        sa.Column("numeric_grade", sa.Double(), nullable=True),
        sa.Column("credits_attempted", sa.Double(), nullable=True),
        sa.Column("credits_earned", sa.Double(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="course_grade_school_year_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="course_grade_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="course_grade_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="course_grade_pk"),
        schema="records",
        info={"key": ("student_id", "school_year", "session_identifier", "section_identifier")},
    )
    op.create_index("course_grade_from_batch_ix", "course_grade", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "course_grade_key",
        "course_grade",
        ["student_id", "school_year", "session_identifier", "section_identifier", "from_batch"],
        unique=True,
        schema="records",
    )
    op.create_table(
        "discipline",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("incident_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("disciplinary_action", sa.Text(collation="C"), nullable=False),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("incident_date", sa.Date(), nullable=False),
        sa.Column("incident_behavior", sa.Text(collation="C"), nullable=True),
        sa.Column("disciplinary_action_reason", sa.Text(collation="C"), nullable=True),
        sa.Column("disciplinary_action_start_date", sa.Date(), nullable=True),
        sa.Column("disciplinary_action_end_date", sa.Date(), nullable=True),
        sa.Column("disciplinary_action_duration", sa.Double(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="discipline_school_year_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="discipline_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="discipline_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="discipline_pk"),
        schema="records",
        info={"key": ("student_id", "incident_identifier", "disciplinary_action")},
    )
    op.create_index("discipline_from_batch_ix", "discipline", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "discipline_key",
        "discipline",
        ["student_id", "incident_identifier", "disciplinary_action", "from_batch"],
        unique=True,
        schema="records",
    )
    op.create_table(
        "enrollment",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("entry_date", sa.Date(), nullable=False),
        sa.Column("exit_date", sa.Date(), nullable=True),
        sa.Column("grade_level", sa.Text(collation="C"), nullable=True),
        sa.Column("enrollment_status", sa.Text(collation="C"), nullable=True),
        sa.Column("exit_type", sa.Text(collation="C"), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="enrollment_school_year_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="enrollment_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="enrollment_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="enrollment_pk"),
        schema="records",
        info={"key": ("student_id", "school_identifier", "school_year", "entry_date")},
    )
    op.create_index("enrollment_from_batch_ix", "enrollment", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "enrollment_key",
        "enrollment",
        ["student_id", "school_identifier", "school_year", "entry_date", "from_batch"],
        unique=True,
        schema="records",
    )
    op.create_index(
        "enrollment_school_ix", "enrollment", ["school_identifier", "grade_level"], unique=False, schema="records"
    )
    op.create_table(
        "frontier",
        sa.Column("only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"only"', name="frontier_has_one_row"),
        sa.PrimaryKeyConstraint("only", name="frontier_pk"),
        schema="records",
    )
    op.create_table(
        "identity",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("student_identifier", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("student_id", name="identity_pk"),
        sa.UniqueConstraint("student_identifier", name="identity_student_identifier_key"),
        schema="records",
    )
    op.create_table(
        "opt_out",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("agreement", sa.Text(collation="C"), nullable=True),
        sa.Column("scope", sa.Text(collation="C"), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("stated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "agreement IS NULL OR agreement ~ '^sha256:[0-9a-f]{64}$'", name="opt_out_agreement_has_its_form"
        ),
        sa.CheckConstraint("scope IN ('sharing', 'directory')", name="opt_out_scope_is_known"),
        sa.CheckConstraint("octet_length(digest) = 16", name="opt_out_digest_has_its_size"),
        sa.CheckConstraint("to_idx > from_idx", name="opt_out_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="opt_out_pk"),
        schema="records",
        info={"key": ("student_id", "agreement", "scope")},
    )
    op.create_index(
        "opt_out_key",
        "opt_out",
        ["student_id", "agreement", "scope"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "placement",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement", sa.Text(collation="C"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("agreement ~ '^sha256:[0-9a-f]{64}$'", name="placement_agreement_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="placement_digest_has_its_size"),
        sa.CheckConstraint("to_idx > from_idx", name="placement_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="placement_pk"),
        schema="records",
        info={"key": ("agreement", "student_id", "from_date")},
    )
    op.create_index(
        "placement_key",
        "placement",
        ["agreement", "student_id", "from_date"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "population",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement", sa.Text(collation="C"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("covers", sa.BigInteger(), nullable=True),
        sa.Column("valid", postgresql.DATEMULTIRANGE(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("NOT isempty(valid)", name="population_is_valid_some_day"),
        sa.CheckConstraint("covers <> 0", name="population_covers_something"),
        sa.CheckConstraint("to_idx > from_idx", name="population_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="population_pk"),
        schema="records",
    )
    op.create_index(
        "population_page_ix",
        "population",
        ["agreement", "code", "covers"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "population_student_ix",
        "population",
        ["agreement", "student_id"],
        unique=False,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
    )
    op.create_table(
        "program",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("program_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("program_start_date", sa.Date(), nullable=False),
        sa.Column("program_exit_date", sa.Date(), nullable=True),
        sa.Column("program_name", sa.Text(collation="C"), nullable=True),
        sa.Column("program_type", sa.Text(collation="C"), nullable=False),
        sa.Column("program_status", sa.Text(collation="C"), nullable=True),
        sa.Column("support_service_type", sa.Text(collation="C"), nullable=True),
        sa.Column("referral_date", sa.Date(), nullable=True),
        sa.Column("referral_reason", sa.Text(collation="C"), nullable=True),
        sa.Column("referral_outcome", sa.Text(collation="C"), nullable=True),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("school_year", sa.Text(collation="C"), nullable=True),
        sa.Column("mtss_tier", sa.Integer(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 16", name="program_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="program_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="program_pk"),
        schema="records",
        info={"key": ("student_id", "program_identifier", "program_start_date")},
    )
    op.create_index("program_from_batch_ix", "program", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "program_key",
        "program",
        ["student_id", "program_identifier", "program_start_date", "from_batch"],
        unique=True,
        schema="records",
    )
    op.create_table(
        "roster",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement", sa.Text(collation="C"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_idx", sa.BigInteger(), nullable=False),
        sa.Column("to_idx", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("agreement ~ '^sha256:[0-9a-f]{64}$'", name="roster_agreement_has_its_form"),
        sa.CheckConstraint("octet_length(digest) = 16", name="roster_digest_has_its_size"),
        sa.CheckConstraint("to_idx > from_idx", name="roster_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="roster_pk"),
        schema="records",
        info={"key": ("agreement", "student_id", "from_date")},
    )
    op.create_index(
        "roster_key",
        "roster",
        ["agreement", "student_id", "from_date"],
        unique=True,
        schema="records",
        postgresql_where=sa.text("to_idx IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "school",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("school_name", sa.Text(collation="C"), nullable=True),
        sa.Column("lea_identifier", sa.Text(collation="C"), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 16", name="school_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="school_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="school_pk"),
        schema="records",
        info={"key": ("school_identifier",)},
    )
    op.create_index("school_from_batch_ix", "school", ["from_batch"], unique=False, schema="records")
    op.create_index("school_key", "school", ["school_identifier", "from_batch"], unique=True, schema="records")
    op.create_table(
        "scope",
        sa.Column("agreement", sa.Text(collation="C"), nullable=False),
        sa.Column("time_zone", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("agreement", name="scope_pk"),
        schema="records",
    )
    op.create_table(
        "session",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("school_year", sa.Text(collation="C"), nullable=False),
        sa.Column("session_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("session_name", sa.Text(collation="C"), nullable=True),
        sa.Column("begin_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("school_year ~ '^[0-9]{4}-[0-9]{4}$'", name="session_school_year_has_its_form"),
        sa.CheckConstraint("begin_date <= end_date", name="session_begins_before_it_ends"),
        sa.CheckConstraint("octet_length(digest) = 16", name="session_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="session_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="session_pk"),
        schema="records",
        info={"key": ("school_year", "session_identifier")},
    )
    op.create_index("session_from_batch_ix", "session", ["from_batch"], unique=False, schema="records")
    op.create_index(
        "session_key", "session", ["school_year", "session_identifier", "from_batch"], unique=True, schema="records"
    )
    op.create_table(
        "student",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("student_identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("student_identification_system", sa.Text(collation="C"), nullable=True),
        sa.Column("first_name", sa.Text(collation="C"), nullable=True),
        sa.Column("middle_name", sa.Text(collation="C"), nullable=True),
        sa.Column("last_name", sa.Text(collation="C"), nullable=True),
        sa.Column("birthdate", sa.Date(), nullable=True),
        sa.Column("sex", sa.Text(collation="C"), nullable=True),
        sa.Column("telephone", sa.Text(collation="C"), nullable=True),
        sa.Column("email", sa.Text(collation="C"), nullable=True),
        sa.Column("street_address", sa.Text(collation="C"), nullable=True),
        sa.Column("postal_code", sa.Text(collation="C"), nullable=True),
        sa.Column("hispanic_or_latino", sa.Boolean(), nullable=True),
        sa.Column("american_indian_or_alaska_native", sa.Boolean(), nullable=True),
        sa.Column("asian", sa.Boolean(), nullable=True),
        sa.Column("black_or_african_american", sa.Boolean(), nullable=True),
        sa.Column("native_hawaiian_or_pacific_islander", sa.Boolean(), nullable=True),
        sa.Column("white", sa.Boolean(), nullable=True),
        sa.Column("two_or_more_races", sa.Boolean(), nullable=True),
        sa.Column("race", sa.Text(collation="C"), nullable=True),
        sa.Column("english_learner_status", sa.Boolean(), nullable=True),
        sa.Column("idea_indicator", sa.Boolean(), nullable=True),
        sa.Column("iep_status", sa.Text(collation="C"), nullable=True),
        sa.Column("disability_status", sa.Text(collation="C"), nullable=True),
        sa.Column("section_504", sa.Boolean(), nullable=True),
        sa.Column("homeless_status", sa.Boolean(), nullable=True),
        sa.Column("homeless_unaccompanied_youth", sa.Boolean(), nullable=True),
        sa.Column("homeless_served", sa.Boolean(), nullable=True),
        sa.Column("school_food_eligibility", sa.Text(collation="C"), nullable=True),
        sa.Column("economic_disadvantage_status", sa.Boolean(), nullable=True),
        sa.Column("awaiting_foster_care", sa.Boolean(), nullable=True),
        sa.Column("migrant_status", sa.Boolean(), nullable=True),
        sa.Column("military_connected", sa.Text(collation="C"), nullable=True),
        sa.Column("diploma_type", sa.Text(collation="C"), nullable=True),
        sa.Column("diploma_award_date", sa.Date(), nullable=True),
        sa.Column("cohort_graduation_year", sa.Text(collation="C"), nullable=True),
        sa.Column("projected_graduation_year", sa.Text(collation="C"), nullable=True),
        sa.Column("ninth_grade_on_track", sa.Boolean(), nullable=True),
        sa.Column("truant_status", sa.Boolean(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 16", name="student_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="student_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="student_pk"),
        schema="records",
        info={"key": ("student_id",)},
    )
    op.create_index("student_from_batch_ix", "student", ["from_batch"], unique=False, schema="records")
    op.create_index("student_key", "student", ["student_id", "from_batch"], unique=True, schema="records")
    op.create_table(
        "subject",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(sealed) = 16", name="subject_sealed_is_one_block"),
        sa.PrimaryKeyConstraint("student_id", name="subject_pk"),
        sa.UniqueConstraint("sealed", name="subject_sealed_key"),
        schema="records",
    )
    op.create_table(
        "withheld",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Text(collation="C"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("from_batch", sa.BigInteger(), nullable=False),
        sa.Column("to_batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 16", name="withheld_digest_has_its_size"),
        sa.CheckConstraint("to_batch > from_batch", name="withheld_ends_after_it_began"),
        sa.PrimaryKeyConstraint("row_id", name="withheld_pk"),
        schema="records",
        info={"key": ("student_id", "target")},
    )
    op.create_index("withheld_from_batch_ix", "withheld", ["from_batch"], unique=False, schema="records")
    op.create_index("withheld_key", "withheld", ["student_id", "target", "from_batch"], unique=True, schema="records")
    op.create_table(
        "client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("binding", sa.LargeBinary(), nullable=False),
        sa.Column("agreement", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id ~ '^client:[0-9a-f-]{36}$'", name="client_id_has_its_form"),
        sa.CheckConstraint("partner ~ '^partner:[a-z0-9-]+$'", name="client_partner_has_its_form"),
        sa.CheckConstraint("idx >= 0", name="client_has_an_entry"),
        sa.CheckConstraint("octet_length(agreement) = 32", name="client_agreement_is_a_digest"),
        sa.CheckConstraint("octet_length(binding) = 32", name="client_binding_is_a_digest"),
        sa.PrimaryKeyConstraint("id", "binding", name="client_pk"),
        schema="gateway",
    )
    op.create_index("client_agreement_ix", "client", ["agreement"], unique=False, schema="gateway")
    op.create_table(
        "client_status",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended')", name="client_status_is_known"),
        sa.CheckConstraint("idx >= 0", name="client_status_has_an_entry"),
        sa.PrimaryKeyConstraint("client", "idx", name="client_status_pk"),
        schema="gateway",
    )
    op.create_table(
        "installation",
        sa.Column("only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("clock_shift", sa.Interval(), server_default=sa.text("'0'::interval"), nullable=False),
        sa.Column("initialised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("demo OR clock_shift = '0'::interval", name="installation_shifts_the_clock_only_in_a_demo"),
        sa.CheckConstraint("origin <> ''", name="installation_has_an_origin"),
        sa.CheckConstraint('"only"', name="installation_has_one_row"),
        sa.PrimaryKeyConstraint("only", name="installation_pk"),
        schema="gateway",
    )
