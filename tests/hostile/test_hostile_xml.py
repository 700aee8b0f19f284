"""XML written to harm the reader, or by a program that writes it badly: refused in words, and never followed."""

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from gateway.records.errors import BadSource
from gateway.records.loading import xmlfile
from gateway.records.loading.batches import Refused, Row
from gateway.records.loading.csvrecords import LINE_LETTERS
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.parts import open_parts
from gateway.records.loading.trees import DEPTH
from gateway.records.loading.xmlfile import MARK_BYTES, NAME_LETTERS, NAMES, ROW_ELEMENTS, ROW_LETTERS

SOURCE = SourceFile(
    "x.xml",
    form="xml",
    rows=("Student",),
    root=("Students",),
    cells={"id": "@id", "name": "Name.First", "races": "Race[all]"},
)
NIL = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'


def read(folder: Path, content: str | bytes, source: SourceFile = SOURCE) -> list[tuple[str, ...] | str]:
    (folder / "x.xml").write_bytes(content.encode() if isinstance(content, str) else content)
    return shown(open_parts(Folder(folder), "x", source, ["x.xml"]).rows())


def shown(rows: Iterator[Row | Refused]) -> list[tuple[str, ...] | str]:
    return [str(row) if isinstance(row, Refused) else row.cells for row in rows]


def student(number: int, inner: str = "<Name><First>Ana</First></Name>") -> str:
    return f'<Student id="{number}">{inner}</Student>'


def students(*inner: str) -> str:
    return f"<Students>{''.join(inner)}</Students>"


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f'<!DOCTYPE Students [<!ENTITY e0 "lol">{BOMB}]>{students(student(1, "&e9;"))}', "x:1: it has a document"),
        ('<!DOCTYPE S [<!ENTITY f SYSTEM "file:///etc/hostname">]><Students>&f;</Students>', "a document type"),
        ('<!DOCTYPE S SYSTEM "http://127.0.0.1:9/students.dtd"><Students/>', "a document type"),
        ('<!DOCTYPE S [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><Students/>', "a document type"),
        ("<!DOCTYPE Students><Students/>", "a document type"),
        (students("&f;"), "x:1: it is no well-formed XML .undefined entity"),
        (students('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/hostname"/>'), "asks for another"),
        (students(student(1, '<include xmlns="http://www.w3.org/2001/XInclude"/>')), "asks for another"),
        (students("<?php echo 1 ?>"), "an instruction to a program"),
        (students(student(1, "<Name><First>A<?x y?>na</First></Name>")), "an instruction to a program"),
        (f"<Students>{'<a>' * DEPTH}", f"more than {DEPTH} deep"),
        (students(student(1, "<Name>" * DEPTH)), f"more than {DEPTH} deep"),
        ("<html><Student/></html>", "its outermost element is not Students"),
        ("<Student/>", "its outermost element is not Students"),
        (b"<Students>\n<Student>\xff\xfe</Student></Students>", "x:2: it is no well-formed XML .not well-formed"),
        (students(student(1)) + "\n<Students/>", "x:2: it is no well-formed XML .junk after document element"),
        ("<Students>\n" + student(1), "x:2: it is no well-formed XML .no element found"),
        (student(1)[:-5], "outermost element"),
        ("", "x:1: it is no well-formed XML .no element found"),
        ("number,first\n1,Ana\n", "x:1: it is no well-formed XML .syntax error"),
        ("<Students><a:Student/></Students>", "x:1: it is no well-formed XML .unbound prefix"),
        (students('<Student id="1" id="2"/>'), "x:1: it is no well-formed XML .duplicate attribute"),
        ('<?xml version="1.0" encoding="klingon"?><Students/>', "x:1: its encoding is not known"),
        ('<?xml version="1.0" encoding="utf-16"?><Students/>', "x:1: .*.encoding specified in XML declaration"),
        (students("<Student>\0</Student>"), "x:1: it is no well-formed XML .not well-formed"),
    ],
)  # fmt: skip
def test_xml_that_says_more_than_rows_or_is_none_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, why: str
) -> None:
    with pytest.raises(BadSource, match=why):
        read(tmp_path, content)


@pytest.mark.claim(9)
def test_a_refusal_quotes_nothing_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(BadSource) as refused:
        read(tmp_path, students(student(1, "<Name><First>Ximena</Name>")))
    assert str(refused.value) == "x:1: it is no well-formed XML (mismatched tag)."


def test_before_the_first_element_comments_and_style_sheets_say_nothing_about_rows(tmp_path: Path) -> None:
    written = '<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><!-- x -->' + students(student(1))
    assert read(tmp_path, written) == [("1", "Ana", "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "windows-1252"])
def test_a_file_is_read_in_the_encoding_that_it_names(tmp_path: Path, encoding: str) -> None:
    named = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    written = f'<?xml version="1.0" encoding="{named}"?>{students(student(1, "<Name><First>Zoë</First></Name>"))}'
    assert read(tmp_path, mark + written.encode(encoding)) == [("1", "Zoë", "")]


def test_the_five_entities_of_xml_and_sections_of_letters_are_letters(tmp_path: Path) -> None:
    inner = "<Name><First>A&amp;&#66;<![CDATA[<&x;>]]></First></Name>"
    assert read(tmp_path, students(student(1, inner))) == [("1", "A&B<&x;>", "")]


def test_a_comment_in_a_name_is_no_part_of_it(tmp_path: Path) -> None:
    assert read(tmp_path, students(student(1, "<Name><First>Mary<!-- x --> Ann</First></Name>"))) == [
        ("1", "Mary Ann", "")
    ]


def test_names_count_without_their_namespace_and_attributes_with_one_do_not_count(tmp_path: Path) -> None:
    inner = '<a:Student xmlns:a="urn:a" a:id="9" id="1"><Name xmlns="urn:b"><a:First>Ana</a:First></Name></a:Student>'
    assert read(tmp_path, students(inner)) == [("1", "Ana", "")]


def test_a_text_is_whole_wherever_pieces_of_the_file_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlfile, "PIECE", 1)
    written = students(student(1, "<Name>\n  <First> Mary &amp; Ann </First>\n</Name>"))
    assert read(tmp_path, written) == [("1", "Mary & Ann", "")]


def test_what_is_nil_is_nothing_and_never_its_content(tmp_path: Path) -> None:
    written = students(
        student(1, f"<Name{NIL}/>"), student(2, f"<Name><First{NIL}>Bo</First></Name>"), f"<Student{NIL}/>"
    )
    assert read(tmp_path, written) == [("1", "", ""), ("2", "", ""), ("", "", "")]


def test_a_row_that_cannot_be_understood_is_refused_by_its_line_and_the_next_is_read(tmp_path: Path) -> None:
    written = students(
        student(1, "<Name><First>Ana</First></Name><Name><First>Bo</First></Name>") + "\n",
        student(2, "<Name><First><Given>Ana</Given></First></Name>") + "\n",
        student(3, "<Name>loose <First>Cy</First></Name><Race>A</Race><Race>B</Race><Race>A</Race>"),
    )
    assert read(tmp_path, written) == [
        "x:1: Student: its member 'Name.First' is no single value",
        "x:2: Student: its member 'Name.First' is no single value",
        ("3", "Cy", "A; B"),
    ]


def test_a_row_in_a_row_is_a_part_of_it_and_no_row(tmp_path: Path) -> None:
    assert read(tmp_path, students(student(1, student(2)))) == [("1", "", "")]


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        (f"<Race>{'x' * (LINE_LETTERS + 1)}</Race>", f"its element holds a text of more than {LINE_LETTERS:,} letters"),
        ("<Race>" + "x" * 99_999 + "</Race>", None),
        (("<Race>" + "x" * 99_999 + "</Race>") * 11, f"its element has more than {ROW_LETTERS:,} letters"),
        ("<Name>" + "<First/>" * ROW_ELEMENTS + "</Name>", f"its element holds more than {ROW_ELEMENTS:,} others"),
        ("<Unread>" + "<a>" * 10 + "x" * (LINE_LETTERS + 1) + "</a>" * 10 + "</Unread>", None),
    ],
)  # fmt: skip
def test_a_row_that_is_too_large_is_refused_once_and_what_no_column_reads_is_not_held(
    tmp_path: Path, inner: str, why: str | None
) -> None:
    first, second = read(tmp_path, students(student(1, inner), student(2)))
    assert second == ("2", "Ana", "")
    assert isinstance(first, tuple) if why is None else str(first) == f"x:1: Student: {why}"


NAMED = "".join(f"<n{number}/>" for number in range(NAMES))


@pytest.mark.parametrize(
    "written",
    [
        students(NAMED),
        students(student(1, f"<Unread>{NAMED}</Unread>")),
        students("".join(f"<a n{number}=''/>" for number in range(NAMES))),
        students("".join(f"<a xmlns:n{number}='urn:x'/>" for number in range(NAMES))),
        students(f"<{'x' * (NAME_LETTERS + 1)}/>"),
        students(f"<a xmlns='{'x' * NAME_LETTERS}'/>"),
    ],
)
def test_names_that_the_parser_would_keep_are_bounded(tmp_path: Path, written: str) -> None:
    with pytest.raises(BadSource, match=f"x:1: it has more than {NAMES:,} names, or one of more than"):
        read(tmp_path, written)


def test_names_and_attributes_count_as_letters_of_their_row(tmp_path: Path) -> None:
    name, many = "x" * (NAME_LETTERS - 1), ROW_LETTERS // NAME_LETTERS + 2
    for element in (f"<{name}/>", f"<a {name}=''/>"):
        inner = f"<Name>{element * many}</Name>"
        (refused,) = read(tmp_path, students(student(1, inner)))
        assert refused == f"x:1: Student: its element has more than {ROW_LETTERS:,} letters"


class Endless(Folder):
    """A file with one row of a piece of `length` letters, made as it is read."""

    def __init__(self, before: bytes, length: int, after: bytes) -> None:
        self._pieces = (before, length, after)

    def open(self, path: str) -> BinaryIO:  # noqa: ARG002 - the protocol's own name
        return io.BufferedReader(_Made(list(self._pieces)))  # type: ignore[type-var] # its own protocol is stricter than it is

    def size(self, path: str) -> int:  # noqa: ARG002 - the protocol's own name
        return self._pieces[1]


class _Made(io.RawIOBase):
    def __init__(self, pieces: list[bytes | int]) -> None:
        self._pieces = pieces

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # a writable buffer
        while self._pieces and self._pieces[0] in {0, b""}:
            self._pieces.pop(0)
        if not self._pieces:
            return 0
        piece = self._pieces[0]
        size = min(len(buffer), piece if isinstance(piece, int) else len(piece))
        buffer[:size] = b"x" * size if isinstance(piece, int) else piece[:size]
        self._pieces[0] = piece - size if isinstance(piece, int) else piece[size:]
        return size


def most_held(export: Endless) -> tuple[list[tuple[str, ...] | str] | str, int]:
    tracemalloc.start()
    try:
        found: list[tuple[str, ...] | str] | str = shown(open_parts(export, "x", SOURCE, ["x.xml"]).rows())
    except BadSource as refused:
        found = str(refused)
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return found, most


def test_a_text_without_an_end_is_refused_with_its_row_and_is_never_held() -> None:
    begin, end = (
        b"<Students><Student><Name><First>",
        b"</First></Name></Student>" + student(2).encode() + b"</Students>",
    )
    found, most = most_held(Endless(begin, 100_000_000, end))
    assert found == [f"x:1: Student: its element holds a text of more than {LINE_LETTERS:,} letters", ("2", "Ana", "")]
    assert most < 5_000_000


@pytest.mark.parametrize(
    "begin", [b"<Students><Student id='", b"<Students><!-- ", b"<Students><", b"<Students><Student "]
)
def test_a_tag_or_comment_without_an_end_is_refused_before_it_is_held(begin: bytes) -> None:
    found, most = most_held(Endless(begin, 100_000_000, b"'/></Students>"))
    assert found == f"x:1: a tag or comment is longer than {MARK_BYTES:,} bytes."
    assert most < 5_000_000
