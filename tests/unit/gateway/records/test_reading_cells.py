"""Cells become values, or refuse their row without repeating what stood in them; rows are staged by mapping."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import ARRAY, Boolean, Date, Double, Integer, SmallInteger, Text
from sqlalchemy.types import TypeEngine

from gateway.records.errors import BadMapping
from gateway.records.loading.cells import CellRefused, Value, read_cell, reader_for
from gateway.records.loading.mapping import FieldRule, parse_mapping
from gateway.records.loading.staging import digest_of
from tests.factories.staging import Staged, stage

PLAIN = FieldRule(column="c")


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("2026-02-30", Date()),
        ("1.9.2026", Date()),
        ("0001-01-01", Date()),
        ("9999-12-31", Date()),
        ("maybe", Boolean()),
        ("1.5", Integer()),
        ("99999999999", Integer()),
        ("x", SmallInteger()),
        ("x", Double()),
        ("nan", Double()),
        ("1e999", Double()),
        ("1_0", Integer()),
        ("٣", SmallInteger()),
        ("9" * 5_000, Integer()),
        ("3_1.5", Double()),
        ("١٢", Double()),
        ("0x10", Double()),
        ("20260901", Date()),
        ("2026-W36-2", Date()),
        ("\uff12\uff10\uff12\uff16-09-01", Date()),
    ],
)
def test_a_cell_of_another_kind_is_refused_without_being_repeated(cell: str, kind: TypeEngine[object]) -> None:
    with pytest.raises(CellRefused) as refused:
        read_cell(cell, PLAIN, kind, {})
    assert cell not in str(refused.value)


def test_a_day_in_the_digits_of_another_script_is_refused_however_days_are_written() -> None:
    with pytest.raises(CellRefused, match="written as %d"):
        read_cell("\u0660\u0661.09.2026", FieldRule(column="c", date="%d.%m.%Y"), Date(), {})


@pytest.mark.parametrize("cell", ["26", "2025-2027", "٢٠٢٦", "year"])
def test_what_is_no_year_is_no_school_year(cell: str) -> None:
    with pytest.raises(CellRefused, match="no year"):
        read_cell(cell, FieldRule(column="c", year="ends"), Text(), {})


@pytest.mark.parametrize("cell", ["3.5", "1.23,5", "1,2,3", "1.234,", ",5", "x"])
def test_a_number_with_a_comma_has_its_point_elsewhere_or_nowhere(cell: str) -> None:
    with pytest.raises(CellRefused, match="no number with a comma"):
        read_cell(cell, FieldRule(column="c", decimal=","), Double(), {})


def test_a_cell_that_the_map_or_the_table_does_not_name_is_refused() -> None:
    with pytest.raises(CellRefused, match="map"):
        read_cell("Q", FieldRule(column="c", values={"A": "Ana"}), Text(), {})
    with pytest.raises(CellRefused, match="'agreements'"):
        read_cell("Q", FieldRule(column="c", lookup="agreements"), Text(), {"agreements": {"A": "x"}})


@pytest.mark.parametrize(
    ("cell", "rule", "kind", "value"),
    [
        ("Ana", PLAIN, Text(), "Ana"),
        ("", PLAIN, Text(), None),
        ("3,5", FieldRule(column="c", decimal=","), Double(), 3.5),
        ("-1.234,5", FieldRule(column="c", decimal=","), Double(), -1234.5),
        ("1.234", FieldRule(column="c", decimal=","), Integer(), 1234),
        ("n/a", FieldRule(column="c", unknown=("n/a",)), Date(), None),
        ("2026-09-01", PLAIN, Date(), dt.date(2026, 9, 1)),
        ("9/1/2026", FieldRule(column="c", date="%m/%d/%Y"), Date(), dt.date(2026, 9, 1)),
        ("Yes", PLAIN, Boolean(), True),
        ("0", PLAIN, Boolean(), False),
        ("-7", PLAIN, Integer(), -7),
        ("+007", PLAIN, SmallInteger(), 7),
        ("3.33", PLAIN, Double(), 3.33),
        (".5", PLAIN, Double(), 0.5),
        ("-2.", PLAIN, Double(), -2.0),
        ("1e-07", PLAIN, Double(), 1e-07),
        ("a; b;", FieldRule(column="c", separator=";"), ARRAY(Text()), ["a", "b"]),
        ("A", FieldRule(column="c", values={"A": "yes"}), Boolean(), True),
        ("Z", FieldRule(column="c", values={"A": "yes"}, otherwise="no"), Boolean(), False),
        ("", FieldRule(column="c", values={"A": "yes"}), Boolean(), None),
        ("Z", FieldRule(column="c", values={"A": "yes"}, otherwise=""), Boolean(), None),
        ("2026-06-13", FieldRule(column="c", exclusive=True), Date(), dt.date(2026, 6, 12)),
        ("2026", FieldRule(column="c", year="ends"), Text(), "2025-2026"),
        ("2025", FieldRule(column="c", year="begins"), Text(), "2025-2026"),
        ("2025-07-01", FieldRule(column="c", year="july"), Text(), "2025-2026"),
        ("2026-06-30", FieldRule(column="c", year="july"), Text(), "2025-2026"),
        ("A", FieldRule(column="c", lookup="t"), Text(), "x"),
        ("", FieldRule(column="c", lookup="t"), Text(), None),
    ],
)
def test_a_cell_becomes_a_value(cell: str, rule: FieldRule, kind: TypeEngine[object], value: Value) -> None:
    assert read_cell(cell, rule, kind, {"t": {"A": "x"}}) == value
    assert reader_for(rule, kind, {"t": {"A": "x"}}).column([cell, cell]) == ([value, value], {})


def test_the_digest_of_a_row_tells_its_values_apart() -> None:
    rows = [("a", None), (None, "a"), ("a", ""), ("a", 1), ("a", 1.5), ("a", True), ("a", dt.date(2026, 1, 1))]
    assert len({digest_of(row) for row in rows}) == len(rows)
    assert len(digest_of(rows[0])) == 16


def staged(folder: Path, load: str, files: dict[str, str], columns: str = "") -> Staged:
    text = 'format = 1\nname = "x"\n'
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
        text += f'[files.{name}]\npath = "{name}.csv"\n{columns}'
    mapping = parse_mapping(f"{text}[[load]]\n{load}")
    return stage(mapping, mapping.load[0], folder)


STAY = """target = "enrollments"
from = "e"
fields.student_identifier = "n"
fields.school_identifier = "s"
fields.school_year = { constant = "2025-2026" }
fields.entry_date = "i"
fields.exit_date = "o"
"""


def test_a_row_is_refused_with_line_and_reason_and_its_student_is_remembered(tmp_path: Path) -> None:
    content = "n,s,i,o\n1,north,2025-09-03,\n2,north,soon,\n3,,2025-09-03,\n4,north,2025-09-03,2025-09-02\n"
    found = staged(tmp_path, STAY, {"e": content})
    assert [row.values["student_identifier"] for row in found.rows] == ["1"]
    assert [str(row) for row in found.refused] == [
        "e:3: 'i' is no date written as YYYY-MM-DD",
        "e:4: school_identifier is not known",
        "e:5: entry_date is after exit_date",
    ]
    assert found.numbers == ["2", "3", "4"]
    assert "north" not in repr(found.batches)


def test_conditions_choose_rows_before_joins_and_after(tmp_path: Path) -> None:
    load = (
        STAY
        + """
join = [{ file = "p", on = "n", key = "id" }]
only = [{ column = "p.kind", values = ["pupil"] }, { column = "i", filled = true }]
skip = [{ column = "n", values = ["n"] }]
"""
    )
    # n,s,i,o is a header repeated inside; 3 is no pupil; 4 has no partner row; 5 has two; 6 the same one twice.
    content = "n,s,i,o\nn,s,i,o\n1,x,2025-09-03,\n2,x,,\n" + "".join(f"{n},x,2025-09-03,\n" for n in range(3, 7))
    people = "id,kind\n1,pupil\n2,pupil\n3,teacher\n5,pupil\n5,other\n5,pupil\n6,pupil\n6,pupil\n"
    found = staged(tmp_path, load, {"e": content, "p": people})
    assert [row.values["student_identifier"] for row in found.rows] == ["1", "6"]
    assert [str(row) for row in found.refused] == [
        "e:6: has no single row in 'p'",
        "e:7: has no single row in 'p'",
    ]


def test_an_optional_join_leaves_its_cells_empty(tmp_path: Path) -> None:
    load = STAY.replace('"s"\n', '"p.school"\n') + 'join = [{ file = "p", on = "n", key = "id", optional = true }]\n'
    found = staged(tmp_path, load, {"e": "n,s,i,o\n1,x,2025-09-03,\n", "p": "id,school\n1,north\n"})
    assert found.rows[0].values["school_identifier"] == "north"
    found = staged(tmp_path, load, {"e": "n,s,i,o\n2,x,2025-09-03,\n", "p": "id,school\n1,north\n"})
    assert str(found.refused[0]) == "e:2: school_identifier is not known"


def test_a_column_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="no column 'o'"):
        staged(tmp_path, STAY, {"e": "n,s,i\n"})
    with pytest.raises(BadMapping, match="no column 'id'"):
        staged(tmp_path, STAY + 'join = [{ file = "p", on = "n", key = "id" }]', {"e": "n,s,i,o\n", "p": "x\n"})
