"""Malformed exports: what is wrong is named by line, and what is right is still read."""

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.errors import BadSource
from gateway.records.loading import csvrecords
from gateway.records.loading.batches import LETTERS, Refused, Row
from gateway.records.loading.csvfile import open_csv
from gateway.records.loading.csvrecords import LINE_LETTERS, TOO_LONG
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile


def read(folder: Path, content: str | bytes, **source: object) -> list[Row | Refused]:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / "x.csv").write_bytes(raw)
    return list(open_csv(Folder(folder), "x", SourceFile("x.csv", **source)).rows())  # type: ignore[arg-type] # test shorthand


def cells(rows: list[Row | Refused]) -> list[tuple[str, ...]]:
    return [row.cells for row in rows if isinstance(row, Row)]


def reasons(rows: list[Row | Refused]) -> list[str]:
    return [str(row) for row in rows if isinstance(row, Refused)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("3,Eve,extra", "x:3: it has 3 columns where the file has 2"),
        ("3", "x:3: it has 1 columns where the file has 2"),
        ('3,"Eve', "x:3: a quotation mark is opened and never closed"),
        ('3,"Eve"x', "x:3: its quotation marks are misplaced"),
        ("3,E\0ve", "x:3: it holds a NUL character"),
    ],
)
def test_a_malformed_row_is_refused_and_the_rest_goes_in(tmp_path: Path, bad: str, reason: str) -> None:
    rows = read(tmp_path, f"id,name\n1,Ana\n{bad}\n2,Bo\n")
    assert cells(rows) == [("1", "Ana"), ("2", "Bo")]
    assert reasons(rows) == [reason]


def test_a_stray_quotation_mark_does_not_swallow_the_file(tmp_path: Path) -> None:
    many = "\n".join(f"{number},n" for number in range(200))
    rows = read(tmp_path, f'id,name\n"0,Ana\n{many}\n')
    assert len(cells(rows)) == 200
    assert reasons(rows) == ["x:2: a quotation mark is opened and never closed"]


def test_a_line_that_is_too_long_is_no_part_of_a_row_either(tmp_path: Path) -> None:
    long = "x" * LINE_LETTERS
    rows = read(tmp_path, f'id,name\n1,"Ana\n{long}\n"\n2,Bo\n')
    assert cells(rows) == [("2", "Bo")]
    assert reasons(rows) == [
        "x:2: a quotation mark is opened and never closed",
        f"x:3: {TOO_LONG}",
        "x:4: a quotation mark is opened and never closed",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_is_too_long_ends_where_the_next_one_begins(tmp_path: Path, end: str) -> None:
    for letters in (LINE_LETTERS, LETTERS - len(f"id,name{end}") - 1, LETTERS, 3 * LETTERS - 1):
        rows = read(tmp_path, f"id,name{end}{'x' * letters}{end}2,Bo{end}")
        assert cells(rows) == [("2", "Bo")], letters
        assert reasons(rows) == [f"x:2: {TOO_LONG}"]


signs = ["a", "1", ",", ",", '"', '""', "\n", "\n", "\r\n", "\r", " ", "é", "\0", "x" * 30, '\n"b\nc",\n']


@given(st.lists(st.sampled_from(signs), max_size=40).map("".join), st.integers(1, 60))
def test_rows_are_the_same_wherever_a_piece_of_the_file_ends(
    tmp_path_factory: pytest.TempPathFactory, content: str, letters: int
) -> None:
    folder = tmp_path_factory.mktemp("export")
    content = f"plain{content}"  # two bytes of which one is no letter would be UTF-16
    whole = read(folder, content, columns=("a", "b"))
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(csvrecords, "LETTERS", letters)
        assert read(folder, content, columns=("a", "b")) == whole


def test_bytes_of_another_encoding_refuse_the_row_and_only_that(tmp_path: Path) -> None:
    rows = read(tmp_path, b"id,name\n1,Jos\xe9\n2,Bo\n")
    assert cells(rows) == [("2", "Bo")]
    assert reasons(rows) == ["x:2: it holds bytes that are not utf-8-sig"]
    assert cells(read(tmp_path, b"id,name\n1,Jos\xe9\n", encoding="latin-1")) == [("1", "José")]


def test_a_refusal_and_a_row_never_print_cells(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,name\n1,Ana\n2,Bo,SECRET\n")
    assert "Ana" not in repr(rows)
    assert "SECRET" not in repr(rows)


def test_a_byte_order_mark_and_spaces_are_no_part_of_names(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbfid , name\n 1, Ana \n")
    file = open_csv(Folder(tmp_path), "x", SourceFile("x.csv"))
    assert file.columns == ("id", "name")
    assert cells(list(file.rows())) == [("1", "Ana")]


def test_a_file_without_a_header_has_its_columns_from_the_mapping(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "1;Ana\n", columns=("id", "name"), delimiter=";")) == [("1", "Ana")]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("gone.csv", None, "is not there"),
        ("../out.csv", None, "outside the export"),
        ("x.csv", "", "no header"),
        ("x.csv", "a,b,a,b\n", "x: its columns 1 and 3 have the same name"),
    ],
)
def test_a_file_that_is_not_what_the_mapping_says_is_refused(
    tmp_path: Path, path: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / path).write_text(content)
    with pytest.raises(BadSource, match=message):
        open_csv(Folder(tmp_path), "x", SourceFile(path))


@pytest.mark.claim(9)
def test_a_file_without_a_header_line_quotes_no_cell_of_its_first_student(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("4711,Ana,Ruiz,2012-06-05,4711\n4712,Bo,Lind,2012-06-06,4712\n")
    with pytest.raises(BadSource) as refused:
        open_csv(Folder(tmp_path), "x", SourceFile("x.csv"))
    assert str(refused.value) == "x: its columns 1 and 5 have the same name."
    assert not [each for each in ("4711", "Ana", "Ruiz", "2012") if each in f"{refused.value!r}{refused.value.remedy}"]


def test_a_malformed_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('"a,b\n1,2\n')
    with pytest.raises(BadSource, match="no header"):
        open_csv(Folder(tmp_path), "x", SourceFile("x.csv"))


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(BadSource, match="not known"):
        open_csv(Folder(tmp_path), "x", SourceFile("x.csv", encoding="klingon"))
    with pytest.raises(BadSource, match="encoding 'hex' is not known"):
        open_csv(Folder(tmp_path), "x", SourceFile("x.csv", encoding="hex"))


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(text, text, text), max_size=6))
def test_whatever_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str]]
) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *rows])
    folder = tmp_path_factory.mktemp("export")
    found = read(folder, written.getvalue())
    assert reasons(found) == []
    assert cells(found) == [tuple(unicodedata.normalize("NFC", cell.strip()) for cell in row) for row in rows]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        found = read(tmp_path_factory.mktemp("export"), content, columns=("a", "b"))
    except BadSource as refused:
        assert "is UTF-16" in str(refused)  # noqa: PT017 - one of two ends
        return
    assert all(isinstance(row, Refused) or len(row.cells) == 2 for row in found)


def test_a_title_above_the_table_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('Report "of today\n\nid,,name\n1,,Ana\n')
    file = open_csv(Folder(tmp_path), "x", SourceFile("x.csv", first_line=3))
    assert file.columns == ("id", "column 2", "name")
    assert list(file.rows()) == [Row(4, ("1", "", "Ana"))]


def test_names_in_every_script_are_kept_in_one_form(tmp_path: Path) -> None:
    names = ("Zoë", "Nguyễn", "김민준", "Ñandú", "आर्या", "عبد", "Ὀδυσσεύς")
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert all(unicodedata.is_normalized("NFC", name) for name in names)
    (tmp_path / "x.csv").write_text("náme\n".replace("á", "a\u0301") + "\n".join(decomposed), encoding="utf-8")
    file = open_csv(Folder(tmp_path), "x", SourceFile("x.csv"))
    assert file.columns == ("náme",)
    assert [row.cells[0] for row in file.rows() if isinstance(row, Row)] == list(names)
