"""
Who signs in: identities beside their entries, invitations, stops; a role is a signed document.

Revises: 0014.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KINDS = (
    "kind IN ('agreement', 'approval', 'signer', 'client_binding', 'reinstatement', 'officer', "
    "'revocation', 'people_annex', 'undertaking', 'emergency_order', 'certificate', 'hold', 'release', "
    "'debarment', 'succession', 'review', 'emergency_release', 'erasure', 'recovery', 'witnesses', "
    "'log_key', 'staff_role')"
)


def upgrade() -> None:
    op.drop_constraint("document_kind_is_known", "document", schema="agreements", type_="check")
    op.create_check_constraint("document_kind_is_known", "document", _KINDS, schema="agreements")
    op.create_table(
        "staff_identity",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "idx", name="staff_identity_pk"),
        sa.CheckConstraint("person ~ '^user:[0-9a-f-]{36}$'", name="staff_identity_person_has_its_form"),
        sa.CheckConstraint(
            "party ~ '^(district|partner):[a-z0-9]+(-[a-z0-9]+)*$'", name="staff_identity_party_has_its_form"
        ),
        sa.CheckConstraint("octet_length(salt) = 32", name="staff_identity_has_a_salt"),
        sa.CheckConstraint("idx >= 0", name="staff_identity_has_an_entry"),
        schema="gateway",
    )
    op.create_table(
        "staff_invitation",
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name="staff_invitation_pk"),
        sa.CheckConstraint("octet_length(code) = 32", name="staff_invitation_code_is_a_digest"),
        sa.CheckConstraint("person ~ '^user:[0-9a-f-]{36}$'", name="staff_invitation_person_has_its_form"),
        sa.CheckConstraint(
            "party ~ '^(district|partner):[a-z0-9]+(-[a-z0-9]+)*$'", name="staff_invitation_party_has_its_form"
        ),
        schema="gateway",
    )
    op.create_table(
        "staff_stop",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "idx", name="staff_stop_pk"),
        sa.CheckConstraint("idx >= 0", name="staff_stop_has_an_entry"),
        schema="gateway",
    )
    run_sql(revision, "gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
