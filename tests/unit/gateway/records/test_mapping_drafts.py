"""A mapping drafted from an export: it parses, it says what it could not tell, and it holds nobody's values."""

import io
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.records.errors import BadSource, NothingRecognised
from gateway.records.guessing.columns import date_form, strange_codes
from gateway.records.guessing.draft import draft_mapping
from gateway.records.guessing.trial import try_mapping
from gateway.records.guessing.words import codes, targets
from gateway.records.loading.mapping import parse_mapping
from gateway.records.loading.targets import TARGETS, fields_of
from tests.factories.unusual_export import PUPILS, write_unusual_export
from tests.factories.workbooks import write_workbook

SECRETS = ("Quillfeather", "ana.ruiz@example.org", "4711-0815", "12 Main Street", "2012-03-04", "206-555-0100")

CELLS = (*SECRETS, "White", "M", "x", "")
HEADERS = ("Student ID", "Last Name", "Gender", "Grade", "White", "Notes", "EL", "Name")


def drafted(folder: Path, **files: str) -> dict[str, Any]:
    """Draft from these files, `a_csv` for a.csv; the draft parses."""
    for name, text in files.items():
        (folder / name.replace("_csv", ".csv")).write_text(text)
    text = draft_mapping(folder, "x").text
    parse_mapping(text)
    return tomllib.loads(text)


def fields(draft: dict[str, Any], target: str) -> dict[str, Any]:
    (load,) = [each for each in draft["load"] if each["target"] == target]
    return dict(load["fields"])


@pytest.mark.claim(9)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.none() | st.lists(st.sampled_from(HEADERS), min_size=3, max_size=3),
    rows=st.lists(st.lists(st.sampled_from(CELLS), min_size=3, max_size=3), min_size=1, max_size=8),
    times=st.sampled_from([1, 7]),
)
def test_no_value_of_anybody_is_in_a_draft(
    tmp_path: Path, header: list[str] | None, rows: list[list[str]], times: int
) -> None:
    lines = [",".join(row) for row in ([] if header is None else [header]) + rows * times]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.csv").write_text("School ID,School Name\n1,Cedar\n")
    text = draft_mapping(tmp_path, "x").text
    parse_mapping(text)
    # Somebody's name that comes in many rows of a column of codes looks like a code; nothing else is ever shown.
    assert [word for word in SECRETS[1:] if word in text] == []
    assert "Quillfeather" not in text or times > 1


@pytest.mark.claim(9)
def test_a_table_without_a_header_shows_no_cell_of_its_first_row(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("School ID,School Name\n1,Cedar\n")
    (tmp_path / "people.csv").write_text("White,Black,First\nQuillfeather,White,Ana\nRuiz,Black,Bo\n")
    # One word that is known is not enough, wherever it stands.
    (tmp_path / "others.csv").write_text("Quillfeather,White,Ana\nRuiz,Black,Bo\n")
    text = draft_mapping(tmp_path, "x").text
    for name in ("people", "others"):
        assert f'# TODO: nothing was made of "{name}.csv": 3 columns, and no header line that was understood.' in text
    assert [word for word in ("White", "Quillfeather") if word in text] == []


def test_codes_are_shown_that_are_nobodys() -> None:
    often = ["B 7"] * 5 + ["Room 12345"] * 9 + ["a@b"] * 9 + ["01.02.2012"] * 9 + ["rare"] * 4 + ["m"] * 9
    assert strange_codes(often, "sex") == (("B 7",), 4)
    assert strange_codes([f"code {each}" for each in range(31)] * 9, "sex") == ((), 31)


def test_what_nobody_said_refuses_every_row_until_a_person_says_it(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Student ID,Section,Letter Grade\n1,a,B\n2,a,C\n")
    draft = draft_mapping(tmp_path, "x")
    assert draft.todo == 2
    assert "# TODO: no column was found. Needed: the term" in draft.text
    (trial,) = try_mapping(parse_mapping(draft.text), [tmp_path])
    assert (trial.taken, trial.refused, dict(trial.reasons)) == (0, 2, {"school_year is not known": 2})


def test_an_export_in_which_nothing_is_known_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("foo,bar\n1,2\n")
    (tmp_path / "empty.csv").write_text("\n")
    with pytest.raises(NothingRecognised, match="Of 1 tables none"):
        draft_mapping(tmp_path, "x")


def test_an_export_that_is_oneroster_has_its_mapping_already(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("propertyName,value\noneroster.version,1.2\n")
    with pytest.raises(BadSource, match="shipped:oneroster_1p2"):
        draft_mapping(tmp_path, "x")


def test_an_export_of_an_unknown_system_is_described_whole(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write_unusual_export(folder)
    draft = draft_mapping(folder, "Nightly export")
    said = tomllib.loads(draft.text)
    assert said["name"] == "nightly-export"
    assert draft.targets == ("schools", "students", "enrollments", "academic_summaries", "attendance_events")
    assert draft.unread == ("readme.md",)
    assert said["files"]["pupils"] == {"path": "Pupils.csv", "delimiter": ";", "encoding": "cp1252"}
    assert said["files"]["buildings"]["first_line"] == 3
    assert fields(said, "students") == {
        "student_identifier": "Pupil No",
        "first_name": "Forename",
        "last_name": "Surname",
        "birthdate": {"column": "Born", "date": "%d.%m.%Y"},
        "sex": {"column": "Gender", "map": {"f": "Female", "m": "Male"}},
        "english_learner_status": {"column": "EL", "map": {"ja": "yes", "nein": "no"}},
    }
    assert fields(said, "enrollments")["school_year"] == {"column": "Entered", "year": "july", "date": "%d.%m.%Y"}
    assert fields(said, "enrollments")["exit_date"] == {"column": "Left", "date": "%d.%m.%Y"}
    assert fields(said, "enrollments")["grade_level"]["map"] == {"Year 6": "06", "Year 7": "07"}
    assert fields(said, "academic_summaries")["gpa"] == {"column": "GPA", "decimal": ","}
    assert fields(said, "attendance_events")["attendance_status"]["map"]["U"] == "UnexcusedAbsence"
    assert "Locker" in draft.text
    assert "Web password" not in str(said)
    taken = {each.target: (each.taken, each.refused) for each in try_mapping(parse_mapping(draft.text), [folder])}
    assert taken == {
        "schools": (2, 0),
        "students": (PUPILS, 0),
        "enrollments": (PUPILS, 0),
        # Grade points say no school year: a person does.
        "academic_summaries": (0, PUPILS),
        "attendance_events": (PUPILS, 0),
    }


def test_an_archive_and_a_workbook_are_described_too(tmp_path: Path) -> None:
    write_workbook(
        tmp_path / "x.xlsx", [("A title",), (), ("Student ID", "DOB", "Last"), ("01", None, "Ruiz")], sheet="Kids"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(tmp_path / "x.xlsx", "in/x.xlsx")
        archive.writestr("in/s.tsv", "School ID\tSchool Name\n1\tCedar\n")
    (tmp_path / "x.zip").write_bytes(packed.getvalue())
    for place, path in ((tmp_path / "x.zip", "in/x.xlsx"), (tmp_path / "x.xlsx", "x.xlsx")):
        said = tomllib.loads(draft_mapping(place, "x").text)
        assert said["files"]["x_kids"] == {"path": path, "form": "xlsx", "sheet": "Kids", "first_line": 3}
        assert fields(said, "students")["birthdate"] == "DOB"
        text = draft_mapping(place, "x").text
        assert try_mapping(parse_mapping(text), [place])[-1].taken == 1


def test_tables_are_joined_by_the_columns_they_share(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        people_csv="id,Student Number,First Name,Last Name\np1,01,Ana,Ruiz\np2,02,Bo,Li\n",
        births_csv="person_id,Birth Date,Sex\np1,2012-01-02,F\n",
        absences_csv="person id,school,date,code\np2,1,2026-09-02,A\n",
    )
    (students,) = [each for each in draft["load"] if each["target"] == "students"]
    assert students["from"] == "people"
    absences = next(each for each in draft["load"] if each["target"] == "attendance_events")
    assert absences["join"] == [{"file": "people", "on": "person id", "key": "id"}]
    assert absences["fields"]["student_identifier"] == "people.Student Number"


def test_students_are_known_by_the_number_that_other_tables_name_them_by(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        students_csv="Student Number,SIS ID,First Name\n1,st1,Ana\n2,st2,Bo\n",
        absences_csv="student_id,School ID,att_date,att_code\nst1,1,2026-09-02,A\nst2,1,2026-09-02,A\n",
    )
    assert fields(draft, "students")["student_identifier"] == "SIS ID"


@pytest.mark.parametrize(
    ("column", "cells", "drafted_as", "doubt"),
    [
        ("DOB", "01/02/2012 03/04/2012", {"column": "DOB", "date": "%m/%d/%Y"}, "or %d/%m/%Y? No cell"),
        ("DOB", "13/02/2012 03/04/2012", {"column": "DOB", "date": "%d/%m/%Y"}, None),
        ("DOB", "2012-01-02 2012-01-03 2012-01-04 2012-01-05 2.3.12", "DOB", "1 of 5 cells are written otherwise"),
        ("DOB", "", "DOB", "the column is empty"),
        ("ELL", "Y N", "ELL", None),
        ("ELL", "yes X", {"column": "ELL", "map": {"X": "yes", "yes": "yes"}}, None),
        ("ELL", "LTEL " * 5, {"column": "ELL", "map": {"?": ""}}, 'what do these mean: "LTEL"?'),
        ("ELL", "LTEL", {"column": "ELL", "map": {"?": ""}}, "1 more codes, not shown here, refuse their rows"),
        ("Sex", "M W", {"column": "Sex", "map": {"M": "Male", "W": "Female"}}, None),
    ],
)
def test_each_column_is_read_as_it_is_written(
    tmp_path: Path, column: str, cells: str, drafted_as: object, doubt: str | None
) -> None:
    lines = [f"{number},A,{cell}" for number, cell in enumerate(cells.split() or [""])]
    (tmp_path / "x.csv").write_text(f"Student ID,First Name,{column}\n" + "\n".join(lines) + "\n")
    text = draft_mapping(tmp_path, "x").text
    (line,) = [each for each in text.splitlines() if f'"{column}"' in each]
    assert list(tomllib.loads(line).values()) == [drafted_as]
    assert doubt is None if "TODO" not in line else doubt is not None and doubt in line


@pytest.mark.parametrize(
    ("cells", "drafted_as"),
    [
        ("2026-2027", "Year"),
        ("2027", {"column": "Year", "year": "ends"}),
        ("2026-27", {"column": "Year", "map": {"2026-27": "2026-2027"}}),
        ("this", "Year"),
    ],
)
def test_school_years_are_read_as_they_are_written(tmp_path: Path, cells: str, drafted_as: object) -> None:
    draft = drafted(tmp_path, x_csv=f"Student ID,School ID,Grade,Year\n1,1,5,{cells}\n")
    assert fields(draft, "enrollments")["school_year"] == drafted_as


def test_a_header_that_is_written_again_or_names_two_columns_alike_is_told(tmp_path: Path) -> None:
    draft = drafted(tmp_path, x_csv="Student ID,First Name\n1,Ana\nStudent ID,First Name\n2,Bo\n")
    assert draft["load"][0]["skip"] == [{"column": "Student ID", "values": ["Student ID"]}]
    draft = drafted(tmp_path, x_csv="Student ID,First Name,Notes,Notes\n1,Ana,x,y\n")
    assert draft["files"]["x"] == {
        "path": "x.csv",
        "first_line": 2,
        "columns": ["Student ID", "First Name", "Notes", "Notes_2"],
    }


def test_students_that_come_twice_and_tables_of_a_kind_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Student ID,First Name\n1,Ana\n1,Ana\n")
    (tmp_path / "y.csv").write_text("Student ID,Score,Test\n1,7,Maths\n")
    (tmp_path / "z.csv").write_text("Student ID,Score,Test\n1,7,Maths\n")
    text = draft_mapping(tmp_path, "x").text
    assert "fold = {}  # TODO: students come several times" in text
    assert '# TODO: nothing was made of "z.csv": 3 columns.\n# It looks like assessments too' in text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.csv").write_bytes("Student ID,First Name\n1,Zoë\n".encode(encoding))
    draft = drafted(tmp_path)
    assert draft["files"]["x"].get("encoding", "utf-8-sig") == encoding
    (trial,) = try_mapping(parse_mapping(draft_mapping(tmp_path, "x").text), [tmp_path])
    assert trial.taken == 1


def test_every_word_is_about_something_that_exists() -> None:
    for words in targets():
        known = {name for target in TARGETS for name in fields_of(target)}
        assert {*words.fields, *words.without, *(name for group in words.needs for name in group)} <= known
        assert {name for group in words.needs for name in group} <= set(fields_of(words.target))
    assert codes("grade_level")["kindergarten"] == "KG"


def test_days_are_no_days_before_enough_of_them_are() -> None:
    assert date_form(["2012-01-02", "x"]) is None
    assert date_form([]) is None
    found = date_form(["20120131"])
    assert found is not None
    assert found.form == "%Y%m%d"


def test_a_column_of_secrets_is_never_drafted_whatever_else_it_is_called(tmp_path: Path) -> None:
    draft = drafted(tmp_path, x_csv="Student ID,First Name,passwd.email\n1,Ana,x\n")
    assert fields(draft, "students") == {"student_identifier": "Student ID", "first_name": "First Name"}


def test_a_text_that_is_no_table_keeps_no_other_from_being_drafted(tmp_path: Path) -> None:
    (tmp_path / "scan.txt").write_text("x" * 200_000)
    (tmp_path / "s.csv").write_text("School ID,School Name\n1,Cedar\n")
    assert draft_mapping(tmp_path, "x").unread == ("scan.txt",)


def test_a_sheet_of_which_nothing_was_made_is_named_and_german_headers_are_known(tmp_path: Path) -> None:
    pupils = "Schülernummer;Vorname;Nachname;Geschlecht\n1;Zoë;Weiß;w\n2;Jürgen;Groß;m\n"
    (tmp_path / "Stamm.csv").write_bytes(pupils.encode("cp1252"))
    write_workbook(tmp_path / "Mehr.xlsx", [["Note"], ["A"]], sheet="Noten")
    draft = draft_mapping(tmp_path, "x")
    assert draft.targets == ("students",)
    assert fields(tomllib.loads(draft.text), "students")["sex"]["map"] == {"m": "Male", "w": "Female"}
    assert 'made of "Mehr.xlsx", sheet "Noten": 1 column, and no header' in draft.text
