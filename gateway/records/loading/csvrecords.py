"""
From the bytes of a CSV file to records: which cells each has and in which line it begins, or why it is none.

INVARIANT: what is held at a time is bounded. A line without an end is refused once, and skipped without being kept.
INVARIANT: what is refused is one line. A quotation mark that opens by a slip may seem to close in a row below: a record
over several lines that is none, or has not as many cells as the file has columns, costs its first line only, and each
line after it is looked at by itself.
INVARIANT: no row is made of two. Where a later line of such a record is a row by itself, two marks that stand there by
a slip may have made one child's row part of another's, or the lines may be one row's words. Neither is guessed: each of
its lines is refused.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Final

from gateway.records.errors import BadSource
from gateway.records.loading.batches import LETTERS
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.trees import NotRead

LINE_LETTERS: Final = 100_000
"""The longest line read, in letters. Exports have lines of some hundred."""
TOO_LONG: Final = f"its line has more than {LINE_LETTERS:,} letters"
STRANGE: Final = "surrogateescape"
"""How bytes that are no letters are kept until the row is known that holds them."""
_LINES_A_ROW: Final = 50
_QUOTED: Final = '"[^"]*(?:""[^"]*)*"'
_OPEN: Final = "a quotation mark is opened and never closed"
_ONE_OR_MORE: Final = "its quotation marks make one row of it and of lines below that are rows by themselves"
_PART_OR_ROW: Final = "it is part of a row above, or that row's quotation marks are misplaced"


@dataclass(frozen=True, slots=True)
class Records:
    """Some records in a file's order: the first line of each, its cells or why it has none; and the letters read."""

    lines: Sequence[int]
    found: Sequence[list[str] | NotRead]
    letters: int
    is_ascii: bool = False
    """Whether it is known that every cell is of plain letters, which are written in one way only."""


def records_of(raw: BinaryIO, source: SourceFile, name: str, width: int | None) -> Iterator[Records]:
    """
    Yield the records of a CSV file, some thousand at a time; blank lines are none. Raises `BadSource`.

    `width` is how many columns the file has, where that is known already.
    """
    with io.TextIOWrapper(raw, encoding=source.encoding, errors=STRANGE, newline="") as file:
        blocks = blocks_of(file, source, name)
        lines, first, is_header = next(blocks, []), 1, not source.columns
        while lines:
            done = len(lines)
            if (records := _at_once(lines, first, source)) is None:
                records, done = _one_by_one(lines, first, source, blocks, width, is_header=is_header)
            yield records
            is_header = is_header and not records.found
            first += done
            lines = lines[done:] or next(blocks, [])


def lines_of(file: io.TextIOWrapper, source: SourceFile, name: str) -> Iterator[str]:
    """Yield the lines; of one that is too long only its beginning, which is too long itself. Raises `BadSource`."""
    return chain.from_iterable(blocks_of(file, source, name))


def blocks_of(file: io.TextIOWrapper, source: SourceFile, name: str) -> Iterator[list[str]]:
    """Yield the lines, with their ends, some thousand at a time. Raises `BadSource`."""
    held = ""
    try:
        while piece := file.read(LETTERS):
            held += piece
            # A line may end in two signs, of which the second is still to come.
            whole = max(held.rfind("\n"), held.rfind("\r", 0, -1)) + 1
            if whole:
                yield io.StringIO(held[:whole], newline="").readlines()
                held = held[whole:]
            if len(held) > LINE_LETTERS:
                # Long enough to be refused. Its last letter may be half of the line's end.
                held = held[:LINE_LETTERS] + held[-1]
    except UnicodeDecodeError:
        raise BadSource(f"{name}: {source.path} holds bytes that are not {source.encoding}.") from None
    if held:
        yield io.StringIO(held, newline="").readlines()


def _at_once(lines: Sequence[str], first: int, source: SourceFile) -> Records | None:
    """Return the records of lines of which each is one; None if it has to be looked at more closely."""
    text = "".join(lines)
    if first < source.first_line or "\0" in text or any(map(str.isspace, lines)):
        return None
    if max(map(len, lines)) > LINE_LETTERS:
        return None
    try:
        found = list(csv.reader(lines, delimiter=source.delimiter, strict=True))
    except csv.Error:
        return None
    if len(found) < len(lines):
        return None
    return Records(range(first, first + len(lines)), found, len(text), text.isascii())


def _one_by_one(
    lines: list[str], first: int, source: SourceFile, more: Iterator[list[str]], width: int | None, *, is_header: bool
) -> tuple[Records, int]:
    """Return the records that begin in these lines, and in how many they stand: the last may go on in `more`."""
    begins: list[int] = []
    records: list[list[str] | NotRead] = []
    at, whole, doubtful = 0, len(lines), 0
    while at < max(whole, doubtful):
        text, number, taken = lines[at], first + at, 1
        if number >= source.first_line and not text.isspace():
            found = TOO_LONG if len(text) > LINE_LETTERS else _PART_OR_ROW if at < doubtful else _parse(text, source)
            while found is None and taken < _LINES_A_ROW:
                if at + taken == len(lines):
                    lines.extend(next(more, ()))
                if at + taken == len(lines) or len(lines[at + taken]) > LINE_LETTERS:
                    break
                taken += 1
                found = _parse("".join(lines[at : at + taken]), source)
            if found is None or taken > 1:
                # The header says itself how many columns there are.
                own_width = None if is_header and not records else width
                found = _over_lines(found, lines[at : at + taken], own_width, source)
                doubtful = at + taken if found == _ONE_OR_MORE else doubtful
                taken = taken if isinstance(found, list) else 1
            begins.append(number)
            records.append(NotRead(found, _before_marks(text, source)) if isinstance(found, str) else found)
        at += taken
    return Records(begins, records, sum(map(len, lines[:at]))), at


def _over_lines(
    found: list[str] | str | None, lines: Sequence[str], width: int | None, source: SourceFile
) -> list[str] | str:
    """Return the cells that were found over these lines, or why they are no row."""
    if not isinstance(found, list):
        return _OPEN
    if width is None:
        return found
    if len(found) != width:
        return f"it goes on over {len(lines)} lines and has {len(found)} columns where the file has {width}"
    is_more = any(len(_row_in(lines[at:], source)) == width for at in range(1, len(lines)))
    return _ONE_OR_MORE if is_more and not _is_all_quoted("".join(lines), source) else found


def _is_all_quoted(text: str, source: SourceFile) -> bool:
    """Return whether every cell stands in marks: a writer of such rows writes none of which the first cells do not."""
    letter = re.escape(source.delimiter)
    return re.fullmatch(rf"{_QUOTED}(?:{letter}{_QUOTED})*[\r\n]*", text) is not None


def _row_in(lines: Sequence[str], source: SourceFile) -> list[str]:
    """Return the cells of the row that begins in the first of these lines; none if it has no end in them."""
    try:
        return next(csv.reader(lines, delimiter=source.delimiter, strict=True), [])
    except csv.Error:
        return []


def _before_marks(text: str, source: SourceFile) -> tuple[str, ...]:
    """Return the cells that stand whole before whatever is wrong with a line: whose row it is may be among them."""
    letter = re.escape(source.delimiter)
    whole = re.compile(rf'(?:({_QUOTED})|([^"{letter}]*)){letter}')
    cells: list[str] = []
    at = 0
    while cell := whole.match(text, at):
        cells.append(cell[2] if cell[1] is None else cell[1][1:-1].replace('""', '"'))
        at = cell.end()
    return tuple(cells)


def _parse(text: str, source: SourceFile) -> list[str] | str | None:
    """Return the cells of one record, why it has none, or None if it goes on in the next line."""
    if "\0" in text:
        return "it holds a NUL character"
    if '"' not in text:
        return text.rstrip("\r\n").split(source.delimiter)
    try:
        return next(csv.reader([text], delimiter=source.delimiter, strict=True), [])
    except csv.Error as error:
        return None if "unexpected end of data" in str(error) else "its quotation marks are misplaced"
