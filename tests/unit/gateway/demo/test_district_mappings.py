import csv
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.demo.district import HEADERS, Edge, write_csv
from gateway.demo.district.families import COVERED_IN_PART
from gateway.demo.district.lists import ConsentRow
from gateway.records.errors import BadMapping
from gateway.records.loading.cells import Lookups
from gateway.records.loading.mapping import Load, parse_mapping, read_mapping
from gateway.records.loading.targets import TARGETS, key_of
from tests.factories.fictional_district import district, the
from tests.factories.staging import Staged, stage

FOLDER = Path(str(files("gateway.demo"))) / "mappings"
NOT_LOADED = {"courses"}
"""Read by people only: the marks carry each course's id and title."""

AGREEMENTS: Lookups = {
    "agreements": {name: f"agreement:{name}" for name in ("bright-path", "harbor-mentors", "child-services")}
}


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


def stage_all(name: str, folder: Path, lookups: Lookups = AGREEMENTS) -> list[Staged]:
    write_csv(district(), folder)
    mapping = read_mapping(FOLDER / f"{name}.toml")
    return [stage(mapping, load, folder, lookups) for load in mapping.load]


def test_a_list_of_an_agreement_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (roster,) = stage_all("roster_harbor", tmp_path, {"agreements": {"bright-path": "agreement:bright-path"}})
    assert roster.rows == []
    assert len(roster.refused) == len(district().harbor)


@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C2")
@pytest.mark.parametrize(
    "fact", ["elements", "who", "why", "what_will_be_done", "signer", "signed_on", "form", "evidence", "notice"]
)
def test_a_consent_without_one_of_its_facts_is_refused(fact: str, tmp_path: Path) -> None:
    made = district()
    first, *others = made.consents
    write_csv(replace(made, consents=(ConsentRow(**{**first._asdict(), fact: ""}), *others)), tmp_path)
    mapping = read_mapping(FOLDER / "consents.toml")
    taken = stage(mapping, mapping.load[0], tmp_path, AGREEMENTS)
    assert len(taken.refused) == 1
    assert len(taken.rows) == len(others)
    assert first.student_number not in {row.values["student_identifier"] for row in taken.rows}


@pytest.mark.parametrize("name", sorted(set(HEADERS) - NOT_LOADED))
def test_every_row_the_district_writes_is_taken_under_a_key_of_its_own(name: str, tmp_path: Path) -> None:
    (staged,) = stage_all(name, tmp_path)
    with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        written = sum(1 for _ in csv.reader(file)) - 1
    assert staged.refused == []
    names = ["student_identifier" if field == "student_id" else field for field in key_of(staged.load.target)]
    keys = {tuple(row.values.get(field) for field in names) for row in staged.rows}
    assert len(keys) == len(staged.rows) == written


def test_names_and_blanks_come_through_as_they_were_written(tmp_path: Path) -> None:
    (staged,) = stage_all("students", tmp_path)
    found = {row.values["student_identifier"]: row.values for row in staged.rows}
    for student in district().students:
        taken = found[student.student_number]
        assert (taken["first_name"], taken["last_name"]) == (student.first_name, student.last_name)
        assert taken["birthdate"] == student.birthdate
        assert taken["homeless_status"] is (student.homeless == "Y")


def test_a_consent_in_part_names_its_elements_and_a_full_one_says_all(tmp_path: Path) -> None:
    (staged,) = stage_all("consents", tmp_path)
    covers = {str(row.values["student_identifier"]): row.values["covers"] for row in staged.rows}
    assert covers[the(Edge.PARTIAL)] == list(COVERED_IN_PART)
    assert covers[the(Edge.CONSENTED)] == ["all"]
