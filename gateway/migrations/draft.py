"""
Draft the body of a migration, for contributors: `python -m gateway.migrations.draft [--from-empty]`.

Prints what Alembic finds between a migrated throw-away database (or an empty one) and the tables in the code. A draft:
functions, views, triggers and grants are written by hand, and every line is read before it is committed.
"""

import asyncio
import sys

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from gateway.migrations.rooms import ROOMS, all_metadata
from gateway.migrations.scratch import scratch_database
from gateway.store.database import engine_for


def _draft(connection: Connection) -> str:
    context = MigrationContext.configure(
        connection,
        opts={
            "target_metadata": all_metadata(),
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name in ROOMS,
            "version_table_schema": "gateway",
            "compare_server_default": True,
        },
    )
    found = produce_migrations(context, all_metadata()).upgrade_ops  # type: ignore[arg-type] # takes a list too
    assert isinstance(found, UpgradeOps)
    return render_python_code(found, migration_context=context)


async def _run(*, from_empty: bool) -> str:
    async with scratch_database(migrated=not from_empty) as owner:
        engine = engine_for(owner)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(_draft)
        finally:
            await engine.dispose()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(_run(from_empty="--from-empty" in sys.argv)) + "\n")
