"""
A workbook's parts, looked through before the library reads them: what it would hold in memory is bounded here.

A workbook is a zip archive of XML. The library holds the shared texts and one row at a time, trusts every length, and
takes a formula whose result was never computed for an empty cell. Parts are looked at as bytes, which is twenty times
as fast as parsing them, and so narrowly that nothing can be hidden from it: one of the encodings in which `<` is one
byte, no document type, and in a worksheet neither comments nor character data sections.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from gateway.records.errors import BadSource
from gateway.records.loading.archive import Archive

ROW_BYTES: Final = 4 * 2**20
"""The most that stands between the beginnings of two rows: 2,000 columns of 2,000 bytes."""
ROWS: Final = 2**20
"""The rows a worksheet can have."""
TEXTS_BYTES: Final = 128 * 2**20
"""The most that the texts which cells share may have; they are held."""
PART_BYTES: Final = 16 * 2**20
"""The most that any other part may have: styles, the list of sheets. It is held in several times its size."""
_PIECE: Final = 2**18
_TYPES: Final = "[Content_Types].xml"
_MAIN: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_OVERRIDE: Final = re.compile(rb"<(?:\w+:)?Override\s[^>]*>")
_ATTRIBUTE: Final = re.compile(rb"""\s(\w+)\s*=\s*["']([^"']*)["']""")
_XML_STARTS: Final = (b"<", b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe", b"\0", b"Lo", b" ", b"\t", b"\r", b"\n")
"""How anything must begin that a parser could take for XML, in whatever encoding."""
_NARROW: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*<(?!\?xml[^>]*encoding\s*=\s*["'](?!(?:utf-8|us-ascii|iso-8859-1)["']))""", re.IGNORECASE
)
_PROLOG: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*\?>")
_ROW: Final = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)")
_NUMBERED: Final = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s>].*?</(?:\w+:)?c\s*>", re.DOTALL)
_RESULT: Final = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>[^<]")
_EMPTY_TEXT: Final = re.compile(rb"""^[^>]*\st\s*=\s*["']str["'][^>]*>.*<(?:\w+:)?v[\s/>]""", re.DOTALL)
"""A cell whose formula came to a text of no letters; a program that computes nothing writes the same without a type."""


def judged(archive: Archive, name: str) -> Mapping[str, frozenset[int]]:
    """
    Check every part of a workbook; return, of each worksheet, the rows with a formula of which no result was kept.

    Raises `BadSource` for a workbook that the library must not be given.
    """
    declared = _declared(archive, name)
    found: dict[str, frozenset[int]] = {}
    for path in archive.paths():
        with archive.open(path) as part:
            begin = part.read(200)
        # (1): what does not begin as XML can begin with is none for anybody: a picture.
        if not begin.startswith(_XML_STARTS):
            continue
        # (2): XML in which every `<` can be seen.
        if _NARROW.match(begin) is None or b"\0" in begin:
            raise BadSource(f"{name}: a part of the workbook is damaged, or in an encoding that is not read.")
        kind = declared.get(path, "")
        if kind == "worksheet" and path.startswith("xl/worksheets/"):
            with archive.open(path) as part:
                found[path] = _uncomputed(part, name)
            continue
        # (3): nothing that is held whole is large.
        most = TEXTS_BYTES if kind == "sharedStrings" and path.startswith("xl/sharedStrings") else PART_BYTES
        if archive.size(path) > most:
            raise BadSource(f"{name}: a part of the workbook has more than {most // 2**20} MiB; save it as CSV.")
        # (4): no document type: without one there are no entities, and nothing outside is named.
        with archive.open(path) as part:
            if any(b"<!DOCTYPE" in window for window in _windows(part)):
                raise BadSource(f"{name}: a part of the workbook has a document type, which no spreadsheet writes.")
    return found


def _declared(archive: Archive, name: str) -> Mapping[str, str]:
    """Return what each part is declared to be; one that is declared twice is nothing."""
    if not archive.has(_TYPES) or archive.size(_TYPES) > PART_BYTES:
        raise BadSource(f"{name}: it is no workbook that can be read; open it and save it as .xlsx.")
    with archive.open(_TYPES) as part:
        overrides = [dict(_ATTRIBUTE.findall(each)) for each in _OVERRIDE.findall(part.read())]
    kinds: dict[str, str] = {}
    for each in overrides:
        path = each.get(b"PartName", b"").decode(errors="replace").lstrip("/")
        kind = each.get(b"ContentType", b"").decode(errors="replace").removeprefix(_MAIN).removesuffix("+xml")
        kinds[path] = kind if path not in kinds else ""
    return kinds


def _uncomputed(part: BinaryIO, name: str) -> frozenset[int]:
    """Check a worksheet; return the rows with a formula without its result. Raises `BadSource`."""
    found: set[int] = set()
    number = 0
    for tag, content in _rows(part, name):
        said = _NUMBERED.search(tag)
        before, number = number, number + 1 if said is None else _number(said[1])
        # (6): in their order, for the library drops what comes before a row it has read.
        if number <= before:
            raise BadSource(f"{name}: the rows of its sheet are not in order.")
        if _FORMULA.search(content) and any(_is_uncomputed(cell) for cell in _CELL.findall(content)):
            found.add(number)
    return frozenset(found)


def _is_uncomputed(cell: bytes) -> bool:
    return bool(_FORMULA.search(cell)) and not (_RESULT.search(cell) or _EMPTY_TEXT.search(cell))


def _number(said: bytes) -> int:
    return int(said) if said.isdigit() and len(said) < 10 else 0  # noqa: PLR2004 - far beyond any row


def _rows(part: BinaryIO, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the attributes and the content of each row. Raises `BadSource` for one without an end."""
    held, tag = b"", None
    for piece in _pieces(part):
        held += piece
        # (5): nothing in which a tag could stand that is none.
        if b"<!" in held or b"<?" in held:
            raise BadSource(f"{name}: a sheet has what no spreadsheet writes: a comment, or a document type.")
        while (begin := _ROW.search(held)) is not None and begin.end() < len(held):
            if tag is not None:
                yield tag, held[: begin.start()]
            tag, held = begin[1], held[begin.end() :]
        if len(held) > ROW_BYTES:
            raise BadSource(f"{name}: a row of the workbook has more than {ROW_BYTES // 2**20} MiB.")
    if tag is not None:
        yield tag, held


def _pieces(part: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes in pieces, without the declaration that XML may begin with."""
    first = True
    while piece := part.read(_PIECE):
        yield _PROLOG.sub(b"", piece, count=1) if first else piece
        first = False


def _windows(part: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes in pieces that overlap, so that what is looked for is whole in one of them."""
    last = b""
    for piece in _pieces(part):
        yield last + piece
        last = piece[-16:]
