"""The digests of rows are over all their columns: a column that is added to a table is added to them, or this fails."""

import re
from collections.abc import Mapping

import pytest

from gateway.records.columns import is_loaded, metadata
from gateway.records.tables import metadata as every_table  # noqa: F401 - declares all tables
from tests.factories.database import TestDatabase

_BRANCH = re.compile(r"'(\w+)\.(begun|ended)' AS part, .*?sha256\((.*?) AS row_digest", re.DOTALL)
_ROW = re.compile(r"ROW\((.*?)\)::text", re.DOTALL)
"""Columns that came later stand in a row of their own, which is empty where they are."""
_NUMBERED = {"row_id"}
_BY_BATCH = {"from_batch", "to_batch"}
"""What a load prepared is dated by the batch's entry before long: it has that digest from the start."""
_WITHOUT_DATES = {"scope", "identity", "subject", "batch", "frontier", "erased_row", "readable_from"}
"""
What was erased is digested as a whole. The others are compared with the signed document, with the students' own rows,
with the entries of loads. A subject's number gives nobody anything, and is not compared.
"""
Columns = Mapping[tuple[str, str], set[str]]


async def bodies(database: TestDatabase, *functions: str) -> str:
    """The functions as the migrations have left them."""
    owner = await database.connection("owner")
    found = "SELECT string_agg(p.prosrc, '') FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
    return str(await owner.fetchval(f"{found} WHERE n.nspname = 'records' AND p.proname = ANY($1)", list(functions)))


def columns_of(rows: str) -> set[str]:
    return set(re.findall(r"r\.(\w+)", rows))


async def digested(database: TestDatabase) -> Columns:
    """The columns in the digest of each table's rows that begin, and that end."""
    written = await bodies(database, "dated_rows", "loaded_rows")
    return {
        (table, kind): columns_of(" ".join(_ROW.findall(digest))) for table, kind, digest in _BRANCH.findall(written)
    }


@pytest.mark.claim(1)
async def test_a_digest_is_over_every_column_of_its_table_and_over_no_other_table(database: TestDatabase) -> None:
    found = await digested(database)
    assert {name for name, _ in found} | _WITHOUT_DATES == {each.name for each in metadata.sorted_tables}
    for table in metadata.sorted_tables:
        if table.name in _WITHOUT_DATES:
            continue
        columns = {column.name for column in table.c} - _NUMBERED
        begins, ends = ("from_batch", "to_batch") if is_loaded(table) else ("from_idx", "to_idx")
        columns -= set() if is_loaded(table) else _BY_BATCH
        assert found[table.name, "begun"] == columns - {begins, ends, "withdrawn_on"}, table.name
        if ends in columns:
            assert found[table.name, "ended"] == columns - {ends}, table.name


@pytest.mark.claim(1)
async def test_what_a_batch_prepares_has_the_digests_that_it_has_under_its_entry(database: TestDatabase) -> None:
    prepared = await bodies(database, "prepared_rows")
    found = {(table, kind): columns_of(columns) for table, kind, columns in _BRANCH.findall(prepared)}
    known = await digested(database)
    assert {key: columns - {"from_batch"} for key, columns in found.items()} == {
        key: known[key] for key in (("population", "begun"), ("population", "ended"), ("code", "begun"))
    }
