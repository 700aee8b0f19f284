"""
The four rooms: their schemas, tables, functions, triggers, views and grants.

Revises: nothing.
"""

from collections.abc import Sequence

from alembic import op
from sqlalchemy.util import await_only

from gateway.migrations.rooms import ROOMS, all_metadata, room_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    bind = op.get_bind()
    for room in ROOMS:
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {room}")
    for metadata in all_metadata():
        metadata.create_all(bind, checkfirst=False)
    adapter = bind.connection.dbapi_connection
    assert adapter is not None
    for room in ROOMS:
        if sql := room_sql(room):
            # asyncpg's simple query protocol takes a whole file; SQLAlchemy's prepared statements take one command.
            await_only(adapter.driver_connection.execute(sql))


def downgrade() -> None:
    msg = "the log is append-only: restore a backup instead"
    raise NotImplementedError(msg)
