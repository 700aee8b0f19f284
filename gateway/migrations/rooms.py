"""Which tables belong to which room: the one place that knows all four."""

from importlib.resources import files

from alembic import op
from sqlalchemy import MetaData
from sqlalchemy.util import await_only

from agreements.store import metadata as agreements_tables
from audit.store import metadata as audit_tables
from gateway.records.tables import metadata as records_tables
from gateway.store.load_reports import metadata as gateway_tables  # with every table of the gateway's own

ROOMS = ("agreements", "audit", "records", "gateway")
"""One PostgreSQL schema each, in the order they are made."""


def all_metadata() -> list[MetaData]:
    """Return the tables of the four rooms, in the order they are made."""
    return [agreements_tables, audit_tables, records_tables, gateway_tables]


def run_sql(revision: str, room: str) -> None:
    """
    Run what a migration brings to one room besides tables: functions, views, triggers, grants.

    It stands in `sql/<revision>/<room>.sql` and is never changed after a release. asyncpg's simple query protocol takes
    a whole file; SQLAlchemy's prepared statements take one command.
    """
    source = files("gateway.migrations") / "sql" / revision / f"{room}.sql"
    adapter = op.get_bind().connection.dbapi_connection
    assert adapter is not None
    await_only(adapter.driver_connection.execute(source.read_text(encoding="utf-8")))
