"""Workbooks written to harm whoever opens them: refused before the library sees them, and no sentence quotes one."""

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.records.errors import BadSource
from gateway.records.loading.csvfile import open_csv
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.workbook_parts import PART_BYTES, ROW_BYTES, ROWS, TEXTS_BYTES
from tests.factories.workbooks import alter_part, share_texts, write_workbook

SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
BOMB = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'"><!ENTITY c "' + b"&b;" * 1000 + b'">]>'
FILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


def read(folder: Path) -> int:
    return len(list(open_csv(Folder(folder), "x", SourceFile("x.xlsx", form="xlsx")).rows()))


def before_the_root(said: bytes) -> Callable[[bytes], bytes]:
    def change(part: bytes) -> bytes:
        end = part.find(b"?>") + 2 if part.startswith(b"<?xml") else 0
        return part[:end] + b"<!-- " + b"x" * 300_000 + b" -->" + said + part[end:]

    return change


def within(tag: bytes, said: bytes) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(b"</" + tag + b">", said + b"</" + tag + b">", 1)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    write_workbook(tmp_path / "x.xlsx", [("id", "name"), (1, "Ana")])
    share_texts(tmp_path / "x.xlsx")
    return tmp_path


@pytest.mark.parametrize("part", [SHEET, TEXTS, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize("said", [BOMB, FILE], ids=["bomb", "file"])
def test_no_part_may_have_a_document_type(book: Path, part: str, said: bytes) -> None:
    alter_part(book / "x.xlsx", part, before_the_root(said))
    with pytest.raises(BadSource, match="document type"):
        read(book)


def test_a_document_type_is_found_where_two_pieces_meet(book: Path) -> None:
    styles = "xl/styles.xml"
    # Read in pieces of 2^18 bytes: four of its letters end the first.
    alter_part(book / "x.xlsx", styles, lambda part: b"<!-- " + b"x" * (2**18 - 13) + b" -->" + FILE + part)
    with pytest.raises(BadSource, match="document type"):
        read(book)


ASTRAY: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "far away": (
        SHEET,
        within(b"sheetData", b'<row r="999999999"><c r="A9"><v>1</v></c></row>'),
        f"than {ROWS:,} rows",
    ),
    "far away unseen": (SHEET, within(b"sheetData", b'<row s=">" r="999999999"/>'), f"than {ROWS:,} rows"),
    "twice": (SHEET, within(b"sheetData", b'<row r="2"><c r="A2"><v>7</v></c></row>'), "not in order"),
    "before the first": (SHEET, within(b"sheetData", b'<row r="-1"><c r="A3"/></row>'), "not in order"),
    "wide": (
        SHEET,
        within(b"row", b"".join(b"<c r='%d'/>" % each for each in range(ROW_BYTES // 10))),
        "more than 4 MiB",
    ),
    "hidden": (SHEET, within(b"row", b"<!-- <row> -->"), "what no spreadsheet writes"),
    "instructed": (SHEET, within(b"row", b"<? <row> ?>"), "what no spreadsheet writes"),
    "cut": (SHEET, lambda part: part[:-20], "no workbook"),
    "broken": ("xl/workbook.xml", lambda part: part.replace(b"<sheets>", b"<sheets", 1), "no workbook"),
    "types": ("[Content_Types].xml", lambda part: part[:-20], "no workbook"),
    "no text 77": (SHEET, within(b"sheetData", b'<row r="3"><c r="A3" t="s"><v>77</v></c></row>'), "no workbook"),
    "UTF-16": (SHEET, lambda part: part.decode().encode("utf-16"), "an encoding that is not read"),
    "UTF-16 unsaid": ("xl/styles.xml", lambda part: part.decode().encode("utf-16-be"), "an encoding that is not read"),
    "EBCDIC": (
        TEXTS,
        lambda part: ('<?xml version="1.0" encoding="cp037"?>' + part.decode()).encode("cp037"),
        "an encoding that is not read",
    ),
    "no encoding": (
        SHEET,
        lambda part: b'<?xml version="1.0" encoding="x-none"?>' + part,
        "an encoding that is not read",
    ),
    "no sheet": (
        "xl/_rels/workbook.xml.rels",
        lambda part: part.replace(b"worksheets/sheet1", b"worksheets/sheet7"),
        "has no sheet",
    ),
}


@pytest.mark.parametrize("case", ASTRAY)
def test_what_no_spreadsheet_program_writes_is_refused(book: Path, case: str) -> None:
    part, change, sentence = ASTRAY[case]
    alter_part(book / "x.xlsx", part, change)
    with pytest.raises(BadSource, match=sentence) as refused:
        read(book)
    assert "Ana" not in str(refused.value)


def test_old_and_protected_workbooks_and_no_workbooks_get_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)
    with pytest.raises(BadSource, match=r"has a password, or is in the form of before 2007 \(\.xls\)"):
        read(tmp_path)
    (tmp_path / "x.xlsx").write_text("id,name\n1,Ana\n")
    with pytest.raises(BadSource, match="no zip archive"):
        read(tmp_path)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as packed:
        packed.writestr("xl/workbook.bin", b"binary")
    with pytest.raises(BadSource, match="no workbook that can be read"):
        read(tmp_path)


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused(book: Path) -> None:
    alter_part(book / "x.xlsx", TEXTS, within(b"sst", b" " * 3_000_000))
    with pytest.raises(BadSource, match="more than 200 times its size"):
        read(book)


def test_only_a_declared_worksheet_may_be_larger_than_what_is_held(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (PART_BYTES, TEXTS_BYTES) == (16_777_216, 134_217_728)
    alter_part(book / "x.xlsx", SHEET, within(b"sheetData", b'<row><c t="b"><v>1</v></c></row>' * 600))
    monkeypatch.setattr("gateway.records.loading.workbook_parts.PART_BYTES", 12_000)
    assert read(book) == 601
    # Declared to be something else too, it would be held whole.
    twice = b'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="text/xml"/></Types>'
    alter_part(book / "x.xlsx", "[Content_Types].xml", lambda part: part.replace(b"</Types>", twice))
    with pytest.raises(BadSource, match="save it as CSV"):
        read(book)
    monkeypatch.setattr("gateway.records.loading.workbook_parts.PART_BYTES", 100)
    with pytest.raises(BadSource, match="no workbook"):
        read(book)


def test_a_row_of_shared_texts_is_bounded_too(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id", "name"), *(("x" * 30_000,) * 4 for _ in range(3))])
    rows = list(open_csv(Folder(tmp_path), "x", SourceFile("x.xlsx", form="xlsx")).rows())
    assert [str(row) for row in rows] == [f"x:{line}: its cells have more than 100,000 letters" for line in (2, 3, 4)]


def test_macros_are_neither_read_nor_run(book: Path) -> None:
    with zipfile.ZipFile(book / "x.xlsx", "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"Sub Auto_Open()")
    assert read(book) == 1


def test_many_rows_cost_no_memory(tmp_path: Path) -> None:
    write_workbook(tmp_path / "x.xlsx", [("id", "name"), *((each, "A") for each in range(5_000))])
    rows = open_csv(Folder(tmp_path), "x", SourceFile("x.xlsx", form="xlsx")).rows()
    tracemalloc.start()
    try:
        assert sum(1 for _ in rows) == 5_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4_000_000


@settings(max_examples=80, deadline=None)
@given(
    part=st.sampled_from([SHEET, TEXTS, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"]),
    place=st.floats(min_value=0, max_value=1),
    put=st.sampled_from([b"", b"<", b">", b'"', b"&", b"0", b"-", b"A", b"\0", b"<f/>", b"<row>", b' t="s"', b"&b;"]),
    over=st.integers(min_value=0, max_value=8),
)
def test_whatever_is_wrong_with_a_part_is_said_in_our_words(
    tmp_path_factory: pytest.TempPathFactory, part: str, place: float, put: bytes, over: int
) -> None:
    folder = tmp_path_factory.mktemp("book")
    write_workbook(folder / "x.xlsx", [("id", "name", "sum"), (1, "Ana", "=1+1"), (2, "Bo", 3.5)])
    share_texts(folder / "x.xlsx")

    def change(content: bytes) -> bytes:
        at = int(place * (len(content) - 1))
        changed = content[:at] + put + content[at + over :]
        return changed if changed != content else content + b" "

    alter_part(folder / "x.xlsx", part, change)
    try:
        assert read(folder) <= 3
    except BadSource as refused:
        assert "Ana" not in str(refused)  # noqa: PT017 - one of two ends
