"""Files of an export that no mapping reads are named: none is taken silently for nothing."""

import zipfile
from pathlib import Path

import pytest

from gateway.records.errors import BadSource
from gateway.records.loading.mapping import MappingFile, parse_mapping
from gateway.records.loading.unread import MOST_NAMED, unread_in

FIELDS = 'fields = { school_identifier = "code" }'
HERE = ("students.csv", "Grade-1.xml", "Grade-2.xml", "results.csv", "letter.pdf", ".hidden.csv", "deep/units.csv")


def mapping(*paths: str, manifest: str = "") -> MappingFile:
    """Return a mapping that reads these files."""
    files = "\n".join(f'[files.f{place}]\npath = "{path}"' for place, path in enumerate(paths))
    said = f'[manifest]\npath = "{manifest}"\n' if manifest else ""
    return parse_mapping(f'format = 1\nname = "m"\n{said}{files}\n[[load]]\ntarget = "schools"\nfrom = "f0"\n{FIELDS}')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in HERE:
        place = tmp_path / "export" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("code\n1\n")
    return tmp_path / "export"


def test_what_no_mapping_reads_is_named_in_a_folder_and_in_an_archive(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in HERE:
            archive.write(folder / name, name)
    for export in (folder, packed):
        assert unread_in([mapping("students.csv")], [export]) == ("Grade-1.xml", "Grade-2.xml", "results.csv")
        # What another mapping of the same load reads has a home; a folder in which one reads is looked into.
        both = [mapping("students.csv", manifest="results.csv"), mapping("deep/schools.csv")]
        assert unread_in(both, [export]) == ("Grade-1.xml", "Grade-2.xml", "deep/units.csv")
        assert unread_in([mapping("students.csv", "Grade*xml", "results.csv")], [export]) == ()


def test_deltas_are_looked_at_too_and_one_file_is_that_file(folder: Path, tmp_path: Path) -> None:
    delta = tmp_path / "delta"
    delta.mkdir()
    (delta / "lineItems.csv").write_text("id\n")
    read = mapping("students.csv", "Grade-?.xml", "results.csv")
    assert unread_in([read], [folder, delta]) == ("lineItems.csv",)
    assert unread_in([mapping("results.csv")], [folder / "results.csv"]) == ()


def test_of_very_many_some_are_named_and_a_path_that_leads_out_is_refused(folder: Path) -> None:
    for place in range(MOST_NAMED + 1):
        (folder / f"x{place:03}.csv").write_text("")
    assert len(unread_in([mapping("students.csv")], [folder])) == MOST_NAMED
    with pytest.raises(BadSource, match="outside"):
        unread_in([mapping("../elsewhere/students.csv")], [folder])
