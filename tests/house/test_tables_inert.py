"""No table that people open in a spreadsheet has a cell that it would compute: every writer of CSV goes by one rule."""

import re

import pytest

from gateway.spreadsheets import inert
from tests.factories.pages import ROOT

ROOMS = ("gateway", "policies", "agreements", "audit")
MADE_UP = "gateway/demo/district/export.py"
"""Writes the demo's export: what loads read, with made-up names."""


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'", " =", "\u00a0@"])  # noqa: RUF001 - full-width forms
def test_what_a_spreadsheet_would_compute_is_marked(begin: str) -> None:
    assert inert(f"{begin}1+1") == f"'{begin}1+1"


def test_what_it_would_not_stays_as_it_is() -> None:
    assert [inert(text) for text in ("", "Ana", "1=1", "a@b", " 7")] == ["", "Ana", "1=1", "a@b", " 7"]


def test_every_writer_of_csv_goes_by_the_rule() -> None:
    writers = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bcsv\.(writer|DictWriter)\b", path.read_text("utf-8"))
    }
    assert {name for name, text in writers.items() if "inert(" not in text} == {MADE_UP}
    assert len(writers) > 3
