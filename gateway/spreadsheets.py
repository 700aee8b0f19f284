"""Cells of tables that people open in a spreadsheet: none of those written here is ever computed."""

from typing import Final

_COMPUTED: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
"""
What a spreadsheet takes for the beginning of a formula, full-width forms included (OWASP, "CSV Injection").

An apostrophe of the text's own would otherwise be taken for the mark.
"""
BYTE_ORDER_MARK: Final = "\ufeff"
"""Stands before a table: without it spreadsheets take UTF-8 for something older, and spoil names."""


def inert(cell: str) -> str:
    """Return `cell` with an apostrophe before it if a spreadsheet would compute it, also behind spaces."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_COMPUTED) else cell
