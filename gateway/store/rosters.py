"""
Rosters as partners submit them: what came in, what its lines were found to mean, and what the district decided.

INVARIANT: the app role puts a submission in and cannot read it back: `body` names children who may be nobody's here.
What it may tell the partner later it reads through `records.granted_roster_lines`. `body` goes when its time is over.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from gateway.store.tables import metadata

__all__ = ["FORGET_NAMES", "metadata", "roster_decision", "roster_held", "roster_line", "roster_submission"]

FORGET_NAMES: Final = "SELECT gateway.forget_rosters()"
"""Deletes `body` where its time is over; who serves may say so, and reads none of it."""

roster_submission = Table(
    "roster_submission",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("covers", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("once", LargeBinary),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("body", LargeBinary),
    PrimaryKeyConstraint("idx", name="roster_submission_pk"),
    CheckConstraint("idx >= 0", name="roster_submission_has_an_entry"),
    CheckConstraint("line ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$'", name="roster_submission_line_has_its_form"),
    CheckConstraint("covers IN ('whole', 'additions')", name="roster_submission_covers_is_known"),
    CheckConstraint("format IN ('json', 'csv')", name="roster_submission_format_is_known"),
    CheckConstraint("lines > 0", name="roster_submission_has_lines"),
    CheckConstraint("octet_length(digest) = 32", name="roster_submission_digest_is_a_digest"),
    UniqueConstraint("line", "client", "once", name="roster_submission_once_key"),
)
"""
One roster as it came, under the entry that received it; `once` is the digest of the client's `Idempotency-Key`.

`digest` is the SHA-256 of `body`, which the entry commits to under a salt.
"""

roster_line = Table(
    "roster_line",
    metadata,
    Column("submission", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("reference", Text),
    Column("from_date", Date),
    Column("to_date", Date),
    Column("student_id", Uuid),
    Column("found_by", Text),
    Column("waits_for", Text),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    PrimaryKeyConstraint("submission", "number", name="roster_line_pk"),
    CheckConstraint("number > 0", name="roster_line_number_counts"),
    CheckConstraint("state IN ('open', 'set_aside', 'accepted', 'over')", name="roster_line_state_is_known"),
    CheckConstraint("state <> 'accepted' OR student_id IS NOT NULL", name="roster_line_accepted_is_somebody"),
    CheckConstraint("(student_id IS NULL) = (found_by IS NULL)", name="roster_line_found_by_a_rule"),
)
"""
What a line of a submission was found to mean: which student, by which rule, or what it waits for.

`reference` is the partner's own, by which it is told the record code; names and birth dates stay in the submission.
`accepted` lines make up the roster that counts, until they are `over`.
"""

roster_decision = Table(
    "roster_decision",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("submission", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("fresh_until", Date),
    PrimaryKeyConstraint("idx", name="roster_decision_pk"),
    CheckConstraint("idx > submission", name="roster_decision_comes_after"),
    CheckConstraint("decision IN ('accept', 'refuse', 'confirm')", name="roster_decision_is_known"),
    CheckConstraint("(fresh_until IS NULL) = (decision = 'refuse')", name="roster_decision_lasts"),
)
"""
What a named person decided, and until when the roster counts without another word (row R3). Only added to.

What the person signed is in the register of documents, under the same entry.
"""

roster_held = Table(
    "roster_held",
    metadata,
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("submission", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("before", Integer, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("answer", Text),
    Column("answered_by", Text),
    Column("answered_at", DateTime(timezone=True)),
    Column("reason", Text),
    PrimaryKeyConstraint("number", name="roster_held_pk"),
    CheckConstraint("octet_length(document) = 32", name="roster_held_document_is_a_digest"),
    CheckConstraint("removed BETWEEN 1 AND before", name="roster_held_somebody_would_leave"),
    CheckConstraint("answer IN ('confirmed', 'turned_down')", name="roster_held_answer_is_known"),
    CheckConstraint(
        "num_nulls(answer, answered_by, answered_at, reason) IN (0, 4)", name="roster_held_is_answered_whole"
    ),
    CheckConstraint("char_length(reason) BETWEEN 1 AND 500", name="roster_held_reason_is_short"),
    CheckConstraint("answered_by <> asked_by", name="roster_held_takes_two_people"),
)
"""
A decision by which so many of the students would leave (`removed` of `before`) that a second person is asked.

`document` is the digest of what was signed, `asked_by` who asked for it to be filed and `answered_by` who answered:
ids of people who sign in. Whatever waits here has no effect. Only added to, and answered once.
"""

Index("roster_submission_line_ix", roster_submission.c.line)
Index("roster_line_student_ix", roster_line.c.student_id, postgresql_where=text("student_id IS NOT NULL"))
Index("roster_decision_submission_ix", roster_decision.c.submission)
Index("roster_held_submission_ix", roster_held.c.submission)
Index("roster_held_waits_ix", roster_held.c.document, unique=True, postgresql_where=text("answer IS NULL"))
