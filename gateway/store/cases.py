"""
Cases that people of the district work through: alarms, and incidents.

Nothing is decided by a row of these. INVARIANT: the app role raises alarms through `gateway.note_alarm` and reads none;
what people wrote (`words`) may name somebody, and stands here and in no entry.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store.papers import metadata  # these join the tables of the gateway

__all__ = ["alarm_case", "alarm_note", "incident", "incident_note", "metadata"]

alarm_case = Table(
    "alarm_case",
    metadata,
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("code", Text, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("newest", BigInteger),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("assigned_to", Text),
    Column("resolution", Text),
    PrimaryKeyConstraint("number", name="alarm_case_pk"),
    UniqueConstraint("identity", name="alarm_case_identity_key"),
    CheckConstraint("code ~ '^[a-z_.]{1,60}$'", name="alarm_case_code_has_its_form"),
    CheckConstraint("octet_length(identity) = 32", name="alarm_case_identity_is_a_digest"),
    CheckConstraint("octet_length(facts::text) <= 16384", name="alarm_case_facts_are_short"),
    CheckConstraint("state IN ('open', 'looked_at', 'resolved')", name="alarm_case_state_is_known"),
    CheckConstraint("(state = 'resolved') = (resolution IS NOT NULL)", name="alarm_case_is_resolved_for_a_reason"),
    CheckConstraint("times >= 1", name="alarm_case_was_raised"),
)
"""What the gateway was alarmed about: what is the same is one row, with how often and when it was raised."""

alarm_note = Table(
    "alarm_note",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("act", Text, nullable=False),
    Column("by", Text),
    Column("idx", BigInteger),
    Column("about", Text),
    Column("words", Text),
    PrimaryKeyConstraint("id", name="alarm_note_pk"),
    ForeignKeyConstraint(["number"], ["gateway.alarm_case.number"], name="alarm_note_number_fk"),
    CheckConstraint(
        "act IN ('noted', 'looked_at', 'assigned', 'resolved', 'reopened')", name="alarm_note_act_is_known"
    ),
    CheckConstraint("(act = 'reopened') = (idx IS NULL)", name="alarm_note_of_a_person_has_an_entry"),
    CheckConstraint("char_length(words) <= 2000", name="alarm_note_words_are_few"),
)
"""What was done about a case, by whom and by which entry; the gateway itself only opens one again."""

incident = Table(
    "incident",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text),
    Column("what", Text, nullable=False),
    Column("discovered_at", DateTime(timezone=True), nullable=False),
    Column("partner", Text),
    Column("agreement", Text),
    Column("client", Text),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("idx", name="incident_pk"),
    CheckConstraint("num_nonnulls(partner, agreement, client) >= 1", name="incident_concerns_somebody"),
    CheckConstraint("since < until", name="incident_lasts"),
    CheckConstraint("char_length(what) BETWEEN 1 AND 4000", name="incident_is_described"),
)
"""What happened at a partner, by the entry that opened it: what was disclosed in the window may be affected."""

incident_note = Table(
    "incident_note",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("incident", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text),
    Column("act", Text, nullable=False),
    Column("task", Text),
    Column("students", BigInteger),
    Column("words", Text),
    PrimaryKeyConstraint("idx", name="incident_note_pk"),
    ForeignKeyConstraint(["incident"], ["gateway.incident.idx"], name="incident_note_incident_fk"),
    CheckConstraint(
        "act IN ('noted', 'counted', 'done', 'not_applicable', 'closed')", name="incident_note_act_is_known"
    ),
    CheckConstraint("(act IN ('done', 'not_applicable')) = (task IS NOT NULL)", name="incident_note_done_is_a_task"),
    CheckConstraint("act <> 'not_applicable' OR words IS NOT NULL", name="incident_note_undone_has_a_reason"),
    CheckConstraint("students IS NULL OR act = 'counted'", name="incident_note_count_is_of_students"),
    CheckConstraint("char_length(words) <= 4000", name="incident_note_words_are_few"),
)
"""What was done about an incident, each by its entry: notes, counts, tasks ticked off or said not to apply, its end."""

Index("alarm_case_last_seen_ix", alarm_case.c.state, alarm_case.c.last_seen)
Index("alarm_note_number_ix", alarm_note.c.number)
Index("incident_note_incident_ix", incident_note.c.incident)
