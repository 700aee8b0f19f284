"""What two people confirm of a held load covers every file that it reads, however the mapping names it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.records.errors import ConfirmationRefused, LoadHeld
from gateway.records.loading.describing import exported_files
from gateway.records.loading.mapping import MappingFile, parse_mapping
from tests.factories.confirmed import confirmation_of
from tests.factories.database import TestDatabase
from tests.factories.edfi import NEW_XML, interchange, write
from tests.factories.exports import shipped
from tests.factories.records import OFFICERS, SmallDistrict
from tests.factories.workbooks import write_workbook

pytestmark = [pytest.mark.claim(12)]

MAPPING = """
format = 1
name = "parts"
[files.people]
path = "{path}"
{form}
[[load]]
target = "students"
from = "people"
fields.student_identifier = "id"
fields.first_name = "name"
"""
NUMBERS = tuple(str(number) for number in range(1001, 1021))


def mapping(path: str, form: str = "") -> MappingFile:
    return parse_mapping(MAPPING.format(path=path, form=form))


def table(name: str, numbers: tuple[str, ...] = NUMBERS) -> str:
    return "id,name\n" + "".join(f"{each},{name}\n" for each in numbers)


def a_table(place: Path, name: str) -> Path:
    place.mkdir(exist_ok=True)
    (place / "people.csv").write_text(table(name))
    return place / "people.csv"


def a_workbook(place: Path, name: str) -> Path:
    place.mkdir()
    write_workbook(place / "people.xlsx", [line.split(",") for line in table(name).splitlines()])
    return place / "people.xlsx"


def in_parts(place: Path, name: str) -> Path:
    place.mkdir()
    (place / "people-1.csv").write_text(table(name, NUMBERS[:10]))
    (place / "people-2.csv").write_text(table(name, NUMBERS[10:]))
    return place


WAYS: dict[str, tuple[Callable[[Path, str], Path], MappingFile]] = {
    "a single table": (a_table, mapping("people.csv")),
    "a workbook": (a_workbook, mapping("people.xlsx", 'form = "xlsx"')),
    "in parts": (in_parts, mapping("people-*.csv")),
}


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    return await SmallDistrict.open(database, tmp_path)


@pytest.mark.parametrize("way", WAYS)
async def test_a_held_export_of_any_kind_is_confirmed_and_no_other_goes_in_its_place(
    district: SmallDistrict, tmp_path: Path, way: str
) -> None:
    lay, used = WAYS[way]
    await district.loads.load(used, lay(tmp_path / "first", "Ana"))
    # Of as many rows, and as many that change: only what stands in them is another.
    export, other = lay(tmp_path / "second", "Bo"), lay(tmp_path / "third", "Eve")
    with pytest.raises(LoadHeld) as held:
        await district.loads.load(used, export)
    assert held.value.described is not None
    confirmation = await confirmation_of(district.loads, district.desk, OFFICERS, used, export)
    assert confirmation is not None
    assert confirmation.load.file_count == (2 if way == "in parts" else 1)
    with pytest.raises(ConfirmationRefused, match="files"):
        await district.loads.load(used, other, confirmation=confirmation)
    await district.loads.load(used, export, confirmation=confirmation)
    loaded = "SELECT count(*) FROM records.student WHERE first_name = 'Bo' AND to_batch IS NULL"
    assert await district.owner.fetchval(loaded) == len(NUMBERS)


@pytest.mark.claim(7)
async def test_what_narrows_in_a_held_table_counts_at_once(district: SmallDistrict, tmp_path: Path) -> None:
    used = mapping("people.csv")
    export = a_table(tmp_path / "export", "Ana")
    await district.loads.load(used, export)
    export.write_text(table("Bo")[:-1] + ",and one cell more\n")
    with pytest.raises(LoadHeld) as held:
        await district.loads.load(used, export)
    assert len(held.value.entries) == 1


async def test_a_held_export_of_ed_fi_is_confirmed(district: SmallDistrict, tmp_path: Path) -> None:
    export = write(tmp_path / "export", NEW_XML)
    await district.loads.load(shipped("edfi_xml"), export)
    (export / "Student.xml").write_text(interchange("Student", ""))
    confirmation = await confirmation_of(district.loads, district.desk, OFFICERS, shipped("edfi_xml"), export)
    assert confirmation is not None
    assert confirmation.load.file_count == len(NEW_XML)
    await district.loads.load(shipped("edfi_xml"), export, confirmation=confirmation)
    assert await district.owner.fetchval("SELECT count(*) FROM records.student WHERE to_batch IS NULL") == 0


def _renamed(export: Path) -> None:
    (export / "people-2.csv").rename(export / "people-3.csv")


def _added(export: Path) -> None:
    (export / "people-3.csv").write_text("id,name\n")


def _gone(export: Path) -> None:
    (export / "people-2.csv").unlink()


def _moved(export: Path) -> None:
    """Let the first row of the second file be the last one of the first: the bytes in a row are the same."""
    first, second = (export / f"people-{number}.csv" for number in (1, 2))
    lines = second.read_text().splitlines(keepends=True)
    first.write_text(first.read_text() + lines[1])
    second.write_text("".join([lines[0], *lines[2:]]))


def _swapped(export: Path) -> None:
    first, second = (export / f"people-{number}.csv" for number in (1, 2))
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


@pytest.mark.parametrize("change", [_renamed, _added, _gone, _moved, _swapped])
def test_parts_are_told_from_others_by_their_names_their_bytes_and_their_number(
    tmp_path: Path, change: Callable[[Path], Any]
) -> None:
    used, export = mapping("people-*.csv"), in_parts(tmp_path / "export", "Ana")
    (before,) = exported_files(used, [export])
    assert (before.layer, before.path, before.parts) == (0, "people-*.csv", 2)
    shutil.copytree(export, tmp_path / "other")
    change(tmp_path / "other")
    (after,) = exported_files(used, [tmp_path / "other"])
    assert after.digest != before.digest


def test_a_part_that_stands_alone_is_not_told_as_the_file_of_that_name(tmp_path: Path) -> None:
    export = in_parts(tmp_path / "export", "Ana")
    (export / "people-2.csv").unlink()
    (part,) = exported_files(mapping("people-*.csv"), [export])
    (file,) = exported_files(mapping("people-1.csv"), [export])
    assert (part.parts, part.files, file.parts, file.files) == (1, 1, 0, 1)
    assert part.digest != file.digest
