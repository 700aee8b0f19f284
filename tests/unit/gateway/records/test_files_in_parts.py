"""A file of a mapping that is many files of the export: in the order of their names, each row told by its own file."""

import zipfile
from pathlib import Path

import pytest

from gateway.records.errors import BadSource
from gateway.records.loading import parts
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import MappingFile, parse_mapping
from gateway.records.loading.places import part_and_line, place_of
from tests.factories.staging import Staged, stage

MAPPING = """
format = 1
name = "parts"
[files.schools]
path = "{path}"
{more}
[[load]]
target = "schools"
from = "schools"
fields.school_identifier = "id"
fields.school_name = "name"
"""


def mapping(path: str = "schools*.csv", more: str = "") -> MappingFile:
    return parse_mapping(MAPPING.format(path=path, more=more))


def staged(folder: Path, of: MappingFile | None = None, deltas: tuple[Path, ...] = ()) -> Staged:
    used = of or mapping()
    return stage(used, used.load[0], folder, deltas=deltas)


def named(found: Staged) -> list[object]:
    return [row.values["school_identifier"] for row in found.rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of schools with their columns in another order, and files that are none."""
    place = tmp_path / "export"
    (place / "schools-0.csv").mkdir(parents=True)
    (place / "schools-b.csv").write_text("name,id\nB,3\nonly one column\n,4\n")
    (place / "schools-a.csv").write_text("id,name\n1,A\n2,Å\n")
    (place / "Schools-c.csv").write_text("id,name\n9,C\n")
    return place


def test_a_pattern_stands_for_all_files_of_such_names_in_their_order(folder: Path, tmp_path: Path) -> None:
    assert named(staged(folder)) == ["1", "2", "3", "4"]
    assert named(staged(tmp_path, mapping("export/schools*.csv"))) == ["1", "2", "3", "4"]


def test_a_file_whose_own_name_has_the_signs_of_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "schools-[ab].csv").write_text("id,name\n7,G\n")
    assert named(staged(folder, mapping("schools-[ab].csv"))) == ["7"]


def test_how_far_the_reading_has_come_counts_every_file(folder: Path) -> None:
    opened = Exports(mapping(), [folder]).open("schools")
    seen = [opened.taken for _ in opened.rows()]
    # One letter has two bytes.
    assert opened.taken == opened.size - 1
    assert seen == sorted(seen)
    assert len(set(seen)) == 2
    assert 0 < seen[0] < opened.taken


def test_a_refused_row_is_told_by_its_own_file_and_line(folder: Path) -> None:
    (refused,) = staged(folder).refused
    assert str(refused) == "schools-b.csv:3: it has 1 columns where the file has 2"
    assert refused.part == 1


def test_a_row_keeps_its_place_in_the_database(folder: Path) -> None:
    (folder / "schools-c.csv").write_text("id,name\n,C\n")
    *_, refused = staged(folder).refused
    assert str(refused) == "schools-c.csv:2: school_identifier is not known"
    assert part_and_line(place_of(refused.part, refused.line)) == (2, 2)
    assert place_of(0, 7) == 7


def test_a_pattern_reads_an_archive_as_it_reads_a_folder(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as written:
        for name in ("schools-a.csv", "schools-b.csv", "Schools-c.csv"):
            written.write(folder / name, name)
        written.writestr("below/schools-d.csv", "id,name\n8,D\n")
    assert named(staged(tmp_path / "x.zip")) == ["1", "2", "3", "4"]
    assert named(staged(tmp_path / "x.zip", mapping("below/schools-*.csv"))) == ["8"]


def test_files_of_other_columns_are_not_read_as_one(folder: Path) -> None:
    (folder / "schools-c.csv").write_text("id,title\n1,A\n")
    with pytest.raises(BadSource, match=r"schools-c\.csv: its columns are not those of schools-a\.csv"):
        staged(folder)


def test_a_pattern_that_nothing_meets_is_a_file_that_is_missing(folder: Path) -> None:
    with pytest.raises(BadSource, match=r"schools: no\*\.csv is not there"):
        staged(folder, mapping("no*.csv"))
    with pytest.raises(BadSource, match=r"schools: below/\*\.csv is not there"):
        staged(folder, mapping("below/*.csv"))
    assert not Exports(mapping("no*.csv", "optional = true"), [folder]).open("schools").layers


@pytest.mark.parametrize("path", ["../*.csv", "/*.csv", "linked/*.csv"])
def test_a_pattern_reaches_nothing_outside_the_export(folder: Path, path: str) -> None:
    (folder / "linked").symlink_to("/")
    with pytest.raises(BadSource, match="outside the export"):
        staged(folder, mapping(path))


def test_a_file_that_leads_out_by_a_link_is_not_read_for_a_pattern(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("id,name\n0,X\n")
    (folder / "schools-z.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(BadSource, match="outside the export"):
        staged(folder)


def test_more_files_than_a_district_has_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PARTS", 1)
    with pytest.raises(BadSource, match=r"More than 1 files are named as schools\*\.csv"):
        staged(folder)


def test_deltas_are_laid_over_files_in_parts(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "delta").mkdir()
    (tmp_path / "delta" / "schools-x.csv").write_text("id,name\n3,B2\n")
    (tmp_path / "delta" / "schools-y.csv").write_text("id,name\n5,E\n,F\n")
    found = staged(folder, mapping(more='id = "id"'), deltas=(tmp_path / "delta",))
    assert [(row.values["school_identifier"], row.values["school_name"]) for row in found.rows] == [
        ("3", "B2"),
        ("5", "E"),
        ("1", "A"),
        ("2", "Å"),
        ("4", None),
    ]
    assert [str(row) for row in found.refused] == [
        "schools-y.csv of delta 1:3: school_identifier is not known",
        "schools-b.csv:3: it has 1 columns where the file has 2",
    ]


def test_a_row_of_a_delta_without_an_id_takes_no_rows_place(folder: Path, tmp_path: Path) -> None:
    (folder / "schools-b.csv").write_text("id,name\n,B\n,C\n")
    (tmp_path / "delta").mkdir()
    (tmp_path / "delta" / "schools-x.csv").write_text("id,name\n,D\n")
    found = staged(folder, mapping(more='id = "id"'), deltas=(tmp_path / "delta",))
    assert [str(row).split(": ")[0] for row in found.refused] == [
        "schools-x.csv of delta 1:2",
        "schools-b.csv:2",
        "schools-b.csv:3",
    ]
