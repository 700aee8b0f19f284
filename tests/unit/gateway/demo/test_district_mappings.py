from importlib.resources import files
from pathlib import Path

import pytest

from gateway.demo.district import HEADERS, write_csv
from gateway.records.errors import BadMapping
from gateway.records.loading.csvfile import Row, open_csv
from gateway.records.loading.mapping import Load, parse_mapping, read_mapping
from gateway.records.loading.targets import TARGETS
from tests.factories.fictional_district import district

FOLDER = Path(str(files("gateway.demo"))) / "mappings"
NOT_LOADED = {"courses"}
"""Read by people only: the marks carry each course's id and title."""


def columns_used(load: Load) -> set[str]:
    named = {rule.column for rule in load.rules().values() if rule.column is not None}
    return named | {condition.column for condition in (*load.only, *load.skip)}


def test_a_misspelt_field_would_be_refused() -> None:
    text = (FOLDER / "students.toml").read_text("utf-8")
    with pytest.raises(BadMapping, match="student_identifer"):
        parse_mapping(text.replace("student_identifier =", "student_identifer ="))


def test_every_file_has_a_mapping_of_its_name_and_no_mapping_is_left_over() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(HEADERS) - NOT_LOADED


def test_every_target_is_filled() -> None:
    filled = {load.target for path in FOLDER.iterdir() for load in read_mapping(path).load}
    assert filled == set(TARGETS)


@pytest.mark.parametrize("name", sorted(set(HEADERS) - NOT_LOADED))
def test_a_mapping_reads_its_own_file_and_only_columns_that_exist(name: str) -> None:
    mapping = read_mapping(FOLDER / f"{name}.toml")
    assert [source.path for source in mapping.files.values()] == [f"{name}.csv"]
    for load in mapping.load:
        assert columns_used(load) <= set(HEADERS[name])


def test_every_row_written_is_read_back_whole(tmp_path: Path) -> None:
    made = district()
    write_csv(made, tmp_path)
    for name in ("students", "consents", "enrollments"):
        mapping = read_mapping(FOLDER / f"{name}.toml")
        (label, source), *_ = mapping.files.items()
        file = open_csv(tmp_path, label, source)
        assert file.columns == HEADERS[name]
        expected = [tuple("" if cell is None else str(cell) for cell in row) for row in getattr(made, name)]
        assert [row.cells for row in file.rows() if isinstance(row, Row)] == expected


@pytest.mark.parametrize("name", sorted(set(HEADERS) - NOT_LOADED))
def test_every_value_that_is_mapped_is_named_by_the_map(name: str, tmp_path: Path) -> None:
    write_csv(district(), tmp_path)
    mapping = read_mapping(FOLDER / f"{name}.toml")
    for load in mapping.load:
        file = open_csv(tmp_path, load.source, mapping.files[load.source])
        mapped = {rule.column: set(rule.values) for rule in load.rules().values() if rule.values and rule.column}
        found: dict[str, set[str]] = {column: set() for column in mapped}
        for row in file.rows():
            assert isinstance(row, Row)
            for column in mapped:
                found[column].add(row.cells[file.columns.index(column)])
        assert found.keys() == mapped.keys()
        assert all(found[column] <= mapped[column] for column in mapped)
