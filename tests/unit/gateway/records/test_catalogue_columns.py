"""The catalogue and the tables agree: every element has a column of its name and type, and nothing else can leave."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Double, Integer

from agreements.elements import Tier, load_catalogue
from gateway.records.columns import metadata
from gateway.records.loading.targets import TARGETS, fields_of
from gateway.records.tables import ROOM

COUNTS = {"000202", "000201", "001957", "000496", "002022"}
"""Derived from attendance events, not stored."""
KINDS = {"boolean": Boolean, "date": Date, "number": Double, "integer": Integer}

stored = [
    (column, column.info["element"])
    for table in metadata.sorted_tables
    for column in table.columns
    if "element" in column.info
]


def test_the_tables_stand_in_four_files() -> None:
    assert len(ROOM) == 4


@pytest.mark.claim(2)
def test_every_element_that_may_leave_has_a_column() -> None:
    released = {element.id for element in load_catalogue() if element.tier is not Tier.NEVER}
    assert released == {element for _, element in stored} | COUNTS


@pytest.mark.claim(2)
def test_nothing_that_must_never_leave_is_even_stored() -> None:
    never = {element.name for element in load_catalogue() if element.tier is Tier.NEVER}
    assert never
    assert not never & {column.name for table in metadata.sorted_tables for column in table.columns}


@pytest.mark.parametrize(
    ("column", "element"), stored, ids=[f"{column.table.name}.{column.name}" for column, _ in stored]
)
def test_a_column_bears_its_elements_wire_name_and_type(column: Column[Any], element: str) -> None:
    described = load_catalogue().element(element)
    assert column.name == described.name
    expected = KINDS.get(described.value_type)
    assert expected is None or isinstance(column.type, expected)


@pytest.mark.parametrize("target", TARGETS)
def test_the_documentation_lists_every_target_and_field(target: str) -> None:
    text = (Path(__file__).parents[4] / "docs" / "mapping-files.md").read_text("utf-8")
    section = text.split(f"### {target}\n")[1].split("\n### ")[0]
    assert [name for name in fields_of(target) if f"`{name}`" not in section] == []
