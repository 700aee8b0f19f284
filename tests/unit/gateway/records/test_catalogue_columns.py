"""The catalogue and the tables agree: every element has a column of its name and type, and nothing else can leave."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Double, Integer

from agreements.elements import DATASETS, Tier, load_catalogue
from gateway.records import facts, outcomes
from gateway.records.columns import metadata
from gateway.records.loading.targets import TARGETS, fields_of
from gateway.records.statement import Shape, build
from gateway.records.tables import ROOM
from tests.factories.records import permit

COUNTS = {
    *("000202", "000201", "001957", "000496", "002022"),
    *("x-days-enrolled", "x-days-absent-excused", "x-days-absent-unexcused"),
    *("x-disciplinary-actions", "x-in-school-suspensions", "x-out-of-school-suspensions", "x-expulsions"),
}
"""Derived from attendance events and from actions after incidents, not stored."""
STRUCTURE = {
    *("row_id", "digest", "from_batch", "to_batch", "from_idx", "to_idx"),
    *("student_id", "line", "agreement"),
}
"""Columns that hold a table together: whose a row is, and since when it counts."""
OF_THE_MODEL = (
    *(facts.school, facts.session, facts.person, facts.enrollment, facts.academic_summary, facts.attendance),
    *(outcomes.course_grade, outcomes.assessment, outcomes.discipline, outcomes.program),
)
"""The tables that hold what the district knows of students; the others hold what it decided about sharing it."""
WIRE_NAMES = {"session.begin_date": "session_begin_date", "session.end_date": "session_end_date"}
"""Columns that are called by another name where a row is not a session."""
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


def test_every_column_of_the_model_is_an_element_or_structure() -> None:
    homeless = {str(column) for table in OF_THE_MODEL for column in table.columns if "element" not in column.info} - {
        f"{table.name}.{name}" for table in OF_THE_MODEL for name in STRUCTURE
    }
    assert homeless == set()


@pytest.mark.claim(2)
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_element_is_served_in_each_of_its_datasets_in_every_form(dataset: str) -> None:
    may_leave = [each for each in load_catalogue().in_dataset(dataset) if each.tier is not Tier.NEVER]
    assert may_leave
    for element in may_leave:
        for transformation in element.transformations:
            leave = permit(f"{element.name}:{transformation}", dataset=dataset)
            assert "p.v0" in build(leave, Shape(1, "first")).sql


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
    assert WIRE_NAMES.get(str(column), column.name) == described.name
    expected = KINDS.get(described.value_type)
    assert expected is None or isinstance(column.type, expected)


@pytest.mark.parametrize("target", TARGETS)
def test_the_documentation_lists_every_target_and_field(target: str) -> None:
    text = (Path(__file__).parents[4] / "docs" / "mapping-files.md").read_text("utf-8")
    section = text.split(f"### {target}\n")[1].split("\n### ")[0]
    assert [name for name in fields_of(target) if f"`{name}`" not in section] == []
