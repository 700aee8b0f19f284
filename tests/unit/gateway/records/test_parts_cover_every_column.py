"""The digests of rows are over all their columns: a column that is added to a table is added to them, or this fails."""

import re
from importlib.resources import files

import pytest
from sqlalchemy import Table

from gateway.records.columns import is_loaded, metadata
from gateway.records.tables import metadata as every_table  # noqa: F401 - declares all tables

SQL = "".join(
    (files("gateway.migrations") / "sql" / each / "records.sql").read_text(encoding="utf-8")
    for each in ("0009", "0019", "0022")
)
"""The functions as they were made, and as they were made again: what comes last counts."""
_BRANCH = re.compile(r"'(\w+)\.(begun|ended)' AS part, .*?sha256\((.*?) AS row_digest", re.DOTALL)
_ROW = re.compile(r"ROW\((.*?)\)::text", re.DOTALL)
"""Columns that came later stand in a row of their own, which is empty where they are."""
DIGESTED = {
    (table, kind): set(re.findall(r"r\.(\w+)", " ".join(_ROW.findall(digest))))
    for table, kind, digest in _BRANCH.findall(SQL)
}

_NUMBERED = {"row_id"}
_BY_BATCH = {"from_batch", "to_batch"}
"""What a load prepared is dated by the batch's entry before long: it has that digest from the start."""
_WITHOUT_DATES = {"scope", "identity", "subject", "batch", "frontier", "erased_row", "readable_from"}
"""
What was erased is digested as a whole. The others are compared with the signed document, with the students' own rows,
with the entries of loads. A subject's number gives nobody anything, and is not compared.
"""


@pytest.mark.claim(1)
@pytest.mark.parametrize(
    "table", [each for each in metadata.sorted_tables if each.name not in _WITHOUT_DATES], ids=lambda each: each.name
)
def test_a_digest_is_over_every_column_of_its_table(table: Table) -> None:
    columns = {column.name for column in table.c} - _NUMBERED
    begins, ends = ("from_batch", "to_batch") if is_loaded(table) else ("from_idx", "to_idx")
    columns -= set() if is_loaded(table) else _BY_BATCH
    assert DIGESTED[table.name, "begun"] == columns - {begins, ends, "withdrawn_on"}
    if ends in columns:
        assert DIGESTED[table.name, "ended"] == columns - {ends}


def test_nothing_is_digested_that_is_not_a_table_of_ours() -> None:
    assert {name for name, _ in DIGESTED} | _WITHOUT_DATES == {each.name for each in metadata.sorted_tables}


@pytest.mark.claim(1)
def test_what_a_batch_prepares_has_the_digests_that_it_has_under_its_entry() -> None:
    prepared = (files("gateway.migrations") / "sql" / "0023" / "records.sql").read_text(encoding="utf-8")
    found = {(table, kind): set(re.findall(r"r\.(\w+)", columns)) for table, kind, columns in _BRANCH.findall(prepared)}
    assert {key: columns - {"from_batch"} for key, columns in found.items()} == {
        key: DIGESTED[key] for key in (("population", "begun"), ("population", "ended"), ("code", "begun"))
    }
