"""
A task of an incident is done, or it is said why it does not apply: an incident is not closed over one that is neither.

Revises: 0041.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_CHECKS = {
    "incident_note_act_is_known": "act IN ('noted', 'counted', 'done', 'not_applicable', 'closed')",
    "incident_note_done_is_a_task": "(act IN ('done', 'not_applicable')) = (task IS NOT NULL)",
    "incident_note_undone_has_a_reason": "act <> 'not_applicable' OR words IS NOT NULL",
}
_NEW = "incident_note_undone_has_a_reason"


def upgrade() -> None:
    for name, check in _CHECKS.items():
        if name != _NEW:
            op.drop_constraint(name, "incident_note", schema="gateway", type_="check")
        op.create_check_constraint(name, "incident_note", check, schema="gateway")


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
