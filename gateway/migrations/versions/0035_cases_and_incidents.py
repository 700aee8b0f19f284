"""
Alarms as cases that people work through, and incidents.

Revises: 0034.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gateway.migrations.rooms import run_sql

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "alarm_case",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.BigInteger()),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.Text()),
        sa.Column("resolution", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="alarm_case_pk"),
        sa.UniqueConstraint("identity", name="alarm_case_identity_key"),
        sa.CheckConstraint("code ~ '^[a-z_.]{1,60}$'", name="alarm_case_code_has_its_form"),
        sa.CheckConstraint("octet_length(identity) = 32", name="alarm_case_identity_is_a_digest"),
        sa.CheckConstraint("octet_length(facts::text) <= 16384", name="alarm_case_facts_are_short"),
        sa.CheckConstraint("state IN ('open', 'looked_at', 'resolved')", name="alarm_case_state_is_known"),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolution IS NOT NULL)", name="alarm_case_is_resolved_for_a_reason"
        ),
        sa.CheckConstraint("times >= 1", name="alarm_case_was_raised"),
        schema="gateway",
    )
    op.create_table(
        "alarm_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("idx", sa.BigInteger()),
        sa.Column("about", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="alarm_note_pk"),
        sa.ForeignKeyConstraint(["number"], ["gateway.alarm_case.number"], name="alarm_note_number_fk"),
        sa.CheckConstraint(
            "act IN ('noted', 'looked_at', 'assigned', 'resolved', 'reopened')", name="alarm_note_act_is_known"
        ),
        sa.CheckConstraint("(act = 'reopened') = (idx IS NULL)", name="alarm_note_of_a_person_has_an_entry"),
        sa.CheckConstraint("char_length(words) <= 2000", name="alarm_note_words_are_few"),
        schema="gateway",
    )
    op.create_table(
        "incident",
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("discovered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("partner", sa.Text()),
        sa.Column("agreement", sa.Text()),
        sa.Column("client", sa.Text()),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("idx", name="incident_pk"),
        sa.CheckConstraint("num_nonnulls(partner, agreement, client) >= 1", name="incident_concerns_somebody"),
        sa.CheckConstraint("since < until", name="incident_lasts"),
        sa.CheckConstraint("char_length(what) BETWEEN 1 AND 4000", name="incident_is_described"),
        schema="gateway",
    )
    op.create_table(
        "incident_note",
        sa.Column("idx", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("incident", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("task", sa.Text()),
        sa.Column("students", sa.BigInteger()),
        sa.Column("words", sa.Text()),
        sa.PrimaryKeyConstraint("idx", name="incident_note_pk"),
        sa.ForeignKeyConstraint(["incident"], ["gateway.incident.idx"], name="incident_note_incident_fk"),
        sa.CheckConstraint("act IN ('noted', 'counted', 'done', 'closed')", name="incident_note_act_is_known"),
        sa.CheckConstraint("(act = 'done') = (task IS NOT NULL)", name="incident_note_done_is_a_task"),
        sa.CheckConstraint("students IS NULL OR act = 'counted'", name="incident_note_count_is_of_students"),
        sa.CheckConstraint("char_length(words) <= 4000", name="incident_note_words_are_few"),
        schema="gateway",
    )
    op.create_index("alarm_case_last_seen_ix", "alarm_case", ["state", "last_seen"], unique=False, schema="gateway")
    op.create_index("alarm_note_number_ix", "alarm_note", ["number"], unique=False, schema="gateway")
    op.create_index("incident_note_incident_ix", "incident_note", ["incident"], unique=False, schema="gateway")
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
