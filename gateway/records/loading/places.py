"""
Where a row stands, as one number: which of several files it is in, and the line there.

So rows of many files keep one order, file by file, and the database's temporary tables need one column for it.
"""

from typing import Final

_LINE_BITS: Final = 40
_LINES: Final = 2**_LINE_BITS


def place_of(part: int, line: int) -> int:
    """Return the place of a line in the file of number `part`. Of the first file it is the line itself."""
    return part * _LINES + line


def part_and_line(place: int) -> tuple[int, int]:
    """Return the number of the file and the line that a place stands for."""
    return divmod(place, _LINES)
