"""
The log's tables, schema `audit`. Functions, triggers and rights stand in `gateway/migrations/sql/`.

Only the head row, and what is beside the tree (`private`, `once`, `meter`, the index), ever changes; everything else
is insert-only, and even that goes through functions of the owner.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData(schema="audit")

IS_CHANGE: Final = " AND ".join(
    f'position(\'"event":"{event}"\'::bytea in leaf) = 0'
    for event in (
        *("disclosure", "token.issued", "refusal", "grant.read", "receipt.read", "token.refused"),
        *("strangers.refused", "explanation.read", "analysis.read", "token.inspected", "roster.read"),
    )
)
"""
The condition that a leaf is of none of the events that requests write: what is left is few, and says what changed.

Leaves are canonical JSON: a quote inside a text is escaped, so these bytes stand nowhere but where the event is named.
An event that is new is a change until a migration says otherwise: none can be missed. INVARIANT: this text is that of
the index `entry_change`, or PostgreSQL reads every entry.
"""

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
    Index("entry_change", "idx", postgresql_where=text(IS_CHANGE)),
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

indexed = Table(
    "indexed",
    metadata,
    Column("block", Integer, autoincrement=False, nullable=False),
    Column("first_time", Text(collation="C"), nullable=False),
    Column("last_time", Text(collation="C"), nullable=False),
    PrimaryKeyConstraint("block", name="indexed_pk"),
    CheckConstraint("block >= 0", name="indexed_block"),
    comment="Which blocks of 4,096 entries are indexed, and the earliest and latest time in each.",
)

posting = Table(
    "posting",
    metadata,
    Column("term", LargeBinary, nullable=False),
    Column("block", Integer, autoincrement=False, nullable=False),
    Column("places", LargeBinary, nullable=False),
    PrimaryKeyConstraint("term", "block", name="posting_pk"),
    CheckConstraint("octet_length(term) = 8", name="posting_term"),
    comment="The entries of a block that say something: 512 bytes are one bit an entry, fewer are 2 bytes a place.",
)

named = Table(
    "named",
    metadata,
    Column("bucket", SmallInteger, autoincrement=False, nullable=False),
    Column("block", Integer, autoincrement=False, nullable=False),
    Column("places", LargeBinary, nullable=False),
    PrimaryKeyConstraint("bucket", "block", name="named_pk"),
    CheckConstraint("bucket BETWEEN 0 AND 1023", name="named_bucket"),
    comment="Whom the entries of a block name, by the first 10 bits of the number: 2 bytes of it and 2 of the place.",
)
