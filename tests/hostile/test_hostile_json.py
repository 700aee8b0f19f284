"""Files of JSON objects that are something else, or are cut off, or never end."""

import io
import tracemalloc
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from gateway.records.errors import BadSource
from gateway.records.loading import jsonfile
from gateway.records.loading.batches import Refused
from gateway.records.loading.csvrecords import LINE_LETTERS
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.parts import open_parts
from gateway.records.loading.trees import ROWS_A_RECORD

SOURCE = SourceFile("x.json", form="json", cells={"id": "id", "code": "codes.code"}, each=("codes",), descriptors=True)


def read(folder: Path, content: str | bytes, source: SourceFile = SOURCE) -> list[tuple[str, ...] | str]:
    (folder / "x.json").write_bytes(content.encode() if isinstance(content, str) else content)
    rows = open_parts(Folder(folder), "x", source, ["x.json"]).rows()
    return [str(row) if isinstance(row, Refused) else row.cells for row in rows]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("[", 1),
        ("[{", 1),
        ('[{"id": 1}', 1),
        ('[{"id": 1},', 1),
        ('[{"id": 1},\n]', 2),
        ('[\n{"id": 1}\n{"id": 2}]', 3),
        ('[,{"id": 1}]', 1),
        ("[1]", 1),
        ("[[]]", 1),
        ('["{}"]', 1),
        ('[{"id": 1}]\n[{"id": 2}]', 2),
        ('[{"id": 1}] {"id": 2}', 1),
        ('[{"id": "' + "x" * LINE_LETTERS * 2 + '"}]', 1),
        ("[" * 5_000, 1),
        ('[{"a":' * 5_000, 1),
        ('[{"id": 1},{"id": \n"a\nb"}]', 1),
    ],
)
def test_an_array_that_is_no_array_of_objects_is_refused_from_its_line_on(
    tmp_path: Path, content: str, line: int
) -> None:
    with pytest.raises(BadSource, match=f"^x:{line}: it is no JSON array of objects, or holds an object of more than"):
        read(tmp_path, content)


def test_an_array_may_be_empty_and_stand_in_any_space(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf\r\n [\r\n ]\r\n\r\n") == []
    assert read(tmp_path, "") == []
    assert read(tmp_path, ' \n[ {"id": 1, "codes": []}\n,\n{"id": 2}\n] ') == [("1", ""), ("2", "")]


def test_objects_are_found_wherever_pieces_of_the_file_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = '[{"id": "a\\"}{[", "codes": {"code": "é"}},\n {"id": 2}]'
    for size in range(1, 12):
        monkeypatch.setattr(jsonfile, "PIECE", size)
        assert read(tmp_path, written) == [('a"}{[', "é"), ("2", "")]


def test_an_object_of_an_array_that_says_what_no_cell_holds_is_refused_by_its_line(tmp_path: Path) -> None:
    written = '[\n{"id": "\\u0000"},\n{"id": [1]},\n{"id": {"a": 1}},\n{"id": "\\ud800"},\n{"id": NaN},\n{"id": true}]'
    assert read(tmp_path, written) == [
        "x:2: its member 'id' holds a NUL character",
        "x:3: its member 'id' is no single value",
        "x:4: its member 'id' is no single value",
        "x:5: it is no JSON object",
        "x:6: it is no JSON object",
        ("true", ""),
    ]


def test_a_member_is_not_looked_for_at_every_depth_there_is(tmp_path: Path) -> None:
    source = msgspec.structs.replace(SOURCE, cells={"id": "id..code"}, each=())
    deep, flat = '{"a":' * 900 + "1" + "}" * 900, '{"a":' * 9 + '{"code": 1}' + "}" * 9
    assert read(tmp_path, f'{{"id": {deep}}}\n{{"id": {flat}}}', source) == [
        "x:1: its members stand more than 64 deep",
        ("1",),
    ]


def test_a_line_that_is_too_long_is_refused_as_such_and_the_next_one_is_read(tmp_path: Path) -> None:
    long = '{"id": "' + "x" * LINE_LETTERS + '"}'
    assert read(tmp_path, f'{{"id": 1}}\n{long}\n\n{{"id": 2}}') == [
        ("1", ""),
        f"x:2: its line has more than {LINE_LETTERS:,} letters",
        ("2", ""),
    ]


def test_a_record_with_thousands_of_children_is_no_thousands_of_rows(tmp_path: Path) -> None:
    codes = ",".join(['{"code": "uri://x/C#a"}'] * ROWS_A_RECORD)
    assert read(tmp_path, f'[{{"codes": [{codes}]}}]') == [("", "a")] * ROWS_A_RECORD
    assert read(tmp_path, f'[{{"codes": [{codes},{{}}]}}]') == [f"x:1: it would be more than {ROWS_A_RECORD:,} rows"]


@pytest.mark.parametrize("first", ["[", "{"])
def test_bytes_of_another_encoding_are_refused_and_not_guessed(tmp_path: Path, first: str) -> None:
    written = {"[": '[{"id": "é"}]', "{": '{"id": "é"}'}[first]
    with pytest.raises(BadSource, match="is UTF-16; its mapping says so"):
        read(tmp_path, written.encode("utf-16"))
    assert read(tmp_path, written.encode("latin-1")) == ["x:1: it is no JSON object"]
    wide = msgspec.structs.replace(SOURCE, encoding="utf-16")
    assert read(tmp_path, written.encode("utf-16"), wide) == [("é", "")]
    with pytest.raises(BadSource, match=r"x: x\.json holds bytes that are not utf-16"):
        read(tmp_path, written.encode("utf-16")[:-1], wide)
    with pytest.raises(BadSource, match="the encoding 'klingon' is not known"):
        read(tmp_path, written, msgspec.structs.replace(SOURCE, encoding="klingon"))


class Endless(Folder):
    """An array that begins and goes on in one text."""

    def __init__(self) -> None:
        pass

    def open(self, path: str) -> BinaryIO:  # noqa: ARG002 - the protocol's own name
        return io.BufferedReader(_Text())  # type: ignore[type-var] # its own protocol is stricter than it is

    def size(self, path: str) -> int:  # noqa: ARG002 - the protocol's own name
        return 0


class _Text(io.RawIOBase):
    begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # a writable buffer
        begin = b"" if self.begun else b'[{"id": "'
        self.begun = True
        buffer[:] = begin + b"x" * (len(buffer) - len(begin))
        return len(buffer)


def test_an_object_without_an_end_is_refused_before_it_is_held() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadSource, match="more than 100,000 letters"):
            list(open_parts(Endless(), "x", SOURCE, ["x.json"]).rows())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000
