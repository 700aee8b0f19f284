"""
The tables of this room: signed documents and the standing of agreements. Rows are added, never changed.

Nothing here is believed because it is stored: every load verifies the envelopes again. `idx` is the index of the log
entry that received the row; rooms refer to each other by digest and index, never by a foreign key.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from agreements.signature import Kind

STATUSES: Final = ("active", "suspended", "replaced", "terminated", "closed")

metadata = MetaData(schema="agreements")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


document = Table(
    "document",
    metadata,
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the signed payload"),
    Column("kind", Text, nullable=False),
    Column("concerns", LargeBinary, comment="digest of the document this one is about"),
    Column("envelope", Text, nullable=False, comment="JWS general JSON serialization"),
    Column("idx", BigInteger, nullable=False, comment="log entry that received it"),
    PrimaryKeyConstraint("digest", name="document_pkey"),
    CheckConstraint("octet_length(digest) = 32", name="document_digest_is_sha256"),
    CheckConstraint("octet_length(concerns) = 32", name="document_concerns_is_sha256"),
    CheckConstraint(_one_of("kind", tuple(Kind)), name="document_kind_is_known"),
    CheckConstraint("idx >= 0", name="document_idx_is_an_entry"),
    Index("document_concerns", "concerns"),
    Index("document_kind", "kind"),
)

status = Table(
    "status",
    metadata,
    Column("agreement", LargeBinary, nullable=False, comment="digest of the agreement, or of the emergency order"),
    Column("status", Text, nullable=False),
    Column("idx", BigInteger, nullable=False, comment="log entry of the move"),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("agreement", "idx", name="status_pkey"),
    ForeignKeyConstraint(["agreement"], ["agreements.document.digest"], name="status_agreement_fkey"),
    CheckConstraint(_one_of("status", STATUSES), name="status_is_known"),
    CheckConstraint("idx >= 0", name="status_idx_is_an_entry"),
    CheckConstraint("reason <> ''", name="status_reason_is_given"),
)
