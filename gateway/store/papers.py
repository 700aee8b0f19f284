"""
Papers: documents that wait for signatures, the signatures they have, and the links by which a partner may add its own.

INVARIANT: nothing counts by standing here. What is filed is verified then as every document is, and at every load.
Functions, triggers and grants stand in `gateway/migrations/sql/0032/gateway.sql` and `0040/gateway.sql`.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from gateway.store.rosters import metadata

__all__ = ["FORGET_PAPERS", "metadata", "paper", "paper_invitation", "paper_salt", "paper_signature", "passkey"]

FORGET_PAPERS: Final = "SELECT gateway.forget_papers()"
"""Takes away what nobody filed in time; who serves may say so, and reads none of it."""

paper = Table(
    "paper",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("concerns", LargeBinary),
    Column("payload", LargeBinary, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("prepared_at", DateTime(timezone=True), nullable=False),
    Column("filed_idx", BigInteger),
    Column("filed_by", Text),
    PrimaryKeyConstraint("digest", name="paper_pk"),
    CheckConstraint("octet_length(digest) = 32", name="paper_digest_is_a_digest"),
    CheckConstraint("digest = sha256(payload)", name="paper_digest_is_that_of_the_payload"),
    CheckConstraint("concerns IS NULL OR octet_length(concerns) = 32", name="paper_concerns_a_document"),
    CheckConstraint("octet_length(payload) <= 1000000", name="paper_payload_is_no_longer_than_a_document"),
    CheckConstraint("length(title) BETWEEN 1 AND 300", name="paper_has_a_title"),
    CheckConstraint("(filed_idx IS NULL) = (filed_by IS NULL)", name="paper_is_filed_by_somebody"),
)
"""
One document, as the bytes that are signed. `concerns` is the digest of what an approval approves.

`prepared_by` and `filed_by` are ids of people who sign in; `filed_idx` is the entry that brought it into force.
"""

paper_signature = Table(
    "paper_signature",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("kid", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("digest", "kid", name="paper_signature_pk"),
    ForeignKeyConstraint(["digest"], ["gateway.paper.digest"], name="paper_signature_paper_fk", ondelete="CASCADE"),
    CheckConstraint("kid ~ '^[A-Za-z0-9_-]{43}$'", name="paper_signature_kid_is_a_thumbprint"),
)
"""One signature as it stands in an envelope. `added_by` is who brought it: a person, or the party that was invited."""

paper_invitation = Table(
    "paper_invitation",
    metadata,
    Column("token", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("party", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("token", name="paper_invitation_pk"),
    ForeignKeyConstraint(["digest"], ["gateway.paper.digest"], name="paper_invitation_paper_fk", ondelete="CASCADE"),
    CheckConstraint("octet_length(token) = 32", name="paper_invitation_token_is_a_digest"),
    CheckConstraint("party ~ '^partner:[a-z0-9-]+$'", name="paper_invitation_is_for_a_partner"),
)
"""A link for one partner's signer to one paper. `token` is the digest of what the link holds, never that itself."""

paper_salt = Table(
    "paper_salt",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest", name="paper_salt_pk"),
    ForeignKeyConstraint(["digest"], ["gateway.paper.digest"], name="paper_salt_paper_fk", ondelete="CASCADE"),
    CheckConstraint("octet_length(salt) = 32", name="paper_salt_has_its_length"),
)
"""
The salt under which a release commits to students' numbers, until it is filed: from then on it stands beside the entry.

INVARIANT: the numbers stand nowhere. Whoever hands over types them again.
"""

passkey = Table(
    "passkey",
    metadata,
    Column("kid", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("kid", name="passkey_pk"),
    CheckConstraint("kid ~ '^[A-Za-z0-9_-]{43}$'", name="passkey_kid_is_a_thumbprint"),
)
"""
Whose passkey it is, so that their own papers can be shown to them first. It gives nothing: the document that introduces
the key says whose it is. `person` is the id of somebody who signs in, or the party that was invited.
"""

Index("paper_signature_digest_ix", paper_signature.c.digest)
Index("paper_invitation_digest_ix", paper_invitation.c.digest)
Index("paper_concerns_ix", paper.c.concerns)
