"""
Papers: documents prepared on the pages of the district, which wait for signatures.

Revises: 0031.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_A_THUMBPRINT = "kid ~ '^[A-Za-z0-9_-]{43}$'"


def upgrade() -> None:
    op.create_table(
        "paper",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("concerns", sa.LargeBinary()),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_idx", sa.BigInteger()),
        sa.Column("filed_by", sa.Text()),
        sa.CheckConstraint("octet_length(digest) = 32", name="paper_digest_is_a_digest"),
        sa.CheckConstraint("digest = sha256(payload)", name="paper_digest_is_that_of_the_payload"),
        sa.CheckConstraint("concerns IS NULL OR octet_length(concerns) = 32", name="paper_concerns_a_document"),
        sa.CheckConstraint("octet_length(payload) <= 1000000", name="paper_payload_is_no_longer_than_a_document"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 300", name="paper_has_a_title"),
        sa.CheckConstraint("(filed_idx IS NULL) = (filed_by IS NULL)", name="paper_is_filed_by_somebody"),
        sa.PrimaryKeyConstraint("digest", name="paper_pk"),
        schema="gateway",
    )
    op.create_table(
        "paper_signature",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_A_THUMBPRINT, name="paper_signature_kid_is_a_thumbprint"),
        sa.ForeignKeyConstraint(
            ["digest"], ["gateway.paper.digest"], name="paper_signature_paper_fk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", "kid", name="paper_signature_pk"),
        schema="gateway",
    )
    op.create_table(
        "paper_invitation",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("octet_length(token) = 32", name="paper_invitation_token_is_a_digest"),
        sa.CheckConstraint("party ~ '^partner:[a-z0-9-]+$'", name="paper_invitation_is_for_a_partner"),
        sa.ForeignKeyConstraint(
            ["digest"], ["gateway.paper.digest"], name="paper_invitation_paper_fk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name="paper_invitation_pk"),
        schema="gateway",
    )
    op.create_table(
        "passkey",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_A_THUMBPRINT, name="passkey_kid_is_a_thumbprint"),
        sa.PrimaryKeyConstraint("kid", name="passkey_pk"),
        schema="gateway",
    )
    op.create_index("paper_concerns_ix", "paper", ["concerns"], schema="gateway")
    op.create_index("paper_signature_digest_ix", "paper_signature", ["digest"], schema="gateway")
    op.create_index("paper_invitation_digest_ix", "paper_invitation", ["digest"], schema="gateway")
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
