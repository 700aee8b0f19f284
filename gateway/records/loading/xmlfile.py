"""
Reading an XML file as a stream: each occurrence of one element is a row; nothing else of the file is held.

The parser is expat, which reads nothing but the bytes it is given. A document type is refused where it begins, so there
are no entities but the five of XML, and an element of XInclude is refused too: a file says what it says by itself.
INVARIANT: what is held at a time is one row, bounded in letters and elements. A row that is larger is refused and the
rows after it are still read; a file that is not well formed is refused whole, with the line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pyexpat import ExpatError, ParserCreate
from typing import Final

from gateway.records.errors import BadSource
from gateway.records.loading.batches import Batch, Refused, Row, batched
from gateway.records.loading.csvrecords import LINE_LETTERS
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.trees import DEPTH, Cells, Element, NotRead

PIECE: Final = 2**16
MARK_BYTES: Final = 2**20
"""How long a tag or comment may be. Expat keeps it until it ends, and reads it anew with each piece."""
ROW_LETTERS: Final = 10 * LINE_LETTERS
ROW_ELEMENTS: Final = 20_000
NAMES: Final = 10_000
"""How many different names a file may have. Expat keeps each until the file ends; a data standard has hundreds."""
NAME_LETTERS: Final = 1_000
_SIGN: Final = "}"
"""Between an address and a local name; no address holds it."""
_XINCLUDE: Final = ("http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude")
_NIL: Final = "http://www.w3.org/2001/XMLSchema-instance}nil"
_TRUE: Final = ("true", "1")


@dataclass(slots=True)
class XmlFile:
    """An XML file of an export. `taken` is how many bytes were read so far."""

    name: str
    export: Export
    source: SourceFile
    columns: tuple[str, ...]
    cells: Cells
    taken: int = field(default=0)

    def batches(self) -> Iterator[Batch]:
        """Yield its rows, and why some are refused, some thousand at a time. Raises `BadSource`."""
        return batched(self.rows(), len(self.columns))

    def rows(self) -> Iterator[Row | Refused]:
        """Yield each row, or why it is refused, in the file's order. Raises `BadSource`."""
        reading = _Reading(self)
        with self.export.open(self.source.path) as file:
            ends = False
            while not ends:
                piece = file.read(PIECE)
                ends = not piece
                reading.take(piece, ends=ends)
                self.taken += len(piece)
                for line, row in reading.found:
                    yield (
                        Refused(self.name, line, row.why, cells=row.cells)
                        if isinstance(row, NotRead)
                        else Row(line, row)
                    )
                reading.found.clear()


class _Reading:
    """What has been understood of a file so far: the rows found, and the one that has begun."""

    def __init__(self, file: XmlFile) -> None:
        self._file, self._cells = file, file.cells
        self._rows, self._roots = frozenset(file.source.rows), frozenset(file.source.root)
        self._names: dict[str, tuple[str, str]] = {}
        """The address and local name of each name so far."""
        self._wanted = file.cells.names | frozenset(file.cells.each)
        self.found: list[tuple[int, tuple[str, ...] | NotRead]] = []
        self._open: list[tuple[str, Element]] = []
        """The row and the elements in it that have begun, the innermost last."""
        self._depth, self._passed_over = 0, 0
        self._line, self._letters, self._elements, self._why = 0, 0, 0, ""
        self._fed = 0
        self._parser = ParserCreate(namespace_separator=_SIGN)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._document_type
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartNamespaceDeclHandler = self._prefix

    def take(self, piece: bytes, *, ends: bool) -> None:
        """Read on. Raises `BadSource`."""
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, ends)
        except ExpatError as error:
            # Expat's messages are a fixed list; none of them quotes the file.
            raise self._bad(f"it is no well-formed XML ({str(error).partition(':')[0]})", error.lineno) from None
        except (ValueError, LookupError):
            raise self._bad("its encoding is not known") from None
        if self._fed - self._parser.CurrentByteIndex > MARK_BYTES and not ends:
            raise self._bad(f"a tag or comment is longer than {MARK_BYTES:,} bytes")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        address, local = self._named(name)
        for each in attributes:
            self._named(each)
        # (1): a document of the kind that is meant, complete in itself, not deeper than documents are.
        if self._depth == 1 and self._roots and local not in self._roots:
            raise self._bad(f"its outermost element is not {' or '.join(sorted(self._roots))}")
        if address in _XINCLUDE:
            raise self._bad("it asks for another file, which is never read")
        if self._depth > DEPTH:
            raise self._bad(f"its elements stand more than {DEPTH} deep")
        # (2): outside of rows only rows count; in a row, what some column is read from.
        if not self._open:
            if local in self._rows:
                self._line, self._letters, self._elements, self._why = self._parser.CurrentLineNumber, 0, 0, ""
                self._begin(local, attributes)
            return
        if self._passed_over or self._why or (len(self._open) == 1 and local not in self._wanted):
            self._passed_over += 1
            return
        self._elements += 1
        if self._elements > ROW_ELEMENTS:
            self._refuse(f"its element holds more than {ROW_ELEMENTS:,} others")
        self._begin(local, attributes)

    def _begin(self, local: str, attributes: Mapping[str, str]) -> None:
        self._open.append((local, _element(attributes) if attributes else Element()))
        self._count(len(local) + sum(len(name) + len(value) for name, value in attributes.items()))

    def _prefix(self, prefix: str | None, _: str) -> None:
        self._named(prefix or "")

    def _named(self, name: str) -> tuple[str, str]:
        found = self._names.get(name)
        if found is None:
            if len(self._names) >= NAMES or len(name) > NAME_LETTERS:
                raise self._bad(f"it has more than {NAMES:,} names, or one of more than {NAME_LETTERS:,} letters")
            address, _, local = name.rpartition(_SIGN)
            found = self._names[name] = (address, local)
        return found

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._passed_over:
            self._passed_over -= 1
            return
        if not self._open:
            return
        local, element = self._open.pop()
        is_nil = bool(element) and element.pop(_NIL, None) in _TRUE
        value: Element | str | None = None if is_nil else element or element.text.strip()
        if self._open:
            _add(self._open[-1][1], local, value)
        elif self._why:
            self.found.append((self._line, NotRead(self._why)))
        else:
            for row in self._cells.rows(element):
                told = NotRead(f"{local}: {row.why}", row.cells) if isinstance(row, NotRead) else row
                self.found.append((self._line, told))

    def _text(self, text: str) -> None:
        if not self._open or self._passed_over or self._why:
            return
        element = self._open[-1][1]
        if not element.text and text.isspace():
            return  # what stands between elements, or before a text that is stripped
        self._count(len(text))
        element.text += text
        if len(element.text) > LINE_LETTERS:
            self._refuse(f"its element holds a text of more than {LINE_LETTERS:,} letters")

    def _count(self, letters: int) -> None:
        self._letters += letters
        if self._letters > ROW_LETTERS:
            self._refuse(f"its element has more than {ROW_LETTERS:,} letters")

    def _refuse(self, why: str) -> None:
        """Refuse the row that has begun, and forget what was read of it."""
        self._why = f"{self._open[0][0]}: {why}"
        for _, element in self._open:
            element.clear()
            element.text = ""

    def _document_type(self, *_: object) -> None:
        raise self._bad("it has a document type, which is never read; write the file without it")

    def _instruction(self, *_: object) -> None:
        # Before the first element stand style sheets and the like, which say nothing about the rows.
        if self._depth:
            raise self._bad("it holds an instruction to a program among its elements")

    def _bad(self, why: str, line: int | None = None) -> BadSource:
        return BadSource(f"{self._file.name}:{line or self._parser.CurrentLineNumber}: {why}.")


def _element(attributes: Mapping[str, str]) -> Element:
    element = Element()
    for name, value in attributes.items():
        if _SIGN not in name:
            element[f"@{name}"] = value
        elif name == _NIL:
            element[_NIL] = value.strip()
    return element


def _add(parent: Element, name: str, value: Element | str | None) -> None:
    """Put a child into its parent: the second of a name makes a list."""
    if name not in parent:
        parent[name] = value
    elif isinstance(parent[name], list):
        parent[name].append(value)
    else:
        parent[name] = [parent[name], value]
