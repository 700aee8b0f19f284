"""
Every row of the four schemas, out of one database and into another.

COPY in text form, which every version of PostgreSQL reads alike; everything beside the rows is left to the migrations.
"""

import gzip
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from gateway.store.session import quote_name

SCHEMAS: Final = ("agreements", "audit", "records", "gateway")
_REVISION_TABLE: Final = "alembic_version"
"""Says which migrations ran; the migrations of the restored database write it."""
_CHUNK: Final = 1_048_576
_FASTEST: Final = 1

_TABLES: Final = """SELECT n.nspname AS schema, c.relname AS name, c.oid,
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    ARRAY(SELECT f.confrelid FROM pg_constraint f
          WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ($1) AND c.relkind = 'r' AND c.relname <> $2 ORDER BY 1, 2"""
_IDENTITIES: Final = """SELECT format('%I.%I', n.nspname, c.relname) AS place, quote_ident(a.attname) AS name,
    pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) AS sequence
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ($1) AND a.attidentity <> '' AND NOT a.attisdropped ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the four schemas and the columns that are copied."""

    schema: str
    name: str
    columns: tuple[str, ...]

    @property
    def place(self) -> str:
        """The table's full name, quoted."""
        return f"{quote_name(self.schema)}.{quote_name(self.name)}"


@dataclass(frozen=True, slots=True)
class Copied:
    """A table's rows in a file: how many, and the SHA-256 of the file."""

    rows: int
    digest: str


async def tables(connection: asyncpg.Connection) -> tuple[Table, ...]:
    """Return the tables there are, each after those it refers to."""
    rows = {row["oid"]: row for row in await connection.fetch(_TABLES, list(SCHEMAS), _REVISION_TABLE)}
    ordered: dict[int, Table] = {}

    def place(oid: int) -> None:
        row = rows[oid]
        for other in row["refers"]:
            if other not in ordered:
                place(other)
        ordered.setdefault(oid, Table(row["schema"], row["name"], tuple(row["columns"])))

    for oid in rows:
        place(oid)
    return tuple(ordered.values())


async def copy_out(connection: asyncpg.Connection, table: Table, file: Path) -> Copied:
    """Write a table's rows to a new file, compressed. The connection's transaction decides which rows there are."""
    with file.open("xb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=_FASTEST, mtime=0) as packing:

        async def write(chunk: bytes) -> None:
            packing.write(chunk)

        status = await connection.copy_from_table(
            table.name, schema_name=table.schema, columns=list(table.columns), output=write, format="text"
        )
    return Copied(int(status.split()[-1]), digest_of_file(file))


async def copy_in(connection: asyncpg.Connection, table: Table, file: Path) -> int:
    """
    Put the rows of a file into a table as the migrations left it; return how many there were.

    Triggers run and checks are made as for any row. A table that holds its one row from the start (the log's head, the
    frontier of loads) has it changed: its guards let it be neither deleted nor inserted anew.
    """
    if not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table.place})"):  # noqa: S608 - quoted
        return await _copy(connection, table.name, table.schema, table.columns, file)
    columns = ", ".join(quote_name(each) for each in table.columns)
    await connection.execute(f"CREATE TEMP TABLE restored (LIKE {table.place}) ON COMMIT DROP")
    rows = await _copy(connection, "restored", None, table.columns, file)
    await connection.execute(
        f"UPDATE {table.place} AS t SET ({columns}) = (SELECT {columns} FROM pg_temp.restored)"  # noqa: S608 - quoted
        f" WHERE ROW(t.*) IS DISTINCT FROM (SELECT ROW(r.*) FROM pg_temp.restored r)"
    )
    await connection.execute("DROP TABLE pg_temp.restored")
    return rows


async def continue_identities(connection: asyncpg.Connection) -> None:
    """Let every identity column go on after the highest value that was copied."""
    for row in await connection.fetch(_IDENTITIES, list(SCHEMAS)):
        await connection.execute(
            f"SELECT setval('{row['sequence']}', greatest(max({row['name']}), 1), max({row['name']}) IS NOT NULL)"  # noqa: S608 - from the catalogue
            f" FROM {row['place']}"
        )


def digest_of_file(file: Path) -> str:
    """Return the SHA-256 of a file as `sha256:<hex>`. Raises `OSError`."""
    with file.open("rb") as reading:
        return f"sha256:{hashlib.file_digest(reading, 'sha256').hexdigest()}"


async def _copy(
    connection: asyncpg.Connection, name: str, schema: str | None, columns: tuple[str, ...], file: Path
) -> int:
    status = await connection.copy_to_table(
        name, schema_name=schema, columns=list(columns), source=_chunks(file), format="text"
    )
    return int(status.split()[-1])


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with gzip.open(file, "rb") as unpacking:
        while chunk := unpacking.read(_CHUNK):
            yield chunk
