"""
Many students out of a thousand: every row about a student is copied, in the database, under new numbers.

What a real load brought stays the pattern: the same stays, marks and days, for as many students as are asked for. The
copies are written past the log, which no gateway would serve; they are read by the reader alone.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import asyncpg

BYTES_A_STUDENT: Final = 10_000
"""What a student takes on disk at most, with ten days of attendance and all indexes."""
_SPARE_BYTES: Final = 4_000_000_000
_SCHEMA: Final = "records"
# As codes are: 26 letters of base32. MD5 scatters them, which is all that is needed here.
_CODE: Final = "'rc_' || left(translate(md5(t.code || n), '0189', 'ghij'), 26)"
_COPIED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "student_id": "md5(t.student_id::text || n)::uuid",
        "student_identifier": "t.student_identifier || '-' || n",
        "sealed": "decode(md5(t.sealed || convert_to(n::text, 'UTF8')), 'hex')",
        "code": _CODE,
    }
)
"""What is another one in each copy, by column."""
_TABLES: Final = """
SELECT c.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = $1 AND t.table_type = 'BASE TABLE' AND c.is_identity = 'NO' AND c.is_generated = 'NEVER'
GROUP BY c.table_name
HAVING bool_or(c.column_name = 'student_id')
ORDER BY c.table_name
"""


class TooMany(Exception):
    """So many students do not fit on this disk."""


def require_room(home: Path, students: int) -> None:
    """Check that so many students fit where the database is. Raises `TooMany`."""
    free, needed = shutil.disk_usage(home).free, students * BYTES_A_STUDENT + _SPARE_BYTES
    if free < needed:
        raise TooMany(f"{students} students take {needed / 1e9:.0f} GB of disk, and {free / 1e9:.0f} GB are free")


async def multiply(connection: asyncpg.Connection, times: int) -> None:
    """
    Make `times` as many students out of those that are there, with everything about them.

    As the server's own account, on a database that is thrown away afterwards.
    """
    # Numbers that no earlier copy had: it may be asked for again and again.
    first = await connection.fetchval("SELECT count(*) FROM records.identity")
    for name, columns in await connection.fetch(_TABLES, _SCHEMA):
        # It need not outlive the server, and reading it is the same.
        await connection.execute(f"ALTER TABLE {_SCHEMA}.{name} SET UNLOGGED")
        copied = ", ".join(_COPIED.get(column, f"t.{column}") for column in columns)
        await connection.execute(
            f"INSERT INTO {_SCHEMA}.{name} ({', '.join(columns)})"  # noqa: S608 - the catalogue's own names
            f" SELECT {copied} FROM {_SCHEMA}.{name} AS t, generate_series({first}, {first + times - 2}) AS n"
        )
    # What autovacuum has done on any server that is older than a minute.
    await connection.execute("VACUUM ANALYZE")
