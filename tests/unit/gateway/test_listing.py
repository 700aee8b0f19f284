"""Lists filter, sort, page and download; what a field cannot hold is refused, and no cell of a file is a formula."""

import csv
import datetime as dt
import io
from dataclasses import dataclass
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pages.errors import BadList
from gateway.pages.listing import PAGE, Column, Listing, Pick, Words, table
from gateway.pages.render import UTC
from gateway.spreadsheets import inert

SEATTLE = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True)
class Tree:
    """A row."""

    kind: str
    age: int | None
    planted: dt.date = dt.date(2020, 1, 1)


TREES = [Tree("oak", 3), Tree("Ash", 10), Tree("elm", None), Tree("oak", 7)]
LISTING: Listing[Tree] = Listing(
    name="trees",
    columns=(
        Column("kind", "Kind", lambda tree: tree.kind),
        Column("age", "Age", lambda tree: tree.age, is_number=True),
        Column("day", "Planted", lambda tree: tree.planted, sorts=False),
    ),
    sort="kind",
    picks=(Pick("kind", "Kind", lambda tree: tree.kind, lambda tree: tree.kind.upper()),),
    words=Words("words", "Words", lambda tree: (tree.kind, str(tree.age))),
)


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "height"},
        {"sort": "day"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "one"},
        {"page": "٣"},
        {"page": "9" * 30},
        {"words": "x" * 201},
    ],
)
def test_what_a_field_cannot_hold_is_refused_and_not_repeated(query: dict[str, str]) -> None:
    with pytest.raises(BadList) as refused:
        LISTING.shown(TREES, query)
    assert next(iter(query.values())) not in str(refused.value)


def test_rows_are_filtered_by_a_value_and_by_words() -> None:
    assert [tree.age for tree in LISTING.shown(TREES, {"kind": "oak"}).rows] == [3, 7]
    assert LISTING.shown(TREES, {"kind": "oa"}).rows == []
    assert [tree.age for tree in LISTING.shown(TREES, {"words": " OAK 7 "}).rows] == [7]
    shown = LISTING.shown(TREES, {"kind": "oak", "unknown": "x"})
    assert (shown.found, shown.total, shown.is_filtered) == (2, 4, True)
    assert not LISTING.shown(TREES, {"kind": " "}).is_filtered
    assert shown.picks[0][1] == [("Ash", "ASH"), ("elm", "ELM"), ("oak", "OAK")]


def test_rows_are_sorted_whatever_their_case_and_what_is_missing_stands_last() -> None:
    assert [tree.kind for tree in LISTING.shown(TREES, {}).rows] == ["Ash", "elm", "oak", "oak"]
    assert [tree.age for tree in LISTING.shown(TREES, {"sort": "age"}).rows] == [3, 7, 10, None]
    down = LISTING.shown(TREES, {"sort": "age", "down": "1"})
    assert [tree.age for tree in down.rows] == [10, 7, 3, None]
    kind, age, _ = LISTING.columns
    assert (down.order_of(age), down.order_of(kind)) == ("descending", "none")
    assert parse_qs(down.sorted_by(age)) == {"sort": ["age"]}
    up = LISTING.shown(TREES, {"sort": "age", "page": "1", "kind": "oak"})
    assert up.order_of(age) == "ascending"
    assert parse_qs(up.sorted_by(age)) == {"sort": ["age"], "down": ["1"], "kind": ["oak"]}


def test_pages_hold_every_row_once_and_a_page_after_the_last_is_empty() -> None:
    many = [Tree("oak", number) for number in range(2 * PAGE + 1)]
    pages = [LISTING.shown(many, {"sort": "age", "page": str(page)}) for page in range(1, 5)]
    assert [tree.age for each in pages for tree in each.rows] == list(range(2 * PAGE + 1))
    assert [len(each.rows) for each in pages] == [PAGE, PAGE, 1, 0]
    assert pages[0].pages == 3
    assert LISTING.shown([], {}).pages == 1
    assert parse_qs(pages[1].at(3)) == {"sort": ["age"], "page": ["3"]}
    assert parse_qs(pages[1].file) == {"sort": ["age"], "download": ["csv"]}
    assert LISTING.shown(many, {"download": "csv"}).wants_file
    assert not LISTING.shown(many, {"download": "xlsx"}).wants_file


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_of_a_file_is_a_formula_and_each_is_read_again_as_it_was(cells: list[str]) -> None:
    written = table(["=title"], [cells], UTC)
    assert written.startswith("\ufeff'=title")
    read = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))[1]
    assert read == [inert(cell) for cell in cells]
    assert not any(cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in read)


def test_days_times_and_numbers_stand_in_a_file_as_machines_read_them() -> None:
    at = dt.datetime(2026, 11, 2, 20, 30, tzinfo=dt.UTC)
    written = table(["a"], [[dt.date(2026, 11, 2), at, -5, None]], SEATTLE)
    assert written.splitlines()[1] == "2026-11-02,2026-11-02T12:30:00-08:00,-5,"
