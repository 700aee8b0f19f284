"""Which tables belong to which room: the one place that knows all four."""

from importlib.resources import files

from sqlalchemy import MetaData

from agreements.store import metadata as agreements_tables
from audit.store import metadata as audit_tables
from gateway.records.tables import metadata as records_tables
from gateway.store.tables import metadata as gateway_tables

ROOMS = ("agreements", "audit", "records", "gateway")
"""One PostgreSQL schema each, in the order they are made."""


def all_metadata() -> list[MetaData]:
    """Return the tables of the four rooms, in the order they are made."""
    return [agreements_tables, audit_tables, records_tables, gateway_tables]


def room_sql(room: str) -> str:
    """Return the functions, views, triggers and grants of one room, as SQL."""
    source = files("gateway.migrations") / "sql" / f"{room}.sql"
    return source.read_text(encoding="utf-8") if source.is_file() else ""
