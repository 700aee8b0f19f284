"""Each row of an export is stored, refused or left out, and counted; what cannot be told withholds and ends nothing."""

import csv
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from gateway.records.coverage import Scope
from gateway.records.loading.mapping import Condition, Join, MappingFile, SourceFile, parse_mapping
from gateway.records.loading.report import LoadReport
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, ENROLLMENTS, LINE, STUDENTS, SmallDistrict, mapping_for, permit, terms

FOLDED = """
format = 1
name = "made up"
[files.e]
path = "e.csv"
id = "id"
gone = { column = "gone", values = ["yes"] }
[[load]]
target = "enrollments"
from = "e"
only = [{ column = "kind", values = ["stay"] }]
fold = { entry_date = "earliest", exit_date = "latest" }
fields.student_identifier = "n"
fields.school_identifier = "s"
fields.school_year = { constant = "2025-2026" }
fields.entry_date = "i"
fields.exit_date = "o"
"""


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


def pupils_alone() -> MappingFile:
    """Return the mapping of students of whom a second file, which need not name them, says that they are pupils."""
    mapping, on = mapping_for("students"), "number"
    load = msgspec.structs.replace(
        mapping.load[0],
        join=(Join("kinds", on, "id", optional=True),),
        only=(Condition("kinds.kind", ("pupil",)),),
    )
    return msgspec.structs.replace(mapping, files={**mapping.files, "kinds": SourceFile("kinds.csv")}, load=(load,))


async def names(district: SmallDistrict) -> set[str]:
    return {row["first_name"] for row in await district.rows(permit("first_name"))}


def counted(report: LoadReport) -> list[tuple[int, int, int, int]]:
    """Return how many rows each target's files had, how many were stored, refused and left out."""
    return [
        (each.read, each.added + each.changed + each.unchanged, each.refused_rows, each.left_out)
        for each in report.targets
    ]


async def test_whose_partner_cannot_be_read_is_withheld_and_not_deleted(district: SmallDistrict) -> None:
    kinds, whole = district.folder / "kinds.csv", "id,kind\n1001,pupil\n1002,pupil\n1003,pupil\n1004,pupil\n"
    kinds.write_text(whole)
    assert counted(await district.load_by(pupils_alone(), district.folder, confirm=False)) == [(4, 4, 0, 0)]
    kinds.write_text(whole.replace("1002,", '"1002,'))
    report = await district.load_by(pupils_alone(), district.folder, confirm=False)
    assert [str(each) for each in report.refused] == ["students:3: may have the row at kinds:3, which cannot be read"]
    assert [(each.ended, each.withheld) for each in report.targets] == [(0, 1)]
    assert counted(report) == [(4, 3, 1, 0)]
    assert await names(district) == {"Ana", "Chí", "Dua"}
    kinds.write_text(whole)
    again = await district.load_by(pupils_alone(), district.folder, confirm=False)
    assert [(each.changed, each.unchanged) for each in again.targets] == [(0, 4)]
    assert await names(district) == {"Ana", "Bo", "Chí", "Dua"}


async def test_each_row_of_an_export_and_its_deltas_is_stored_refused_or_left_out(
    district: SmallDistrict, tmp_path: Path
) -> None:
    whole, delta = tmp_path / "whole", tmp_path / "delta"
    # Two that are one, one that is not meant, two that are refused (here and by the database), one replaced, one gone.
    rows = [
        ("1", "", "stay", "1001", "north", "2025-09-03", "2025-10-01"),
        ("2", "", "stay", "1001", "north", "2025-10-02", "2026-06-12"),
        ("3", "", "club", "1002", "north", "2025-09-03", ""),
        ("4", "", "stay", "1002", "north", "soon", ""),
        ("5", "", "stay", "9999", "north", "2025-09-03", ""),
        ("6", "", "stay", "1003", "south", "2025-09-03", ""),
        ("7", "yes", "stay", "1004", "south", "2025-09-03", ""),
    ]
    write(whole, rows)
    mapping = parse_mapping(FOLDED)
    assert counted(await district.loads.load(mapping, whole, dry=True)) == [(7, 2, 2, 3)]
    write(delta, [("6", "", "stay", "1003", "north", "2025-09-03", ""), ("8", "yes", "stay", "1004", "x", "", "")])
    report = await district.loads.load(mapping, whole, deltas=[delta], dry=True)
    assert counted(report) == [(9, 2, 2, 5)]
    assert all(read == stored + refused + left for read, stored, refused, left in counted(report))


async def test_each_row_of_a_number_in_question_is_counted_and_the_number_is_named_once(
    district: SmallDistrict,
) -> None:
    another = [each for each in STUDENTS if each[0] != "1004"] + [("1004", "Ngozi", "Abara", "01.02.2014", "F", "", "")]
    report = await district.load({"students": another, "enrollments": ENROLLMENTS})
    assert counted(report) == [(4, 3, 1, 0), (5, 3, 2, 0)]
    assert [[*each.reasons.values()] for each in report.targets] == [[1], [2]]
    assert [len(each.refused) for each in report.targets] == [1, 1]


def write(folder: Path, rows: Sequence[Sequence[str]]) -> None:
    folder.mkdir()
    with (folder / "e.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "gone", "kind", "n", "s", "i", "o"), *rows])
