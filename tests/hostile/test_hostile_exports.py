"""Files of an export that were written by another program than the mapping thinks, or by somebody who means harm."""

import io
import tracemalloc
from pathlib import Path
from typing import BinaryIO

import pytest

from gateway.records.errors import BadMapping, BadSource
from gateway.records.loading.batches import Refused, Row
from gateway.records.loading.csvfile import COLUMNS, open_csv
from gateway.records.loading.csvrecords import LINE_LETTERS
from gateway.records.loading.export import Folder, OneFile
from gateway.records.loading.mapping import SourceFile, parse_mapping
from gateway.records.loading.parts import open_parts
from tests.factories.records import mapping_for
from tests.factories.staging import stage

CIRCLE = """
format = 1
name = "circle"
[files.orgs]
path = "orgs.csv"
[files.parents]
path = "orgs.csv"
[[load]]
target = "schools"
from = "orgs"
join = [{ file = "parents", on = "parent", key = "id" }]
fields = { school_identifier = "id", lea_identifier = "parents.name" }
"""
HEADER = "number,first,last,born,sex,zip,phone\n"


def read(folder: Path, content: bytes, encoding: str = "utf-8-sig") -> list[Row | Refused]:
    (folder / "x.csv").write_bytes(content)
    return list(open_csv(Folder(folder), "x", SourceFile("x.csv", encoding=encoding)).rows())


class Endless:
    """An export of one file: a header, a row, a line of `length` letters and a row; made as it is read."""

    def __init__(self, length: int) -> None:
        self._length = length

    def has(self, path: str) -> bool:
        return path == "x.csv"

    def size(self, path: str) -> int:  # noqa: ARG002 - the protocol's own name
        return self._length

    def names(self, folder: str) -> list[str]:  # noqa: ARG002 - the protocol's own name
        return ["x.csv"]

    def open(self, path: str) -> BinaryIO:  # noqa: ARG002 - the protocol's own name
        return io.BufferedReader(_Pieces([b"id,name\n1,Ana\n2,", self._length, b"\n3,Bo\n"]))  # type: ignore[type-var] # its own protocol is stricter than it is


class _Pieces(io.RawIOBase):
    def __init__(self, pieces: list[bytes | int]) -> None:
        self._pieces = pieces

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # a writable buffer
        while self._pieces and self._pieces[0] in (0, b""):
            self._pieces.pop(0)
        if not self._pieces:
            return 0
        piece = self._pieces[0]
        size = min(len(buffer), piece if isinstance(piece, int) else len(piece))
        buffer[:size] = b"x" * size if isinstance(piece, int) else piece[:size]
        self._pieces[0] = piece - size if isinstance(piece, int) else piece[size:]
        return size


def test_a_line_without_an_end_is_refused_once_and_is_never_held() -> None:
    file = open_csv(Endless(200_000_000), "x", SourceFile("x.csv"))
    tracemalloc.start()
    try:
        rows = list(file.rows())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [str(row) if isinstance(row, Refused) else row.cells for row in rows] == [
        ("1", "Ana"),
        f"x:3: its line has more than {LINE_LETTERS:,} letters",
        ("3", "Bo"),
    ]
    assert most < 5_000_000


def test_a_line_is_as_long_as_it_may_be_and_no_longer(tmp_path: Path) -> None:
    fits = "1," + "x" * (LINE_LETTERS - 3) + "\n"
    (row,) = read(tmp_path, b"id,name\n" + fits.encode())
    assert isinstance(row, Row)
    (row,) = read(tmp_path, b"id,name\n" + fits.encode()[:-1] + b"xx\n")
    assert isinstance(row, Refused)


def test_a_header_of_thousands_of_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="more than 2,000 columns"):
        read(tmp_path, ",".join(f"c{each}" for each in range(COLUMNS + 1)).encode() + b"\n")


def test_utf_16_is_refused_by_name_and_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    written = "id,name\n1,Chí\n".encode("utf-16")
    with pytest.raises(BadSource, match="is UTF-16; its mapping says so with encoding = 'utf-16'"):
        read(tmp_path, written)
    (row,) = read(tmp_path, written, "utf-16")
    assert isinstance(row, Row)
    assert row.cells == ("1", "Chí")
    with pytest.raises(BadSource, match="bytes that are not utf-16"):
        read(tmp_path, written + b"A", "utf-16")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_does_not_say_so_is_refused_by_name_too(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(BadSource, match=f"is UTF-16; its mapping says so with encoding = '{encoding}'"):
        read(tmp_path, "id,name\n1,Chí\n".encode(encoding))
    (row,) = read(tmp_path, "id,name\n1,Chí\n".encode(encoding), encoding)
    assert isinstance(row, Row)
    assert row.cells == ("1", "Chí")


def test_a_nul_refuses_its_line_wherever_it_stands(tmp_path: Path) -> None:
    rows = read(tmp_path, b'id,name\n1,A\0na\n2,"B\0o"\n\0\0,\0\n4,Di\n')
    assert [row.line for row in rows if isinstance(row, Refused)] == [2, 3, 4]
    assert [row.cells for row in rows if isinstance(row, Row)] == [("4", "Di")]


def test_an_export_that_is_one_file_is_that_file_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "orgs.csv").write_text("id,name,parent\n1,Cedar,1\n")
    (tmp_path / "other.csv").write_text("id,name,parent\n2,Elm,2\n")
    mapping = parse_mapping(CIRCLE)
    assert len(stage(mapping, mapping.load[0], tmp_path / "orgs.csv").rows) == 1
    with pytest.raises(BadSource, match=r"orgs\.csv is not"):
        stage(mapping, mapping.load[0], tmp_path / "other.csv")
    with pytest.raises(BadSource, match="not what this export, a single file, is called"):
        OneFile(tmp_path / "other.csv").open("orgs.csv")
    with pytest.raises(BadSource, match="is not there"):
        OneFile(tmp_path / "nowhere.csv").open("nowhere.csv")


def test_rows_that_name_each_other_in_a_circle_are_looked_up_once(tmp_path: Path) -> None:
    (tmp_path / "orgs.csv").write_text("id,name,parent\n1,Cedar,2\n2,Elm,1\n3,Oak,3\n")
    mapping = parse_mapping(CIRCLE)
    found = stage(mapping, mapping.load[0], tmp_path)
    assert [(row.values["school_identifier"], row.values["lea_identifier"]) for row in found.rows] == [
        ("1", "Elm"),
        ("2", "Cedar"),
        ("3", "Oak"),
    ]


@pytest.mark.parametrize(("letter", "named"), [(";", ";"), ("\t", r"\\t"), ("|", r"\|")])
def test_another_delimiter_is_guessed_aloud_and_never_silently(tmp_path: Path, letter: str, named: str) -> None:
    (tmp_path / "students.csv").write_text(HEADER.replace(",", letter))
    mapping = mapping_for("students")
    with pytest.raises(BadMapping, match=f"one column only; is its delimiter '{named}'"):
        stage(mapping, mapping.load[0], tmp_path)


def test_another_encoding_of_the_header_is_guessed_aloud_and_never_silently(tmp_path: Path) -> None:
    header = HEADER.replace(HEADER.split(",", maxsplit=1)[0], "Schülernummer", 1)
    (tmp_path / "students.csv").write_bytes(header.encode("cp1252"))
    mapping = mapping_for("students")
    with pytest.raises(BadMapping, match="bytes of another encoding; is it 'cp1252'"):
        stage(mapping, mapping.load[0], tmp_path)


def test_what_a_spreadsheet_would_compute_stays_what_it_is(tmp_path: Path) -> None:
    names = ("=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-2", "O'Brien", "Ñandú", "李", "Ὀδυσσεύς", "نور", "राम")
    rows = "".join(f'{number},"{name}",,,,,\n' for number, name in enumerate(names))
    (tmp_path / "students.csv").write_text(HEADER + rows, encoding="utf-8")
    mapping = mapping_for("students")
    found = stage(mapping, mapping.load[0], tmp_path)
    assert [row.values["first_name"] for row in found.rows] == list(names)


@pytest.mark.claim(9)
def test_a_refused_cell_is_shown_by_its_shape_only(tmp_path: Path) -> None:
    (tmp_path / "students.csv").write_text(HEADER + "1,Ana,Ruiz,31 January 2012 Ñ٣,F,,\n", encoding="utf-8")
    mapping = mapping_for("students")
    (refused,) = stage(mapping, mapping.load[0], tmp_path).refused
    assert (refused.column, refused.shape) == ("born", "99 xxxxxxx 9999 x9")


def test_objects_that_are_none_or_hold_more_than_a_cell_are_refused_by_their_line(tmp_path: Path) -> None:
    lines = (
        '{"id": 1, "in": {"at": "x"}, "flag": true}',
        '{"id": 2, "in": {"at": ["x"]}}',
        "[1]",
        '{"id": 3',
        '{"id": 4, "in": 5, "flag": null}',
        "[" * 5_000,
    )
    (tmp_path / "x.ndjson").write_text("\n".join(lines))
    source = SourceFile("x.ndjson", form="ndjson", columns=("id", "in.at", "flag"))
    rows = list(open_parts(Folder(tmp_path), "x", source, ["x.ndjson"]).rows())
    assert [str(row) if isinstance(row, Refused) else row.cells for row in rows] == [
        ("1", "x", "true"),
        "x:2: its member 'in.at' is no single value",
        "x:3: it is no JSON object",
        "x:4: it is no JSON object",
        ("4", "", ""),
        "x:6: it is no JSON object",
    ]
