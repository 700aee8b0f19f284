"""The run of rows that a page was: found among all rows of its students, by whom they are about and by the root."""

import secrets
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.commitments import Private, commit_bytes, commit_rows
from audit.entry import Entry
from audit.errors import CommitmentMismatch
from gateway.api.query import _OURS, SINCE, read_query
from gateway.services.accounting.asked import _NO_FILTERS, page_asked
from gateway.services.accounting.rebuilding import _window
from gateway.services.changes import OPENED
from gateway.services.errors import NotRebuilt
from gateway.services.naming import Checked, Listed

pytestmark = [pytest.mark.ferpa("C8"), pytest.mark.claim(6)]
SECRET = bytes(range(32))


def number(student: int) -> bytes:
    return student.to_bytes(16, "big")


def page_of(rows: list[tuple[int, bytes]], **changes: Any) -> Listed:
    body = {"rows": commit_rows(SECRET, [row for _, row in rows]).hex(), "records": len(rows), **changes}
    subjects = tuple(number(student) for student, _ in rows)
    return Listed(7, Entry("disclosure", "", body), b"", subjects, Private(row_secret=SECRET), Checked.HOLDS)


def window(page: Listed, rows: list[tuple[int, bytes]]) -> list[bytes] | None:
    numbers = b"".join(number(student) for student, _ in rows)
    assert page.private is not None
    there = [row for _, row in rows]
    start = _window(page, numbers, there, page.private)
    return None if start is None else there[start : start + len(page.subjects)]


@given(st.lists(st.integers(1, 8), min_size=1, max_size=6), st.data())
def test_a_page_that_begins_and_ends_among_one_childs_events_is_found(counts: list[int], data: st.DataObject) -> None:
    rows = [(student, f"{student}:{at}".encode()) for student, count in enumerate(counts) for at in range(count)]
    start = data.draw(st.integers(0, len(rows) - 1))
    stop = data.draw(st.integers(start + 1, len(rows)))
    page = page_of(rows[start:stop])
    # All rows of the students of the page, and of nobody else.
    there = [row for row in rows if number(row[0]) in page.subjects]
    assert window(page, there) == [row for _, row in rows[start:stop]]


@given(st.integers(0, 4), st.binary(max_size=8))
def test_one_row_that_differs_and_there_is_no_page(at: int, other: bytes) -> None:
    rows = [(student, f"row {student}".encode()) for student in range(5)]
    changed = [*rows[:at], (at, other), *rows[at + 1 :]]
    assert window(page_of(rows), changed) is None
    assert window(page_of(rows), [*rows[:at], *rows[at + 1 :]]) is None
    assert window(page_of(rows), list(reversed(rows))) is None


def test_rows_that_are_about_others_than_the_list_says_are_no_page() -> None:
    rows = [(student, f"row {student}".encode()) for student in range(3)]
    page = page_of(rows)
    assert window(replace(page, subjects=tuple(reversed(page.subjects))), rows) is None


def test_an_empty_page_is_one_and_a_list_of_another_length_is_none() -> None:
    assert window(page_of([]), []) == []
    assert window(page_of([(1, b"row")], records=2), [(1, b"row")]) is None


def asked(query: bytes) -> tuple[Entry, Private]:
    private = Private(request_salt=SECRET, request=query)
    return Entry("disclosure", "", {"request": commit_bytes(SECRET, query).hex()}), private


def test_what_was_asked_is_read_back_from_what_the_gateway_wrote() -> None:
    parameters = [("limit", "5"), ("fields", "sex"), ("sort", "gpa"), ("cursor", "x"), ("grade_level", "08")]
    found = page_asked(*asked(read_query("/v1/students", parameters).text.encode()))
    assert (found.filters, found.sort) == ({"grade_level": "08"}, "gpa")
    assert "08" not in repr(found)
    assert _OURS | {SINCE, OPENED} == _NO_FILTERS


@pytest.mark.parametrize("query", [b"query", b"{}", msgspec.json.encode(["/v1/students"])])
def test_another_form_of_request_is_not_rebuilt(query: bytes) -> None:
    with pytest.raises(NotRebuilt):
        page_asked(*asked(query))


def test_a_request_that_the_entry_does_not_commit_to_is_found() -> None:
    entry, private = asked(b"[]")
    with pytest.raises(CommitmentMismatch):
        page_asked(entry, Private(request_salt=secrets.token_bytes(32), request=private.request))
