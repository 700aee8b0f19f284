"""A sheet of a workbook is read as the CSV file that it could have been; what it says otherwise is refused."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from gateway.records.errors import BadMapping, BadSource
from gateway.records.loading.archive import Archive
from gateway.records.loading.batches import Refused, Row
from gateway.records.loading.csvfile import CsvFile, open_csv
from gateway.records.loading.export import Export, Folder
from gateway.records.loading.mapping import SourceFile, parse_mapping
from tests.factories.workbooks import alter_part, write_workbook

SHEET = "xl/worksheets/sheet1.xml"


def opened(export: Export, **said: object) -> CsvFile:
    return open_csv(export, "x", SourceFile("x.xlsx", form="xlsx", **said))  # type: ignore[arg-type] # the fields of a file


def read(folder: Path, **said: object) -> list[tuple[str, ...] | str]:
    return [row.cells if isinstance(row, Row) else str(row) for row in opened(Folder(folder), **said).rows()]


def test_a_formula_without_its_result_refuses_its_row_and_one_with_it_is_its_result(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id", "sum"), *((number, "=1+1") for number in (1, 2, 3, 4)), (5, 5)])
    plain, none = b"<f>1+1</f><v />", b"<f>1+1</f>"  # programs that compute nothing write either
    text = b't="str"><f>1+1</f><v></v>'
    alter_part(tmp_path / "x.xlsx", SHEET, lambda part: part.replace(plain, b"<f>1+1</f><v>2</v>", 1))
    alter_part(tmp_path / "x.xlsx", SHEET, lambda part: part.replace(plain, none, 1))
    alter_part(tmp_path / "x.xlsx", SHEET, lambda part: part.replace(b">" + plain, b" " + text, 1))
    why = "it has a formula without its result: open the workbook, let it compute, and save it"
    assert read(tmp_path) == [("1", "2"), f"x:3: {why}", ("3", ""), f"x:5: {why}", ("5", "5")]


def test_errors_and_numbers_that_a_spreadsheet_has_rounded_refuse_their_rows(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id",), ("#N/A",), (10**15,), (10**15 - 1,), (float("1e300"),)])
    refused = [row for row in opened(Folder(tmp_path)).rows() if isinstance(row, Refused)]
    assert [row.line for row in refused] == [2, 3, 5]
    assert "such as #N/A" in refused[0].reason
    assert "make its column text" in refused[1].reason


def test_cells_are_written_in_one_form_whatever_they_look_like(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 9, 1, 8, 30)  # noqa: DTZ001 - a spreadsheet's time has no zone
    rows: list[tuple[str | float | bool | dt.date | dt.time | None, ...]] = [
        ("text", "number", "day", "yes", "part", "code", "moment", "hour", "zeros"),
        ("0042", 42, dt.date(2012, 2, 29), True, 0.1 + 0.2, 7, moment, dt.time(8, 5), 9.0),
        ("  Ñandú ", -3, None, False, 1e-7, 10**14, None, None, 123456),
    ]
    write_workbook(tmp_path / "x.xlsx", rows, zeros=("F2", "I2", "I3"))
    assert read(tmp_path) == [
        ("0042", "42", "2012-02-29", "true", "0.3", "00007", "2026-09-01T08:30:00", "08:05:00", "00009"),
        ("Ñandú", "-3", "", "false", "1e-07", "100000000000000", "", "", "123456"),
    ]


def test_the_table_is_found_on_its_sheet_and_at_its_line(tmp_path: Path) -> None:
    title: list[tuple[str | int | None, ...]] = [("Report of the day",), (), ("id", None, "name", None)]
    write_workbook(tmp_path / "x.xlsx", [*title, (1, None, "Ana"), (None, None), (2, "x", "Bo")], sheet="Data")
    file = opened(Folder(tmp_path), sheet="Data", first_line=3)
    assert file.columns == ("id", "column 2", "name")
    assert list(file.rows()) == [Row(4, ("1", "", "Ana")), Row(6, ("2", "x", "Bo"))]
    assert file.taken
    assert read(tmp_path, sheet="Data", first_line=4, columns=("a", "b", "c")) == [("1", "", "Ana"), ("2", "x", "Bo")]
    with pytest.raises(BadSource, match="no sheet 'data'"):
        read(tmp_path, sheet="data")
    with pytest.raises(BadSource, match="no header line"):
        read(tmp_path)


def test_a_row_with_more_cells_than_the_header_is_refused_and_a_shorter_one_is_filled(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id", "name"), (1,), (2, "Bo", None, "x"), (3, "Cy", None)])
    assert read(tmp_path) == [("1", ""), "x:3: it has 4 columns where the file has 2", ("3", "Cy")]


def test_what_a_workbook_says_of_its_extent_hides_no_row(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id", "name"), (1, "Ana"), (2, "Bo")])
    alter_part(tmp_path / "x.xlsx", SHEET, lambda part: part.replace(b'ref="A1:B3"', b'ref="A1:A1"'))
    assert read(tmp_path) == [("1", "Ana"), ("2", "Bo")]


def test_a_day_before_days_is_an_error_and_no_warning(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id", "born"), (1, dt.date(2012, 1, 1)), (2, dt.date(2012, 1, 2))])
    alter_part(tmp_path / "x.xlsx", SHEET, lambda part: part.replace(b"<v>40909</v>", b"<v>99999999999</v>"))
    first, second = read(tmp_path)
    assert "an error of the spreadsheet" in first
    assert second == ("2", "2012-01-02")


def test_a_workbook_in_an_archive_is_read_too(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id",), (1,)])
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(tmp_path / "x.xlsx", "x.xlsx")
    assert list(opened(Archive(tmp_path / "export.zip")).rows()) == [Row(2, ("1",))]


def test_only_a_workbook_has_sheets() -> None:
    with pytest.raises(BadMapping, match="names a sheet, and is no workbook"):
        parse_mapping(
            'format = 1\nname = "x"\n[files.s]\npath = "s.csv"\nsheet = "a"\n[[load]]\ntarget = "schools"\n'
            'from = "s"\nfields.school_identifier = "n"\n'
        )
