"""Which tables belong to which room: the one place that knows all four."""

from importlib.resources import files

from sqlalchemy import MetaData

from gateway.store import tables as gateway_tables

ROOMS = ("agreements", "audit", "records", "gateway")
"""One PostgreSQL schema each, in the order they are made."""


def all_metadata() -> list[MetaData]:
    """Return the tables of the four rooms, in the order they are made."""
    return [*_other_rooms(), gateway_tables.metadata]


def room_sql(room: str) -> str:
    """Return the functions, views, triggers and grants of one room, as SQL."""
    source = files("gateway.migrations") / "sql" / f"{room}.sql"
    return source.read_text(encoding="utf-8") if source.is_file() else ""


def _other_rooms() -> list[MetaData]:
    # TODO: import the three plainly once their modules exist; then this function goes.
    found: list[MetaData] = []
    try:
        from agreements.store import metadata as agreements_metadata

        found.append(agreements_metadata)
    except ImportError:
        pass
    try:
        from audit.store import metadata as audit_metadata

        found.append(audit_metadata)
    except ImportError:
        pass
    try:
        from gateway.records.tables import metadata as records_metadata

        found.append(records_metadata)
    except ImportError:
        pass
    return found
