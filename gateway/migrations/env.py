"""Alembic's entry point. The connection comes from `gateway.migrations.upgrade`; there is no offline mode."""

from alembic import context
from sqlalchemy import text

from gateway.migrations.rooms import ROOMS, all_metadata

LOCK_TIMEOUT = "4s"
"""A migration that waits longer for a lock would stop every request queued behind it; it gives up instead."""
STATEMENT_TIMEOUT = "60s"

connection = context.config.attributes["connection"]


def _include_name(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "schema" or name in ROOMS


context.configure(
    connection=connection,
    target_metadata=all_metadata(),
    include_schemas=True,
    include_name=_include_name,
    compare_type=True,
    compare_server_default=True,
    version_table="alembic_version",
    version_table_schema="gateway",
)
with context.begin_transaction():
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
    # Alembic's own table lives in schema gateway, so that schema must be there before the first migration.
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS gateway"))
    context.run_migrations()
