"""
Flat tables for what we compare with: the very rows the gateway answered with, each dataset in one table.

A table holds values as they left, in the order in which they left, under a number that is its only index: less work
than our joins and transformations, so the comparison favours the others.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.store.session import connect

KEY: Final = "place"
ENVIRONMENT: Final = "BENCH_FLAT"
_KINDS: Final = {bool: "boolean", int: "bigint", float: "double precision", str: "text"}


class Flat(msgspec.Struct, frozen=True):
    """A table, the path it is served at, and its columns with their SQL types, in the order they are answered."""

    table: str
    path: str
    columns: dict[str, str]


def flat_for(dataset: str, path: str, rows: Sequence[Mapping[str, Any]]) -> Flat:
    """
    Return the table that holds these rows.

    Raises `ValueError` if a column holds values of two kinds: then the baselines would answer with other bytes.
    """
    columns = {}
    for name in rows[0]:
        kinds = {type(row[name]) for row in rows} - {type(None)} or {str}
        if len(kinds) != 1:
            raise ValueError(f"{dataset}.{name} holds {sorted(kind.__name__ for kind in kinds)}")
        columns[name] = _KINDS[kinds.pop()]
    return Flat(f"bench_{dataset}", path, columns)


async def fill(url: str, flat: Flat, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make the table in the database at `url` and put the rows into it, numbered from 1 on."""
    columns = ", ".join(f"{name} {kind}" for name, kind in flat.columns.items())
    records = [(place, *row.values()) for place, row in enumerate(rows, start=1)]
    async with connect(url) as connection:
        await connection.execute(f"CREATE TABLE {flat.table} ({KEY} bigint PRIMARY KEY, {columns})")
        await connection.copy_records_to_table(flat.table, columns=(KEY, *flat.columns), records=records)
        await connection.execute(f"VACUUM ANALYZE {flat.table}")


def described(tables: Sequence[Flat]) -> str:
    """Return the tables as the environment of a baseline names them."""
    return msgspec.json.encode(tables).decode()


def tables() -> list[Flat]:
    """Return the tables that this process is to serve."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=list[Flat])
