"""
Rosters, consents, opt-outs, placements and record codes belong to an agreement's line, no longer to one version of it.

Revises: 0002.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.migrations.rooms import run_sql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FORM = "line ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$'"
_STANDING = ("roster", "consent", "opt_out", "placement")


def upgrade() -> None:
    for table in _STANDING:
        op.drop_constraint(f"{table}_agreement_has_its_form", table, schema="records", type_="check")
    for table in (*_STANDING, "code"):
        op.alter_column(table, "agreement", new_column_name="line", schema="records")
    op.add_column("scope", sa.Column("line", sa.Text(collation="C"), nullable=True), schema="records")
    run_sql(revision, "records")
    op.alter_column("scope", "line", nullable=False, schema="records")
    for table in (*_STANDING, "code", "scope"):
        condition = f"line IS NULL OR {_FORM}" if table == "opt_out" else _FORM
        op.create_check_constraint(f"{table}_line_has_its_form", table, condition, schema="records")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
