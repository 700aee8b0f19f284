"""How a table is written: its encoding, what parts its cells, and the line in which its columns are named."""

import csv
import re
from contextlib import suppress
from itertools import islice
from typing import Final

from gateway.records.guessing.words import is_known
from gateway.records.loading.export import Export

SAMPLE_LINES: Final = 200
"""How many lines are looked at to see this."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_BYTES: Final = 2**18
_TITLE_LINES: Final = 10
_ENOUGH: Final = 0.7
"""The share of lines that have as many cells as the table has columns."""
_KNOWN: Final = 2
_WRITTEN_IN_LETTERS: Final = re.compile(r"[^\W\d_][\w \-./()#:%&'?*]{0,60}")


def beginning(export: Export, path: str) -> tuple[str, str]:
    """Return the beginning of a file as text, and its encoding."""
    with export.open(path) as file:
        raw = file.read(_SAMPLE_BYTES)
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw[: len(raw) // 2 * 2].decode(encoding, "ignore"), encoding
    if b"\0" in raw:
        encoding = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
        return raw[: len(raw) // 2 * 2].decode(encoding, "ignore"), encoding
    try:
        # The last letter may be cut.
        text = raw.decode("utf-8-sig") if len(raw) < _SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "cp1252"
    return text, "utf-8-sig"


def delimiter(text: str) -> str:
    """Return the letter that parts most lines into the same number of cells, more than one."""

    def worth(letter: str) -> tuple[float, int]:
        widths = [len(cells) for cells in first_rows(text, letter) if cells]
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(common) / len(widths) if common > 1 else 0.0, common)

    return max(_DELIMITERS, key=worth)


def first_rows(text: str, delimiter: str) -> list[list[str]]:
    """Return the cells of the first lines, up to one that no table has."""
    found: list[list[str]] = []
    with suppress(csv.Error):
        found += islice(csv.reader(text.splitlines(), delimiter=delimiter), SAMPLE_LINES)
    return found


def header_line(lines: list[list[str]]) -> tuple[int, tuple[str, ...], bool]:
    """Return the line that the table begins in, its cells, and whether they are names of columns."""
    widths = [len(line) for line in lines if any(cell.strip() for cell in line)]
    if not widths:
        return 1, (), False
    common = max(set(widths), key=lambda width: (widths.count(width), width))
    enough = common if widths.count(common) >= _ENOUGH * len(widths) else max(widths)
    for number, line in enumerate(lines[:_TITLE_LINES], start=1):
        cells = tuple(cell.strip() for cell in line)
        if len(cells) < enough or not any(cells):
            continue
        return number, cells, _are_names(cells, lines[number:])
    return 1, (), False


def _are_names(cells: tuple[str, ...], below: list[list[str]]) -> bool:
    """
    Return whether cells are the names of columns, and not the first row of a table without a header.

    INVARIANT: names of columns are written into drafts, so what may be a person's is none: two are known, or all of
    them, and none of those stands among the cells below it.
    """
    named = [(place, cell) for place, cell in enumerate(cells) if cell]
    known = [(place, cell) for place, cell in named if is_known(cell)]
    # Some systems write the header again within the file.
    others = [line for line in below if [cell.strip() for cell in line] != list(cells)]
    again = any(place < len(line) and line[place].strip() == cell for place, cell in known for line in others)
    return (
        all(_WRITTEN_IN_LETTERS.fullmatch(cell) for _, cell in named)
        and len(known) >= min(_KNOWN, len(named))
        and not again
    )
