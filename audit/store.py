"""
The log's tables, schema `audit`. Functions, triggers and rights stand in `gateway/migrations/sql/`.

Only the head row, and what is beside the tree (`private`, `once`, `meter`), ever changes; everything else is
insert-only, and even that goes through functions of the owner.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData(schema="audit")

entry = Table(
    "entry",
    metadata,
    Column("idx", BigInteger, autoincrement=False, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("idx", name="entry_pk"),
    CheckConstraint("idx >= 0", name="entry_idx"),
    CheckConstraint("octet_length(leaf) BETWEEN 1 AND 65535", name="entry_leaf_fits_a_bundle"),
    CheckConstraint(r"leaf_hash = sha256('\x00'::bytea || leaf)", name="entry_leaf_hash"),
    comment="The leaves. INVARIANT: idx runs from 0 without a gap to head.size - 1.",
)

head = Table(
    "head",
    metadata,
    Column("only", Boolean, server_default="true", nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("range", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    PrimaryKeyConstraint("only", name="head_pk"),
    CheckConstraint('"only"', name="head_only_one"),
    CheckConstraint("size >= 0", name="head_size"),
    CheckConstraint("octet_length(range) = 32 * bit_count(size::bit(64))", name="head_range_fits_size"),
    CheckConstraint("epoch BETWEEN -1 AND size - 1", name="head_epoch_is_an_entry"),
    comment="The right edge of the tree; epoch is the index of the last entry that changed what may leave, -1 before.",
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, autoincrement=False, nullable=False),
    Column("tree_head", LargeBinary, nullable=False),
    PrimaryKeyConstraint("size", name="checkpoint_pk"),
    CheckConstraint("size > 0", name="checkpoint_size"),
    CheckConstraint("octet_length(tree_head) = 32", name="checkpoint_tree_head"),
    comment="The tree head after each batch. One head a size, so that no two can be signed.",
)

signature = Table(
    "signature",
    metadata,
    Column("size", BigInteger, autoincrement=False, nullable=False),
    Column("signer", Text, nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("size", "signer", name="signature_pk"),
    comment="Signature lines over checkpoints; signer is name+key id.",
)

cosigned = Table(
    "cosigned",
    metadata,
    Column("signer", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("signer", name="cosigned_pk"),
    comment="The newest cosignature of each witness; a size cosigned again has a newer time. Verified whenever read.",
)

subject = Table(
    "subject",
    metadata,
    Column("idx", BigInteger, autoincrement=False, nullable=False),
    Column("subjects", LargeBinary, nullable=False),
    PrimaryKeyConstraint("idx", name="subject_pk"),
    CheckConstraint("octet_length(subjects) > 0 AND octet_length(subjects) % 16 = 0", name="subject_numbers"),
    comment="Random subject numbers, 16 bytes each, in the order of the rows that were disclosed.",
)

private = Table(
    "private",
    metadata,
    Column("idx", BigInteger, autoincrement=False, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    PrimaryKeyConstraint("idx", name="private_pk"),
    comment="What opens the commitments of a leaf. May be erased; the leaf stays valid.",
)

once = Table(
    "once",
    metadata,
    Column("id", LargeBinary, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("id", name="once_pk"),
    CheckConstraint("octet_length(id) = 32", name="once_id"),
    Index("once_expires_at", "expires_at"),
    comment="Replay ids that were spent; deleted when nobody could present them any more.",
)

meter = Table(
    "meter",
    metadata,
    Column("id", LargeBinary, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("id", name="meter_pk"),
    CheckConstraint("octet_length(id) = 32", name="meter_id"),
    CheckConstraint("spent > 0", name="meter_spent"),
    Index("meter_expires_at", "expires_at"),
    comment="What was counted so far for one period; deleted when the period is over.",
)
