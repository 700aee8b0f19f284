"""A row that cannot be read, and what it may have said: nobody's facts become another's, and no family's no is lost."""

import csv
import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from gateway.records.coverage import Scope
from gateway.records.loading.mapping import parse_mapping
from policies.population import Roster
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    STUDENTS,
    YEAR,
    SmallDistrict,
    mapping_for,
    permit,
    terms,
)

MANY = [(str(number), f"N{number}", "X", "05.06.2012", "F", "98101", None) for number in range(2000, 2030)]
STAYS = [(each[0], "north", YEAR, "07", "2025-09-03", None) for each in MANY]
ROSTER = f"""
format = 1
name = "listed"
[files.r]
path = "r.json"
form = "json"
id = "id"
columns = ["id", "n", "from", "to"]
[[load]]
target = "rosters"
from = "r"
fields.agreement = {{ constant = "{LINE}" }}
fields.student_identifier = "n"
fields.from_date = "from"
fields.to_date = "to"
"""
WORKBOOK = """
format = 1
name = "noes"
[files.o]
path = "o.xlsx"
form = "xlsx"
[[load]]
target = "opt_outs"
from = "o"
fields.student_identifier = "number"
fields.scope = "scope"
fields.from_date = "in"
"""


async def names(district: SmallDistrict, rows: object = None) -> set[str]:
    """Return who is shown under the agreement."""
    leave = permit("first_name", rows=rows or terms(), agreement=AGREEMENT)  # type: ignore[arg-type] # row terms
    return {str(row["first_name"]) for row in await district.rows(leave)}


@pytest.mark.claim(3)
async def test_two_stray_marks_make_no_child_a_part_of_anothers_name(database: TestDatabase, tmp_path: Path) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    await district.load({"students": [*STUDENTS, *MANY], "enrollments": [*ENROLLMENTS, *STAYS]}, confirm=True)
    await district.load({"opt_outs": [("2001", None, "sharing", "2025-10-01")]})
    before = await names(district)
    file = tmp_path / "students.csv"
    right = file.read_text()
    spoilt = right.replace("2000,N2000,", '2000,"N2000,').replace("2001,N2001,", '2001,N2001",')
    assert spoilt.count('"') == 2
    file.write_text(spoilt)
    (told,) = (await district.load_by(mapping_for("students"), tmp_path, confirm=False)).targets
    # Both rows are in doubt, and it is known whose they are: nothing of them changes, and both are withheld.
    assert (told.changed, told.ended, told.withheld, len(told.refused)) == (0, 0, 2, 2)
    assert await names(district) == before - {"N2000"}
    file.write_text(right)
    await district.load_by(mapping_for("students"), tmp_path, confirm=False)
    assert await names(district) == before


@pytest.mark.claim(7)
async def test_a_new_no_counts_though_its_row_has_a_comma_or_a_mark_too_many(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    # So many that the end of one more is held by nobody.
    noes = [(number, None, "sharing", "2025-10-01") for number in ("1002", *(each[0] for each in MANY))]
    await district.load({"students": [*STUDENTS, *MANY], "enrollments": ENROLLMENTS, "opt_outs": noes})
    file = tmp_path / "opt_outs.csv"
    right = file.read_text()
    for slip in ("1001,,sharing,2026-01-30,", "1001,,sharing", '1001,,"sharing,2026-01-30', '"1001",,sha"ring"x,'):
        file.write_text(f"{right}{slip}\n")
        (told,) = (await district.load_by(mapping_for("opt_outs"), tmp_path, confirm=False)).targets
        assert len(told.refused) == 1, slip
        assert not {"Ana", "Bo"} & await names(district), slip
        file.write_text(right)
        await district.load_by(mapping_for("opt_outs"), tmp_path, confirm=False)
        assert "Ana" in await names(district), slip
    # In a workbook a cell may hold an error.
    book = openpyxl.Workbook()
    for row in (["number", "scope", "in"], *([each[0], *each[2:]] for each in noes), ["1001", "sharing", "#N/A"]):
        book.active.append(row)
    book.active.cell(len(noes) + 2, 3).data_type = "e"
    book.save(tmp_path / "o.xlsx")
    (told,) = (await district.load_by(parse_mapping(WORKBOOK), tmp_path, confirm=False)).targets
    assert len(told.refused) == 1
    assert not {"Ana", "Bo"} & await names(district)


async def test_of_parts_whose_columns_stand_otherwise_it_is_told_whose_a_refused_row_is(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    district.scopes.append(Scope(AGREEMENT, LINE, terms()))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    mapping = WORKBOOK.replace('path = "o.xlsx"\nform = "xlsx"', 'path = "o-*.csv"')
    for part, rows in {
        "o-1.csv": [["number", "scope", "in"], ["1002", "sharing", "2025-10-01"]],
        "o-2.csv": [["in", "number", "scope"], ["2025-10-01", "1001"]],
    }.items():
        with (tmp_path / part).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    await district.load_by(parse_mapping(mapping), tmp_path, confirm=False)
    assert await names(district) == {"Chí", "Dua"}


@pytest.mark.claim(7)
async def test_a_delta_whose_row_cannot_be_read_ends_what_that_row_was_meant_to_change(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    rows = terms(Roster())
    district.scopes.append(Scope(AGREEMENT, LINE, rows))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    whole, delta = tmp_path / "whole", tmp_path / "delta"
    for folder in (whole, delta):
        folder.mkdir()
    (whole / "r.json").write_text(
        '{"id":"1","n":"1001","from":"2025-09-01"}\n{"id":"2","n":"1002","from":"2025-09-01"}\n'
    )
    await district.loads.load(parse_mapping(ROSTER), whole)
    assert await names(district, rows) == {"Ana", "Bo"}
    # Its last day came as a list, and a row without an id changes nobody's.
    (delta / "r.json").write_text(
        '{"id":"1","n":"1001","from":"2025-09-01","to":["2026-01-15"]}\n{"id":"","n":["1002"],"from":"2025-09-01"}\n'
    )
    (told,) = (await district.loads.load(parse_mapping(ROSTER), whole, deltas=[delta])).targets
    assert (len(told.refused), told.ended) == (2, 1)
    assert await names(district, rows) == {"Bo"}
    # A later delta takes the place of a row that cannot be read as of any other.
    mended = tmp_path / "mended"
    mended.mkdir()
    (mended / "r.json").write_text('{"id":"1","n":"1001","from":"2025-09-01"}\n')
    (told,) = (await district.loads.load(parse_mapping(ROSTER), whole, deltas=[delta, mended])).targets
    assert (len(told.refused), told.added) == (1, 1)
    assert told.read == told.added + told.unchanged + told.refused_rows + told.left_out
    assert await names(district, rows) == {"Ana", "Bo"}


@pytest.mark.claim(7)
async def test_two_rows_that_contradict_each_other_keep_nothing_in_force_though_their_list_ends_nothing(
    database: TestDatabase, tmp_path: Path
) -> None:
    district = await SmallDistrict.open(database, tmp_path, now=dt.date(2026, 2, 1))
    listed = terms(Roster())
    district.scopes.append(Scope(AGREEMENT, LINE, listed))
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    listing = mapping_for("rosters", scope=[])
    for rows, left in (
        ([(LINE, "1001", "2025-09-02", None), (LINE, "1002", "2025-09-02", None)], {"Ana", "Bo"}),
        ([], {"Ana", "Bo"}),
        ([(LINE, "1001", "2025-09-02", None), (LINE, "1001", "2025-09-02", "2026-01-15")], {"Bo"}),
    ):
        district.write("rosters", *rows)
        await district.load_by(listing, tmp_path, confirm=False)
        assert await names(district, listed) == left
