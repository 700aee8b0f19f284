"""
Drafts of agreements that somebody is writing.

INVARIANT: nothing counts by standing here, and nothing personal does: people are random ids. `ready` is the digest of
the bytes that were last given out to be signed.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from gateway.store.cases import metadata  # this joins the tables of the gateway

__all__ = ["draft", "metadata"]

draft = Table(
    "draft",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("content", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("ready", LargeBinary),
    PrimaryKeyConstraint("id", name="draft_pk"),
    CheckConstraint("revision > 0", name="draft_revision_counts"),
    CheckConstraint("octet_length(content) <= 1000000", name="draft_content_is_bounded"),
    CheckConstraint("octet_length(ready) = 32", name="draft_ready_is_a_digest"),
)
