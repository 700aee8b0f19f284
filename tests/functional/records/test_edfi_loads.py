"""Ed-Fi exports in parts, through the loader: every target is filled, a refused row is told by file and line."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from gateway.records.errors import BadSource
from gateway.records.loading.batches import Refused
from gateway.records.loading.targets import TARGETS
from tests.factories.database import TestDatabase
from tests.factories.edfi import NEW_XML, interchange, old_xml, write
from tests.factories.edfi_answers import as_pages
from tests.factories.exports import shipped
from tests.factories.records import SmallDistrict
from tests.factories.staging import stage

SECOND = interchange(
    "Student",
    "<Student>\n<StudentUniqueId>1002</StudentUniqueId><BirthData><BirthDate>5 May</BirthDate></BirthData></Student>\n"
    "<Student><StudentUniqueId>1003</StudentUniqueId><Name><FirstName>A</FirstName></Name>\n"
    "<Name><FirstName>B</FirstName></Name></Student>\n"
    "<Student><StudentUniqueId>1004</StudentUniqueId></Student><Student><StudentUniqueId>1004</StudentUniqueId>"
    "<Name><FirstName>C</FirstName></Name></Student>",
)  # fmt: skip


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    return await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 3, 11))


async def rows_of(district: SmallDistrict) -> dict[str, int]:
    tables = {name: target.table.fullname for name, target in TARGETS.items() if not target.is_dated_by_entry}
    return {
        name: await district.owner.fetchval(f"SELECT count(*) FROM {table} WHERE to_batch IS NULL")  # noqa: S608 - our own tables
        for name, table in tables.items()
    }


async def test_an_export_in_an_archive_fills_every_target_and_another_standard_changes_little(
    district: SmallDistrict, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in NEW_XML.items():
            written.writestr(name, text.replace("UTF-8", "UTF-16").encode("utf-16"))
    report = await district.loads.load(shipped("edfi_xml"), tmp_path / "export.zip", strict=True)
    assert {each.target: each.added for each in report.targets} == await rows_of(district)
    assert all(each.added for each in report.targets)
    # The same district in the oldest standard and from an API: not one row is another.
    for name, files in (("edfi_xml", old_xml()), ("edfi_api", as_pages())):
        again = await district.loads.load(shipped(name), write(tmp_path / name, files), strict=True)
        assert {(each.added, each.changed, each.ended) for each in again.targets} == {(0, 0, 0)}


async def test_refused_rows_are_told_by_their_own_file_in_a_report_and_in_a_file(
    district: SmallDistrict, tmp_path: Path
) -> None:
    export = write(tmp_path / "export", {**NEW_XML, "Student.z.xml": SECOND})
    told: list[Refused] = []
    report = await district.loads.load(shipped("edfi_xml"), export, refused=told.append)
    # The name of a file that stands alone is the mapping's; here two files are one.
    assert [str(row) for row in report.refused] == [
        "Student.z.xml:3: 'birthdate' (BirthData.BirthDate) is no date written as YYYY-MM-DD",
        "Student.z.xml:5: Student: its member 'Name.FirstName' is no single value",
        "Student.z.xml:7: its key appears more than once",
        "Student.z.xml:7: its key appears more than once",
    ]
    assert told == list(report.refused)
    # Whose they are could be read of all of them: nobody else is withheld.
    staged = stage(
        shipped("edfi_xml"), next(each for each in shipped("edfi_xml").load if each.target == "students"), export
    )
    assert staged.numbers == ["1002", "1003"]
    assert (told[0].column, told[0].shape) == ("birthdate", "9 xxx")
    assert await district.owner.fetchval("SELECT count(*) FROM records.student") == 1


@pytest.mark.parametrize(
    "broken",
    [
        SECOND[:-30],
        SECOND.replace("?>", "?><!DOCTYPE Student>", 1),
        interchange("StudentProgram", "<StudentProgramAssociation/>"),
    ],
)
async def test_an_export_with_one_file_that_is_no_export_changes_nothing(
    district: SmallDistrict, tmp_path: Path, broken: str
) -> None:
    export = write(tmp_path / "export", {**NEW_XML, "Student.z.xml": broken})
    with pytest.raises(BadSource, match=r"^Student\.z\.xml:\d+: "):
        await district.loads.load(shipped("edfi_xml"), export)
    assert set((await rows_of(district)).values()) == {0}
    assert await district.owner.fetchval("SELECT count(*) FROM records.batch") == 0
