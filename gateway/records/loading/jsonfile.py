"""
Reading a file of JSON objects as a stream: one object a line, or one array of objects as an API gives it.

Which of the two it is shows in its first letter. An object is as long as a line may be; what is held at a time is one
object and the next piece of the file. A line that is no object is refused and the next one is read; an array that is no
JSON is refused whole from there, for nothing tells where its next object would begin.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.records.errors import BadSource
from gateway.records.loading.batches import Batch, Refused, Row, batched
from gateway.records.loading.csvrecords import LINE_LETTERS, STRANGE, TOO_LONG, lines_of
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.trees import Cells, NotRead

PIECE: Final = 2**16
_SPACE: Final = " \t\r\n"
_NONE: Final = "it is no JSON object"
_find_end = json.JSONDecoder().raw_decode


@dataclass(slots=True)
class JsonFile:
    """A file of JSON objects. `taken` is how many letters were read so far."""

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
        for line, text in self._objects():
            if text is None:
                yield Refused(self.name, line, TOO_LONG)
                continue
            try:
                record = orjson.loads(text)
            except (orjson.JSONDecodeError, UnicodeEncodeError):
                record = None
            if not isinstance(record, dict):
                yield Refused(self.name, line, _NONE)
                continue
            for row in self.cells.rows(record):
                yield Refused(self.name, line, row.why, cells=row.cells) if isinstance(row, NotRead) else Row(line, row)

    def _objects(self) -> Iterator[tuple[int, str | None]]:
        """Yield (line, text) of each object; no text for one that is too long. Raises `BadSource`."""
        try:
            with self._opened() as file:
                first = _first(file)
            with self._opened() as file:
                yield from self._of_array(file) if first == "[" else self._of_lines(file)
        except UnicodeDecodeError:
            raise BadSource(
                f"{self.name}: {self.source.path} holds bytes that are not {self.source.encoding}."
            ) from None

    def _opened(self) -> io.TextIOWrapper:
        raw = self.export.open(self.source.path)
        return io.TextIOWrapper(raw, encoding=self.source.encoding, errors=STRANGE, newline="")

    def _of_lines(self, file: io.TextIOWrapper) -> Iterator[tuple[int, str | None]]:
        for number, text in enumerate(lines_of(file, self.source, self.name), start=1):
            self.taken += len(text)
            if not text.isspace():
                yield number, None if len(text) > LINE_LETTERS else text

    def _of_array(self, file: io.TextIOWrapper) -> Iterator[tuple[int, str | None]]:
        held, line, at, ends, expects = "", 1, 0, False, "["
        while True:
            # Past what stands between objects.
            begin = at
            while at < len(held) and held[at] in _SPACE:
                at += 1
            line += held.count("\n", begin, at)
            if at == len(held):
                if ends:
                    break
                held, at, ends = self._more(file, "")
                continue
            letter = held[at]
            if letter in expects and letter != "{":
                at += 1
                expects = {"[": "{]", ",": "{", "]": ""}[letter]
                continue
            if letter != "{" or "{" not in expects:
                raise self._broken(line)
            try:
                _, end = _find_end(held, at)
            except (ValueError, RecursionError):
                if ends or len(held) - at > LINE_LETTERS:
                    raise self._broken(line) from None
                held, at, ends = self._more(file, held[at:])
                continue
            yield line, held[at:end]
            line += held.count("\n", at, end)
            at, expects = end, ",]"
        if expects:
            raise self._broken(line)

    def _more(self, file: io.TextIOWrapper, held: str) -> tuple[str, int, bool]:
        """Return what is held and the next piece, where to read on in it, and whether the file ends with it."""
        piece = file.read(PIECE)
        self.taken += len(piece)
        return held + piece, 0, not piece

    def _broken(self, line: int) -> BadSource:
        long = f"or holds an object of more than {LINE_LETTERS:,} letters"
        return BadSource(f"{self.name}:{line}: it is no JSON array of objects, {long}.")


def _first(file: io.TextIOWrapper) -> str:
    """Return the first letter that is no space, if it stands near the beginning."""
    return file.read(LINE_LETTERS).lstrip(_SPACE)[:1]
