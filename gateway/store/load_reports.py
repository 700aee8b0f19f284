"""
What became of each load, for the stewards who look after them.

INVARIANT: counts, reasons, places and digests; no cell of an export. Nothing is decided by a row of this, and the
district's office alone comes here.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store.drafts import metadata  # this joins the tables of the gateway

__all__ = ["load_report", "metadata"]

load_report = Table(
    "load_report",
    metadata,
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("mapping", Text, nullable=False),
    Column("source", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text),
    Column("entries", ARRAY(BigInteger), nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("content", JSONB, nullable=False),
    PrimaryKeyConstraint("number", name="load_report_pk"),
    CheckConstraint("state IN ('loaded', 'held', 'refused')", name="load_report_state_is_known"),
    CheckConstraint("(state = 'loaded') = (code IS NULL)", name="load_report_says_why_not"),
    CheckConstraint("code ~ '^[a-z_]{1,60}$'", name="load_report_code_has_its_form"),
    CheckConstraint("char_length(mapping) <= 300", name="load_report_mapping_is_short"),
    CheckConstraint("octet_length(source) = 32", name="load_report_source_is_a_digest"),
    CheckConstraint("least(added, changed, ended, refused) >= 0", name="load_report_counts"),
    CheckConstraint("octet_length(content::text) <= 2000000", name="load_report_content_is_bounded"),
)
"""
One load of one mapping. `mapping` is what the mapping is called, `source` the digest of it with what it looks up.

`code` is that of the refusal. `entries` are those of the load; of one that is held, those of what narrowed at once. The
counts are rows of all targets; `content` has them target by target (`gateway.services.load_reports.content`).
"""
